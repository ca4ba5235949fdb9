package trace_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"unicode"

	"github.com/ouronet/ouronet/internal/testing/fuzz"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/trace"
)

// Whatever two sides say, and however it is cut, a recording and a capture of it
// tell the same, and hold the same bytes. What is printed cannot steer a
// terminal.
func FuzzConversation(f *testing.F) {
	sides := sidesOf(f, conversationFile(f))
	f.Add(sides[0][:200], sides[1][:900], uint64(0x1234))
	f.Add(sides[0], sides[1], uint64(0xfedcba9876543210))
	f.Fuzz(func(t *testing.T, ours, theirs []byte, cuts uint64) {
		synctest.Test(t, func(t *testing.T) {
			var own, capture bytes.Buffer
			for _, w := range []struct {
				out *bytes.Buffer
				cfg trace.Config
			}{{&own, trace.Config{}}, {&capture, trace.Config{Pcapng: true}}} {
				r := trace.NewRecorder(w.out, w.cfg)
				say(r.Record(pipe(t)), ours, theirs, cuts)
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
			}
			var out strings.Builder
			most := 4<<20 + 100*(len(ours)+len(theirs))
			fuzz.Bound(t, most, func() {
				sum, err := trace.Decode(bytes.NewReader(own.Bytes()), &out)
				other, otherErr := trace.Decode(bytes.NewReader(capture.Bytes()), io.Discard)
				if len(ours)+len(theirs) == 0 {
					other.Connections = 1 // a capture has packets only
				}
				if err != nil || otherErr != nil || sum != other || sum.Damaged+uint64(sum.Truncated) > 0 {
					t.Errorf("a recording tells %+v, %v, a capture %+v, %v", sum, err, other, otherErr)
				}
			})
			if i := strings.IndexFunc(out.String(), func(c rune) bool { return c != '\n' && !unicode.IsGraphic(c) && c != unicode.ReplacementChar }); i >= 0 {
				t.Errorf("%q is printed", out.String()[i:min(len(out.String()), i+10)])
			}
			if got := sidesOf(t, own.Bytes()); !bytes.Equal(got[0], ours) || !bytes.Equal(got[1], theirs) {
				t.Errorf("%x and %x are recorded as %x and %x", ours, theirs, got[0], got[1])
			}
		})
	})
}

// conversationFile is the recording in the repository.
func conversationFile(tb testing.TB) []byte {
	file, err := os.ReadFile(filepath.Join("testdata", "conversation.trace"))
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// sidesOf returns what our side said in the one connection of a recording, and
// what the other did.
func sidesOf(tb testing.TB, file []byte) (sides [2][]byte) {
	tb.Helper()
	rec, err := trace.Load(bytes.NewReader(file))
	if err != nil || len(rec.Conns) != 1 {
		tb.Fatalf("%d connections, %v", len(rec.Conns), err)
	}
	for _, chunk := range rec.Conns[0].Chunks {
		side := 0
		if !chunk.Sent {
			side = 1
		}
		sides[side] = append(sides[side], chunk.Data...)
	}
	return sides
}

// say records what two sides say, in turn, in pieces whose lengths are in cuts.
func say(c mux.Recorder, ours, theirs []byte, cuts uint64) {
	for len(ours)+len(theirs) > 0 {
		n := min(1+int(cuts%64)*int(cuts%64), len(ours))
		if n > 0 {
			c.Sending([][]byte{ours[:n/2], ours[n/2 : n]})
		}
		ours = ours[n:]
		cuts = cuts>>6 | cuts<<58
		if n = min(1+int(cuts%64)*int(cuts%64), len(theirs)); n > 0 {
			c.Received(theirs[:n])
		}
		theirs = theirs[n:]
		cuts = cuts>>6 | cuts<<58
	}
	c.Ended(nil)
}

// FuzzSource reads any file as a whole and byte by byte, which must tell the
// same. With records, the file is one of our own format whose records are what
// is in it, with checksums that are right, since hardly any input would get past
// those.
func FuzzSource(f *testing.F) {
	file := conversationFile(f)
	f.Add(file[:1200], false)
	var bodies []byte
	for _, r := range split(file[20:]) {
		bodies = append(bodies, r...)
	}
	f.Add(bodies[:1000], true)
	f.Add(pcap(1, exchange(1)...), false)
	f.Add(pcap(276, exchange(276)...), false)
	f.Fuzz(func(t *testing.T, b []byte, records bool) {
		if records {
			b = sealed(b)
		}
		fuzz.Bound(t, 8<<20+200*len(b), func() {
			whole, err := all(bytes.NewReader(b))
			pieces, err2 := all(iotest.OneByteReader(bytes.NewReader(b)))
			if !reflect.DeepEqual(whole, pieces) || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%d records, %v; byte by byte %d, %v", len(whole), err, len(pieces), err2)
			}
			rec, err2 := trace.Load(bytes.NewReader(b))
			if (err == nil) != (err2 == nil) {
				t.Errorf("Load: %v, %v, want %v", rec, err2, err)
			}
			unknown := 0
			for _, r := range whole {
				if r.Kind.Known() && len(r.Unknown) == 0 {
					continue
				}
				if unknown++; r.Kind == 0 || len(r.Data) > 0 {
					t.Errorf("%+v has parts that are not known", r)
				}
			}
			if rec != nil && rec.Unknown != unknown {
				t.Errorf("%d records are not known, not %d", rec.Unknown, unknown)
			}
		})
	})
}

// all reads records.
func all(r io.Reader) (list []trace.Record, err error) {
	source, err := trace.Open(r)
	for err == nil {
		var rec trace.Record
		if rec, err = source.Next(); err == nil {
			rec.Data, rec.Unknown = bytes.Clone(rec.Data), bytes.Clone(rec.Unknown)
			list = append(list, rec)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return list, err
}

// split returns the records of a recording without its head as a kind, a length
// of 2 bytes, and a body each.
func split(b []byte) (list [][]byte) {
	for len(b) >= 12 {
		n := int(binary.BigEndian.Uint32(b[4:]))
		if n > 0xffff || 12+n > len(b) {
			break
		}
		list = append(list, append([]byte{b[2], byte(n >> 8), byte(n)}, b[12:12+n]...))
		b = b[12+n:]
	}
	return list
}

// sealed is the reverse of split.
func sealed(b []byte) []byte {
	file := bytes.Clone(trace.FileHead)
	for len(b) >= 3 {
		kind, n := b[0], int(b[1])<<8|int(b[2])
		n = min(n, len(b)-3)
		record := append([]byte{0xc5, 0x7e, kind, 0}, 0, 0, byte(n>>8), byte(n), 0, 0, 0, 0)
		record = append(record, b[3:3+n]...)
		if n >= 20 {
			trace.Seal(record)
		}
		file = append(file, record...)
		b = b[3+n:]
	}
	return file
}

// Segments that come in the worst order, the last one first, are put together or
// given up: there is no looking through all of them for each.
func TestManyEarlySegments(t *testing.T) {
	for _, test := range []struct{ segments, truncated int }{{1000, 0}, {100_000, 1}} {
		packets := [][]byte{tcp(0, 0, 2, nil, false)}
		for n := test.segments; n > 0; n-- {
			packets = append(packets, tcp(0, uint32(n), 16, []byte{byte(n)}, false))
		}
		conn, err := trace.Load(bytes.NewReader(pcap(101, packets...)))
		if err != nil || len(conn.Conns) != 1 {
			t.Fatal(conn, err)
		}
		got := 0
		for _, chunk := range conn.Conns[0].Chunks {
			got += len(chunk.Data)
		}
		if truncated := conn.Conns[0].Truncated; truncated != (test.truncated > 0) || !truncated && got != test.segments {
			t.Errorf("%d segments: %d bytes, truncated: %t", test.segments, got, truncated)
		}
	}
}
