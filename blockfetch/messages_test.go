package blockfetch_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/internal/testing/golden"
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

// cases has the messages of (examples, 6), and others that are refused.
func cases(t testing.TB) messagetest.Cases {
	const point = "82175820" + "1111111111111111111111111111111111111111111111111111111111111111"
	return messagetest.Cases{Spec: blockfetch.Spec(), Examples: []messagetest.Example{
		{"B1", "8300" + point + "821a080000005820" + strings.Repeat("22", 32),
			blockfetch.RequestRange{From: p1, To: p2}},
		{"B2", "8101", blockfetch.ClientDone{}},
		{"B3", "8102", blockfetch.StartBatch{}},
		{"B4", "8103", blockfetch.NoBlocks{}},
		{"B5", "8204d8185857" + ebb, blockfetch.Block{Raw: golden.Bytes(t, ebb)}},
		{"B6", "8105", blockfetch.BatchDone{}},
	}, Refused: []messagetest.Refused{
		{"one end", "8200" + point, blockfetch.RequestRange{}},
		{"end as an indefinite array", "8300" + point + "9f175820" + strings.Repeat("11", 32) + "ff", blockfetch.RequestRange{}},
		{"block without tag 24", "82044100", blockfetch.Block{}},
		{"block in pieces", "8204d8185f4100ff", blockfetch.Block{}},
		{"block that is no string", "8204d81880", blockfetch.Block{}},
		{"more after it", "810200", blockfetch.StartBatch{}},
		{"array of 2", "820500", blockfetch.BatchDone{}},
		{"indefinite message", "9f05ff", blockfetch.BatchDone{}},
		{"another tag", "8102", blockfetch.NoBlocks{}},
	}}
}

func TestMessages(t *testing.T) {
	if err := cases(t).Check(); err != nil {
		t.Error(err)
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

// Checking the body of a decoded block does not panic.
func FuzzDecode(f *testing.F) {
	cases(f).Fuzz(f, func(_ *testing.T, msg protocol.Message) {
		if m, ok := msg.(blockfetch.Block); ok {
			if b, err := ledger.Mainnet.ParseBlock(m.Raw); err == nil {
				b.CheckBody()
			}
		}
	})
}
