package blockfetch_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// ebb is a Byron epoch boundary block, the content of B5 in (examples, 6).
const ebb = "820083" + "85" + "1a034fa031" + "5820791f4256e14c67b9035c3b80a0826adf719d3636c18eef16c98b84b833723d51" +
	"5820afc0da64183bf2664f3d4eec7238d524ba607faeeab24fc100eb861dba69971b" + "82008100" + "81a0" + "9fff" + "81a0"

var (
	p1 = ledger.Point{Slot: 23, Hash: ledger.Hash(bytes.Repeat([]byte{0x11}, 32))}
	p2 = ledger.Point{Slot: 134217728, Hash: ledger.Hash(bytes.Repeat([]byte{0x22}, 32))}
)

// examples are the messages of (examples, 6).
func examples(t testing.TB) []golden.Example {
	return []golden.Example{
		{"B1", "8300" + "82175820" + strings.Repeat("11", 32) + "821a080000005820" + strings.Repeat("22", 32),
			blockfetch.RequestRange{From: p1, To: p2}},
		{"B2", "8101", blockfetch.ClientDone{}},
		{"B3", "8102", blockfetch.StartBatch{}},
		{"B4", "8103", blockfetch.NoBlocks{}},
		{"B5", "8204d8185857" + ebb, blockfetch.Block{Raw: golden.Bytes(t, ebb)}},
		{"B6", "8105", blockfetch.BatchDone{}},
	}
}

func TestGolden(t *testing.T) { golden.Check(t, examples(t)) }

func TestDecodeRefuses(t *testing.T) {
	point := "82175820" + strings.Repeat("11", 32)
	for _, test := range []struct {
		name, hex string
		proto     blockfetch.Message
	}{
		{"one end", "8200" + point, blockfetch.RequestRange{}},
		{"end as an indefinite array", "8300" + point + "9f175820" + strings.Repeat("11", 32) + "ff", blockfetch.RequestRange{}},
		{"block without tag 24", "82044100", blockfetch.Block{}},
		{"block in pieces", "8204d8185f4100ff", blockfetch.Block{}},
		{"block that is no string", "8204d81880", blockfetch.Block{}},
		{"more after it", "810200", blockfetch.StartBatch{}},
		{"array of 2", "820500", blockfetch.BatchDone{}},
		{"indefinite message", "9f05ff", blockfetch.BatchDone{}},
		{"another tag", "8102", blockfetch.NoBlocks{}},
	} {
		if got, err := test.proto.Decode(golden.Bytes(t, test.hex)); err == nil {
			t.Errorf("%s: decoded %v", test.name, got)
		}
	}
}

// A block belongs to the receiver and takes no more memory than it has bytes.
func TestDecodeCopies(t *testing.T) {
	raw := blockfetch.Block{Raw: make([]byte, 1025)}.AppendCBOR(nil)
	m, err := blockfetch.Block{}.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] = 1
	if got := m.(blockfetch.Block).Raw; got[1024] != 0 || cap(got) != 1025 {
		t.Errorf("capacity %d, last byte %d", cap(got), got[1024])
	}
}

// A block is sent as a head and its own bytes.
func TestBody(t *testing.T) {
	raw := ledger.RawBlock(golden.Bytes(t, ebb))
	head, body := blockfetch.Block{Raw: raw}.AppendHead(nil)
	if &body[0] != &raw[0] || hex.EncodeToString(head) != "8204d8185857" {
		t.Errorf("head %x", head)
	}
}

// A batch arrives the same however it is cut.
func TestAnySplit(t *testing.T) {
	for chunk := 1; chunk < 100; chunk++ {
		us, peer := pipe.New()
		us.Chunk = chunk
		s := protocol.NewSession[blockfetch.Message](blockfetch.Spec(), protocol.Initiator, us)
		if err := s.Request(t.Context(), blockfetch.RequestRange{From: p1, To: p2}); err != nil {
			t.Fatal(err)
		}
		g := examples(t)
		for _, n := range []int{2, 4, 4, 5} { // StartBatch, Block, Block, BatchDone
			if err := peer.Send(t.Context(), golden.Bytes(t, g[n].Hex), nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range []int{2, 4, 4, 5} {
			if got, err := s.Recv(t.Context()); err != nil || !reflect.DeepEqual(got, g[n].Msg) {
				t.Fatalf("%s in pieces of %d: %v, %v", g[n].Name, chunk, got, err)
			}
		}
	}
}

// Checking the body of a decoded block does not panic.
func FuzzDecode(f *testing.F) {
	golden.Fuzz(f, blockfetch.Spec(), examples(f), func(_ *testing.T, msg protocol.Message) {
		if m, ok := msg.(blockfetch.Block); ok {
			if b, err := ledger.Mainnet.ParseBlock(m.Raw); err == nil {
				b.CheckBody()
			}
		}
	})
}
