package peer

import (
	"fmt"

	pcommon "github.com/blinklabs-io/gouroboros/protocol/common"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

func toPoint(p ledger.Point) pcommon.Point {
	if p.IsOrigin() {
		return pcommon.NewPointOrigin()
	}
	return pcommon.NewPoint(uint64(p.Slot), p.Hash[:])
}

func fromPoint(p pcommon.Point) ledger.Point {
	if p.Hash == nil {
		return ledger.Origin
	}
	return ledger.Point{Slot: ledger.Slot(p.Slot), Hash: ledger.Hash(p.Hash)}
}

func toPoints(points []ledger.Point) []pcommon.Point {
	out := make([]pcommon.Point, len(points))
	for i, p := range points {
		out[i] = toPoint(p)
	}
	return out
}

func fromPoints(points []pcommon.Point) []ledger.Point {
	out := make([]ledger.Point, len(points))
	for i, p := range points {
		out[i] = fromPoint(p)
	}
	return out
}

func toTip(t ledger.Tip) pcommon.Tip {
	return pcommon.Tip{Point: toPoint(t.Point), BlockNumber: uint64(t.BlockNo)}
}

func fromTip(t pcommon.Tip) ledger.Tip {
	return ledger.Tip{Point: fromPoint(t.Point), BlockNo: ledger.BlockNo(t.BlockNumber)}
}

// fromHeader gives the library's (block type, header) pair our form.
func fromHeader(blockType uint, header []byte) (ledger.RawHeader, error) {
	era, ebb, ok := ledger.EraOfBlockTag(uint64(blockType))
	if !ok {
		return ledger.RawHeader{}, fmt.Errorf("peer: header of unknown block type %d", blockType)
	}
	return ledger.RawHeader{Era: era, EBB: ebb, Bytes: header}, nil
}

// fromBlock puts the envelope back that the library takes off.
func fromBlock(blockType uint, inner []byte) ledger.RawBlock {
	raw := make([]byte, 0, len(inner)+3)
	raw = cbor.AppendArray(raw, 2)
	raw = cbor.AppendUint(raw, uint64(blockType))
	return append(raw, inner...)
}

// headerSource is what the library cuts a header out of. It wants the block
// without its envelope but looks at the first element only, except for
// Byron, where it also takes the length.
func headerSource(b *ledger.Block) []byte {
	if h := b.Header.Raw; h.Era != ledger.Byron {
		return append([]byte{0x81}, h.Bytes...)
	}
	return b.Raw[2:] // array head and a tag below 24
}
