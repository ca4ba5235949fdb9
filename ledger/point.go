package ledger

import (
	"encoding/hex"
	"fmt"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Slot is an absolute slot number, counted from the start of the Byron era.
type Slot uint64

// BlockNo is the height of a block. The first block of a chain has number 0; a
// Byron boundary block has the number of the block before it.
type BlockNo uint64

// Hash is a Blake2b-256 hash.
type Hash [32]byte

// String returns the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads a hash from 64 hex digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) == 2*len(h) { // hex.Decode panics if h is too short for s
		if _, err := hex.Decode(h[:], []byte(s)); err == nil {
			return h, nil
		}
	}
	return Hash{}, fmt.Errorf("ledger: %.100q is not a hash: want 64 hex digits", s)
}

// Point names a block by slot and header hash, or the start of the chain
// ([Origin]). Points are comparable.
type Point struct {
	Slot Slot
	Hash Hash
}

// Origin is the point before the first block, the zero Point.
var Origin Point

// IsOrigin reports whether p is [Origin].
func (p Point) IsOrigin() bool {
	return p.Slot == 0 && p.Hash == Hash{} // mostly decided by the first
}

// String returns "origin" or "slot.hash".
func (p Point) String() string {
	if p.IsOrigin() {
		return "origin"
	}
	return fmt.Sprintf("%d.%s", p.Slot, p.Hash)
}

// AppendCBOR appends the point's encoding: [] or [slot, hash].
func (p Point) AppendCBOR(dst []byte) []byte {
	if p.IsOrigin() {
		return cbor.AppendArray(dst, 0)
	}
	dst = cbor.AppendArray(dst, 2)
	dst = cbor.AppendUint(dst, uint64(p.Slot))
	return cbor.AppendBytes(dst, p.Hash[:])
}

// DecodePoint reads a point and returns the bytes after it. Only definite
// arrays and hashes of 32 bytes are accepted. (points-headers-blocks, 1)
func DecodePoint(b []byte) (p Point, rest []byte, err error) {
	r := cbor.NewReader(b)
	switch n := r.Array(); {
	case r.Err() != nil:
	case n == 0:
	case n == 2:
		p.Slot = Slot(r.Uint())
		copy(p.Hash[:], r.BytesLen(len(p.Hash)))
	default:
		r.Fail("point of 0 or 2 elements")
	}
	if err := r.Err(); err != nil {
		return Point{}, nil, err
	}
	return p, r.Rest(), nil
}

// Tip is the last block of a peer's chain. The tip of an empty chain is the
// zero Tip.
type Tip struct {
	Point   Point
	BlockNo BlockNo
}

// String returns "origin" or "slot.hash (block n)".
func (t Tip) String() string {
	if t.Point.IsOrigin() {
		return "origin"
	}
	return fmt.Sprintf("%v (block %d)", t.Point, t.BlockNo)
}

// AppendCBOR appends the tip's encoding: [point, blockNo].
func (t Tip) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendArray(dst, 2)
	dst = t.Point.AppendCBOR(dst)
	return cbor.AppendUint(dst, uint64(t.BlockNo))
}

// DecodeTip reads a tip and returns the bytes after it.
func DecodeTip(b []byte) (t Tip, rest []byte, err error) {
	r := cbor.NewReader(b)
	r.ArrayLen(2)
	t.Point = cbor.Read(&r, DecodePoint)
	t.BlockNo = BlockNo(r.Uint())
	if err := r.Err(); err != nil {
		return Tip{}, nil, err
	}
	return t, r.Rest(), nil
}
