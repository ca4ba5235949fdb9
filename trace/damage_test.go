package trace_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

// Whatever byte is wrong, all records but one are read, and what is said of the
// rest is that it is missing.
func TestDamage(t *testing.T) {
	file := recording(t, protocol.Initiator, trace.Config{})
	whole := records(t, file)
	for at := 20; at < len(file); at += 31 {
		bad := bytes.Clone(file)
		bad[at] ^= 0x55
		got := records(t, bad)
		if len(got) < len(whole)-1 || !strings.Contains(strings.Join(got, ""), "damaged") {
			t.Fatalf("byte %d: %d records of %d", at, len(got), len(whole))
		}
	}
	for n := 0; n < len(file); n += 11 { // cut off
		source, err := trace.Open(bytes.NewReader(file[:n]))
		if (err != nil) != (n < 20) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		for err == nil {
			_, err = source.Next()
		}
		if n >= 20 && err != io.EOF {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	if out, _ := decode(t, file[:len(file)-1]); !strings.Contains(out, "has no end") {
		t.Error("a recording that is cut off passes for a whole one")
	}
	bad := bytes.Clone(file)
	bad[400] ^= 1
	out, sum := decode(t, bad)
	if sum.Damaged == 0 || !strings.Contains(out, "are missing") {
		t.Errorf("%+v\n%s", sum, out)
	}
}

func records(t *testing.T, file []byte) (kinds []string) {
	r, err := trace.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		rec, err := r.Next()
		if err != nil {
			return kinds
		}
		if kind := "."; rec.Kind == trace.Damaged {
			kinds = append(kinds, "damaged")
		} else {
			kinds = append(kinds, kind)
		}
	}
}

func TestNotARecording(t *testing.T) {
	for _, text := range []string{"", "ouro", "ouronet\n", "ouronet\n\x00\x00\x00\x0212345678", "#!/bin/sh\n", "\x0a\x0d\x0d\x0a"} {
		_, err := trace.Decode(strings.NewReader(text), io.Discard)
		if len(text) != 4 && !errors.Is(err, trace.ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func seeds(f *testing.F) {
	file, err := os.ReadFile(filepath.Join("testdata", "conversation.trace"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(file[:600])
	steps, err := os.ReadFile(filepath.Join("testdata", "decisions.trace"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(steps)
	var capture bytes.Buffer
	w := trace.NewPcapngWriter(&capture)
	source, err := trace.Open(bytes.NewReader(file))
	for err == nil {
		var rec trace.Record
		if rec, err = source.Next(); err == nil {
			w.Write(rec)
		}
	}
	f.Add(capture.Bytes())
	f.Add(capture.Bytes()[:1000])
	for _, kind := range []uint32{0, 1, 12, 101, 113, 276} {
		f.Add(pcap(kind, exchange(kind)...))
	}
}

// Nothing in a file can break the decoder, nor make it go on for ever.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		var out bytes.Buffer
		trace.Decode(bytes.NewReader(file), &out)
		trace.Load(bytes.NewReader(file))
	})
}

// However the bytes of a connection are cut, the same messages come out.
func TestAnyCut(t *testing.T) {
	file := recording(t, protocol.Initiator, trace.Config{})
	conn := load(t, file)
	_, want := decode(t, file)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var again bytes.Buffer
		r := trace.NewRecorder(&again, trace.Config{})
		c := r.Record(pipe(t))
		for _, chunk := range conn.Chunks {
			for data := chunk.Data; len(data) > 0; {
				n := 1 + random.IntN(len(data))
				if chunk.Sent {
					c.Sending([][]byte{data[:n]})
				} else {
					c.Received(data[:n])
				}
				data = data[n:]
			}
		}
		c.Ended(nil)
		r.Close()
		if _, got := decode(t, again.Bytes()); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}
