package ledger

import (
	"bytes"
	"fmt"
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// RawBlock is a block as block-fetch and the disk carry it: the item
// [tag, block], which MsgBlock wraps in tag 24. (points-headers-blocks, 4)
type RawBlock []byte

// Header finds the header in the block without looking at what follows it. The
// result's bytes are part of b, its SizeHint is the length of b.
func (b RawBlock) Header() (RawHeader, error) {
	h, _, _, err := b.split()
	return h, err
}

// split returns the header, the bytes after it, and whether the block's parts
// end with a break.
func (b RawBlock) split() (h RawHeader, body []byte, indefinite bool, err error) {
	r := cbor.NewReader(b)
	r.ArrayLen(2)
	tag := r.Uint()
	era, ebb, ok := EraOfBlockTag(tag)
	switch {
	case ok:
	case tag > math.MaxUint8:
		r.Fail("block tag of 8 bits")
	default:
		checkEra(&r, Era(tag-1), "block")
	}
	h.Era, h.EBB = era, ebb
	if era == Byron {
		h.SizeHint = uint32(len(b))
		r.ArrayLen(blockParts(era))
	} else {
		indefinite = openRecord(&r, blockParts(era))
	}
	h.Bytes = r.Raw()
	if err := r.Err(); err != nil {
		return RawHeader{}, nil, false, fmt.Errorf("ledger: block: %w", err)
	}
	return h, r.Rest(), indefinite, nil
}

// wrapperSize is the length of the shortest array and tag around a block.
const wrapperSize = 2

// shortest returns the block with the shortest wrapper; what is no block comes
// back as it is.
func (b RawBlock) shortest() RawBlock {
	r := cbor.NewReader(b)
	r.ArrayLen(2)
	tag := r.Uint()
	if r.Err() != nil || r.Pos() == wrapperSize {
		return b
	}
	return append(cbor.AppendUint(cbor.AppendArray(nil, 2), tag), r.Rest()...)
}

// blockParts returns the number of items of a block, the header being one.
func blockParts(e Era) int {
	switch {
	case e == Byron:
		return 3 // header, body, extra
	case e < Alonzo:
		return 4 // header, bodies, witnesses, auxiliary data
	case e < Dijkstra:
		return 5 // and indices of invalid transactions
	}
	return 2 // header, body
}

// Block is a block whose header is parsed; the body is only looked at by
// [Block.CheckBody] and [Block.Txs].
type Block struct {
	Header Header
	Raw    RawBlock // the whole block, shared with Header.Raw

	body       []byte // what follows the header in Raw
	indefinite bool   // body ends with a break
}

// ParseBlock parses the header of a block. Raw is shared, not copied, and must not
// change. [Block.CheckBody] checks whether the right body follows.
//
// The array and tag around a block need not be in the shortest form, but no hash
// covers them, and cardano-node, which stores and serves blocks with a shortest
// one, reads no other from its files: Block.Raw has it then, in a copy.
func (n Network) ParseBlock(raw RawBlock) (Block, error) { return n.ParseBlockOf(nil, raw) }

// ParseBlockOf is ParseBlock for the block of a header that the same network parsed
// before. A header with the same bytes is neither read nor hashed again. With other
// bytes, or with a nil known, it works as ParseBlock. It keeps no reference to known.
func (n *Network) ParseBlockOf(known *Header, raw RawBlock) (Block, error) {
	raw = raw.shortest()
	h, body, indefinite, err := raw.split()
	if err != nil {
		return Block{}, err
	}
	b := Block{Raw: raw, body: body, indefinite: indefinite}
	if known != nil && h.Era == known.Raw.Era && h.EBB == known.Raw.EBB && bytes.Equal(h.Bytes, known.Raw.Bytes) {
		b.Header = *known
		b.Header.Raw = h
		return b, nil
	}
	if b.Header, err = n.parseHeader(h); err != nil {
		return Block{}, err
	}
	return b, nil
}
