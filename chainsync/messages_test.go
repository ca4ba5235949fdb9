package chainsync_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Points, tips and headers of (examples, 1 and 4).
var (
	h1 = ledger.Hash(bytes.Repeat([]byte{0x11}, 32))
	h2 = ledger.Hash(bytes.Repeat([]byte{0x22}, 32))
	h3 = ledger.Hash(bytes.Repeat([]byte{0x33}, 32))
	p1 = ledger.Point{Slot: 23, Hash: h1}
	p2 = ledger.Point{Slot: 134217728, Hash: h2}
	p3 = ledger.Point{Slot: 4294967297, Hash: h3}
	t1 = ledger.Tip{Point: p2, BlockNo: 9876543}

	hexP1 = "82175820" + strings.Repeat("11", 32)
	hexP2 = "821a080000005820" + strings.Repeat("22", 32)
	hexP3 = "821b00000001000000015820" + strings.Repeat("33", 32)
	hexT1 = "82" + hexP2 + "1a0096b43f"
)

const (
	headerBytes = "3c4845414445523e" // "<HEADER>"
	ebbBytes    = "85" + "1a034fa031" + "5820791f4256e14c67b9035c3b80a0826adf719d3636c18eef16c98b84b833723d51" +
		"5820afc0da64183bf2664f3d4eec7238d524ba607faeeab24fc100eb861dba69971b" + "82008100" + "81a0"
)

// cases has the messages of (examples, 5), with the header frames of (examples, 4) and the
// points of (examples, 1) in them, and others.
func cases(t testing.TB) messagetest.Cases {
	list := []messagetest.Example{
		{"C1", "8100", chainsync.RequestNext{}},
		{"C2", "8101", chainsync.AwaitReply{}},
		{"C4", "8303" + hexP2 + hexT1, chainsync.RollBackward{Point: p2, Tip: t1}},
		{"C4o", "830380828000", chainsync.RollBackward{}},
		{"C5", "82049f" + hexP2 + hexP1 + "80ff", chainsync.FindIntersect{Points: []ledger.Point{p2, p1, ledger.Origin}}},
		{"C5o", "82049f8080ff", chainsync.FindIntersect{Points: []ledger.Point{ledger.Origin, ledger.Origin}}},
		{"C5e", "820480", chainsync.FindIntersect{}},
		{"P3", "82049f" + hexP3 + "ff", chainsync.FindIntersect{Points: []ledger.Point{p3}}},
		{"C6", "8305" + hexP2 + hexT1, chainsync.IntersectFound{Point: p2, Tip: t1}},
		{"C7", "8206" + hexT1, chainsync.IntersectNotFound{Tip: t1}},
		{"C8", "8107", chainsync.Done{}},
	}
	forward := func(id, frame string, h ledger.RawHeader) {
		list = append(list, messagetest.Example{Name: id, Hex: "8302" + frame + hexT1, Msg: chainsync.RollForward{Header: h, Tip: t1}})
	}
	for era := ledger.Shelley; era.Known(); era++ {
		forward("W"+string('0'+rune(era)), "820"+string('0'+rune(era))+"d81848"+headerBytes, ledger.RawHeader{Era: era, Bytes: golden.Bytes(t, headerBytes)})
	}
	forward("W0", "82008282011864d81848"+headerBytes, ledger.RawHeader{SizeHint: 100, Bytes: golden.Bytes(t, headerBytes)})
	forward("W0e", "82008282001864d8184c3c4542425f4845414445523e", ledger.RawHeader{EBB: true, SizeHint: 100, Bytes: []byte("<EBB_HEADER>")})
	forward("C3, W8", "8200828200185ed8185850"+ebbBytes, ledger.RawHeader{EBB: true, SizeHint: 94, Bytes: golden.Bytes(t, ebbBytes)})
	return messagetest.Cases{Spec: chainsync.Spec(), Examples: list, Readings: []messagetest.Example{
		{"A3: a definite list", "820482" + hexP1 + "80", chainsync.FindIntersect{Points: []ledger.Point{p1, ledger.Origin}}},
		{"A4: empty and indefinite", "82049fff", chainsync.FindIntersect{}},
		{"a wide slot", "820481" + "821900175820" + strings.Repeat("11", 32), chainsync.FindIntersect{Points: []ledger.Point{p1}}},
	}, Refused: []messagetest.Refused{
		{"N11: array of 2", "820000", chainsync.RequestNext{}},
		{"N12: point as an indefinite array", "8204819f175820" + strings.Repeat("11", 32) + "ff", chainsync.FindIntersect{}},
		{"N13: hash of 31 bytes", "8204818217581f" + strings.Repeat("11", 31), chainsync.FindIntersect{}},
		{"hash of 33 bytes", "82048182175821" + strings.Repeat("11", 33), chainsync.FindIntersect{}},
		{"point of one", "8204818117", chainsync.FindIntersect{}},
		{"point of three", "8204818317" + "5820" + strings.Repeat("11", 32) + "00", chainsync.FindIntersect{}},
		{"hash in pieces", "82048182175f5820" + strings.Repeat("11", 32) + "ff", chainsync.FindIntersect{}},
		{"negative slot", "82048182205820" + strings.Repeat("11", 32), chainsync.FindIntersect{}},
		{"missing break", "82049f80", chainsync.FindIntersect{}},
		{"no list", "820400", chainsync.FindIntersect{}},
		{"indefinite message", "9f00ff", chainsync.RequestNext{}},
		{"not found with a point (pallas PR 575)", "830680" + hexT1, chainsync.IntersectNotFound{}},
		{"tip of an indefinite array", "82069f8000ff", chainsync.IntersectNotFound{}},
		{"tip without a number", "82068180", chainsync.IntersectNotFound{}},
		{"header of an unknown era", "83028218ffd81840828000", chainsync.RollForward{}},
		{"header without tag 24", "8302820640828000", chainsync.RollForward{}},
		{"header in pieces", "83028206d8185f40ff828000", chainsync.RollForward{}},
		{"Byron header without a hint", "83028200d81840828000", chainsync.RollForward{}},
		{"Byron header of kind 2", "83028200828202" + "1864d81840828000", chainsync.RollForward{}},
		{"more after it", "810000", chainsync.RequestNext{}},
		{"another tag", "8101", chainsync.RequestNext{}},
	}}
}

func TestMessages(t *testing.T) {
	if err := cases(t).Check(); err != nil {
		t.Error(err)
	}
}

// A message as large as the limit allows holds far more points than are kept.
func TestDecodeKeepsFewPoints(t *testing.T) {
	raw := golden.Bytes(t, "82049f"+strings.Repeat("80", 65000)+"ff")
	got, err := chainsync.FindIntersect{}.Decode(raw)
	if err != nil || len(got.(chainsync.FindIntersect).Points) != chainsync.MaxPoints+1 {
		t.Errorf("kept %d points, %v", len(got.(chainsync.FindIntersect).Points), err)
	}
}

// A header belongs to the receiver, whatever becomes of the buffer.
func TestDecodeCopies(t *testing.T) {
	raw := chainsync.RollForward{Header: header("7"), Tip: tip("9")}.AppendCBOR(nil)
	m, err := chainsync.RollForward{}.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if got := nameOfHeader(m.(chainsync.RollForward).Header); got != "7" {
		t.Errorf("header became %s", got)
	}
}

// Reading the number of a decoded header does not panic.
func FuzzDecode(f *testing.F) {
	cases(f).Fuzz(f, func(_ *testing.T, msg protocol.Message) {
		if m, ok := msg.(chainsync.RollForward); ok {
			m.Header.BlockNo()
		}
	})
}
