package trace

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/protocol"
)

// What a peer wrote cannot steer the terminal: no control character is printed.
func TestPrintable(t *testing.T) {
	const peers = "a\x00b\x1b[31mc\x7fd\u0080e\u009ff\u00a0é\n"
	if got, want := printable(peers), "a.b.[31mc.d.e.f\u00a0é."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var out strings.Builder
	d := &decoder{w: bufio.NewWriter(&out)}
	d.line(Record{}, 1, "%s", peers)
	d.w.Flush()
	if strings.ContainsAny(strings.TrimSuffix(out.String(), "\n"), "\x00\x1b\x7f\u0080\u009f\n") {
		t.Errorf("%q", out.String())
	}
}

// Stray bytes are reported as damage, once for all in a row, and cost no record.
func TestStrayBytes(t *testing.T) {
	record := appendHead(nil, Finished, 0, 0, 3, 0)
	seal(record)
	for _, stray := range []string{"x", "xyz", "\xc5", "\xc5\x7e", "\xc5\x7e\xc5\x7e and more \xc5\x7e"} {
		for _, rest := range [][]byte{nil, record} {
			r, err := NewReader(bytes.NewReader(slices.Concat(FileHead, []byte(stray), rest)))
			if err != nil {
				t.Fatal(err)
			}
			if rec, err := r.Next(); err != nil || rec.Kind != Damaged || rec.Number != uint64(len(stray)) {
				t.Errorf("%q: %+v, %v", stray, rec, err)
			}
			if rest != nil {
				if rec, err := r.Next(); err != nil || rec.Kind != Finished || rec.Number != 3 {
					t.Errorf("after %q: %+v, %v", stray, rec, err)
				}
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("after %q: %v", stray, err)
			}
		}
	}
}

// recordsOf returns what comes of some segments.
func recordsOf(segments ...tcpSegment) (records []Record) {
	f := &flows{byKey: make(map[flowKey]*flow)}
	for _, s := range segments {
		f.segment(time.Time{}, s)
	}
	for r, ok := f.pop(); ok; r, ok = f.pop() {
		records = append(records, r)
	}
	return records
}

// The side that connects is ours, also when it connects between ports that the
// other side connected before.
func TestPortsUsedAgain(t *testing.T) {
	a, b := netip.MustParseAddrPort("10.0.0.1:3000"), netip.MustParseAddrPort("10.0.0.2:3001")
	const reset = 0x04
	got := recordsOf(
		tcpSegment{src: a, dst: b, flags: flagSYN},
		tcpSegment{src: a, dst: b, seq: 1, flags: reset},
		tcpSegment{src: b, dst: a, flags: flagSYN},
		tcpSegment{src: b, dst: a, seq: 1, flags: flagACK, data: []byte("hello")},
	)
	if len(got) != 4 || got[0].Local != a.String() || got[2].Kind != Opened ||
		got[2].Local != b.String() || got[2].Remote != a.String() || got[3].Kind != Sent || got[3].ID != got[2].ID {
		t.Errorf("%+v", got)
	}
}

// A capture that begins with the answer to a connection knows who connected.
func TestAnswerComesFirst(t *testing.T) {
	a, b := netip.MustParseAddrPort("10.0.0.1:3000"), netip.MustParseAddrPort("10.0.0.2:3001")
	got := recordsOf(
		tcpSegment{src: b, dst: a, flags: flagSYN | flagACK},
		tcpSegment{src: b, dst: a, seq: 1, flags: flagACK, data: []byte("answer")},
	)
	if len(got) != 2 || got[0].Local != a.String() || got[0].Remote != b.String() || got[1].Kind != Received {
		t.Errorf("%+v", got)
	}
}

// A segment that comes again, whole or in part, gives nothing but what is new.
func TestSegmentsAgain(t *testing.T) {
	a, b := netip.MustParseAddrPort("10.0.0.1:3000"), netip.MustParseAddrPort("10.0.0.2:3001")
	send := func(seq uint32, data string) tcpSegment {
		return tcpSegment{src: a, dst: b, seq: seq, flags: flagACK, data: []byte(data)}
	}
	got := recordsOf(tcpSegment{src: a, dst: b, flags: flagSYN}, send(1, "abc"), send(1, "abc"), send(2, "bc"), send(2, "bcd"))
	var data []string
	for _, r := range got[1:] {
		data = append(data, string(r.Data))
	}
	if !slices.Equal(data, []string{"abc", "d"}) {
		t.Errorf("%q", data)
	}
}

// captured is a capture of a connection without IPv4 addresses.
func captured(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	w := NewPcapngWriter(&file)
	at := time.Unix(1, 0).UTC()
	for _, r := range []Record{
		{Kind: Opened, Time: at, ID: 0x102, Local: "ours", Remote: "theirs"},
		{Kind: Received, Time: at, ID: 0x102, Data: []byte("the peer connected")},
		{Kind: Sent, Time: at, ID: 0x102, Data: []byte("answer")},
		{Kind: Ended, Time: at, ID: 0x102},
	} {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// Packet tools find out from the first packets who connected.
func TestPcapngTellsWhoConnected(t *testing.T) {
	p := &pcapngReader{b: bufio.NewReader(bytes.NewReader(captured(t)))}
	var flags []byte
	var from []string
	for {
		found, err := p.packet()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		s, ok := parsePacket(found.link, found.data)
		if !ok {
			t.Fatalf("% x", found.data)
		}
		flags, from = append(flags, s.flags), append(from, s.src.String())
	}
	const ours, theirs = "10.1.1.2:3000", "10.2.1.2:3000"
	want := []byte{flagSYN, flagSYN | flagACK, flagACK, flagPSH | flagACK, flagPSH | flagACK, flagFIN | flagACK, flagFIN | flagACK}
	if !bytes.Equal(flags, want) || !slices.Equal(from, []string{theirs, ours, theirs, theirs, ours, ours, theirs}) {
		t.Errorf("% x from %v", flags, from)
	}
}

// No two connections have the same addresses.
func TestPcapngAddresses(t *testing.T) {
	seen := make(map[netip.AddrPort]uint32)
	for _, id := range []uint32{0, 1, 0x100, 0x101, 0x10000, 0x10001, 0x10100} {
		for side := range byte(2) {
			a := addrPort("not an address", side+1, id)
			if other, ok := seen[a]; ok {
				t.Errorf("%v for %#x and %#x", a, other, id)
			}
			seen[a] = id
		}
	}
	if got := addrPort("[::ffff:1.2.3.4]:5", 1, 9).String(); got != "1.2.3.4:5" {
		t.Error(got)
	}
}

// A capture that ends within a block has the records before it, and no bytes
// that never came.
func TestPcapngCut(t *testing.T) {
	file := captured(t)
	read := func(file []byte) (data [2]string, err error) {
		source, err := Open(bytes.NewReader(file))
		for err == nil {
			var r Record
			if r, err = source.Next(); err == nil && len(r.Data) > 0 {
				data[r.Kind-Received] += string(r.Data)
			}
		}
		return data, err
	}
	whole, err := read(file)
	if err != io.EOF || whole == [2]string{} {
		t.Fatal(whole, err)
	}
	for n := range file {
		got, err := read(file[:n])
		if n >= 4 && err != io.EOF || n < 4 && !errors.Is(err, ErrFormat) {
			t.Errorf("%d of %d bytes: error %v", n, len(file), err)
		}
		for side := range got {
			// A packet is in the capture or not.
			if got[side] != "" && got[side] != whole[side] {
				t.Errorf("%d of %d bytes: %q", n, len(file), got)
			}
		}
	}
}

// At most ten versions of a table are printed.
func TestManyVersions(t *testing.T) {
	var table handshake.Table
	for v := range 12 {
		table = append(table, handshake.Entry{Version: handshake.Version(100 + v)})
	}
	got := describe(handshake.ProposeVersions{Table: table})
	if !strings.HasSuffix(got, ", …") || strings.Contains(got, "110") || !strings.Contains(got, "109") {
		t.Error(got)
	}
	if got := describe(handshake.ProposeVersions{Table: table[:10]}); strings.Contains(got, "…") {
		t.Error(got)
	}
}

// A difference tells all that was wanted, to the last byte.
func TestDifferenceIsWhole(t *testing.T) {
	recorded := segment.Append(nil, protocol.Initiator, 2, []byte("abc"))
	synctest.Test(t, func(t *testing.T) {
		c := &Conn{Opened: time.Now(), Chunks: []Chunk{{Time: time.Now(), Sent: true, Data: recorded}}}
		for _, test := range []struct{ sent, want, got string }{
			{"", "abc", ""},
			{"ab", "c", ""},
			{"abx", "c", "x"},
			{"abcd", "", "d"},
		} {
			err := Replay{}.Run(c, func(conn net.Conn) error {
				if test.sent != "" {
					conn.Write(segment.Append(nil, protocol.Initiator, 2, []byte(test.sent)))
				}
				_, err := io.ReadAll(conn)
				return err
			})
			var diff *DifferenceError
			if !errors.As(err, &diff) || string(diff.Want) != test.want || string(diff.Got) != test.got || diff.Protocol != 2 {
				t.Errorf("sent %q: %v", test.sent, err)
			}
		}
	})
}
