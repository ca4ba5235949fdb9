package sim

import (
	"encoding/binary"

	"github.com/ouronet/ouronet/ledger"
)

// blockID names a block of the tree; 0 is the start of all chains.
type blockID int32

type block struct {
	h      ledger.Header
	parent blockID
	height int32 // 1 for the first block
	size   int32 // bytes
	bad    bool  // what only a check of the header tells
	flaw   Flaw  // what only a judge tells
	rotten bool  // it has a flaw, or a block before it
	misfit bool  // by its number or slot it is not the next after its parent
}

// tree holds every block that there is in a run: those of the plot, with the same
// numbers, and what liars make up.
type tree struct {
	blocks []block
	salt   uint64
	raw    []byte // stands for the bytes of every header
}

func newTree(p *Plot) *tree {
	n := len(p.Blocks)
	t := &tree{blocks: make([]block, 1, n+n/4), salt: p.Seed, raw: make([]byte, 84)}
	for _, b := range p.Blocks[1:] {
		parent := blockID(b.Parent)
		id := t.grow(parent, int(b.Slot-t.blocks[parent].h.Slot), b.Body)
		if x := &t.blocks[id]; b.Flaw != Sound {
			x.flaw, x.rotten = b.Flaw, true
		}
	}
	return t
}

// grow adds a block. The hash carries the id, so that no index is needed; its
// first bytes are as good as random, for ties.
func (t *tree) grow(parent blockID, gap, body int) blockID {
	id := blockID(len(t.blocks))
	p := &t.blocks[parent]
	b := block{parent: parent, height: p.height + 1, rotten: p.rotten, size: int32(body + len(t.raw) + 16)}
	b.h.Raw = ledger.RawHeader{Era: ledger.Conway, Bytes: t.raw}
	binary.BigEndian.PutUint64(b.h.Hash[:], mix(t.salt^uint64(id)))
	binary.BigEndian.PutUint64(b.h.Hash[24:], uint64(id))
	b.h.Slot = p.h.Slot + ledger.Slot(gap)
	b.h.BlockNo = ledger.BlockNo(b.height - 1)
	b.h.Prev, b.h.HasPrev = p.h.Hash, parent != 0
	b.h.BodySize = uint32(body)
	t.blocks = append(t.blocks, b)
	return id
}

func (t *tree) height(id blockID) int { return int(t.blocks[id].height) }

// idOf returns the block with a hash; ok is false for hashes made up.
func (t *tree) idOf(hash ledger.Hash) (id blockID, ok bool) {
	n := binary.BigEndian.Uint64(hash[24:])
	if n >= uint64(len(t.blocks)) || t.blocks[n].h.Hash != hash {
		return 0, false
	}
	return blockID(n), true
}

func (t *tree) point(id blockID) ledger.Point {
	if id == 0 {
		return ledger.Origin
	}
	return t.blocks[id].h.Point()
}

func (t *tree) tip(id blockID) ledger.Tip {
	if id == 0 {
		return ledger.Tip{}
	}
	return t.blocks[id].h.Tip()
}

func (t *tree) at(p ledger.Point) (blockID, bool) {
	if p.IsOrigin() {
		return 0, true
	}
	return t.idOf(p.Hash)
}

// back returns the block n before id.
func (t *tree) back(id blockID, n int) blockID {
	for ; n > 0; n-- {
		id = t.blocks[id].parent
	}
	return id
}

// line returns the chain that ends with id, by height.
func (t *tree) line(id blockID) []blockID {
	chain := make([]blockID, t.height(id)+1)
	for i := len(chain) - 1; i > 0; i-- {
		chain[i] = id
		id = t.blocks[id].parent
	}
	return chain
}

// better reports whether a node may leave the chain that ends with old for that which
// ends with now: it is longer, or wins the tie-break.
func (t *tree) better(old, now blockID) bool {
	a, b := &t.blocks[old], &t.blocks[now]
	return b.height > a.height || b.height == a.height && prefer(&a.h, &b.h)
}

// prefer is a tie-break of the kind of Praos, without its costs: the lower hash
// wins if the slots are near each other.
func prefer(ours, cand *ledger.Header) bool {
	if max(ours.Slot, cand.Slot)-min(ours.Slot, cand.Slot) > 5 {
		return false
	}
	return binary.BigEndian.Uint64(cand.Hash[:]) < binary.BigEndian.Uint64(ours.Hash[:])
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
