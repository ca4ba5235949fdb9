package ledger

import (
	"bytes"
	"hash"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/internal/cbor"
)

// BodyHasher checks the body of a block that comes in pieces and of which the header is
// known: it hashes bytes as they arrive, and finds the ends of items, so that little
// work remains after the last byte. The zero value is ready for a block. Methods must
// not overlap.
//
// [BodyHasher.Check] decides as [Block.CheckBody] does, which reads the whole block and
// reuses the hashes of ranges and the lengths of maps from here. Parts that are not
// hashed here, such as Byron blocks and all bytes after a malformed part, are hashed
// then. Bytes of a block with another header, or beyond the size in the header, are not
// read: junk costs no more than the real block.
type BodyHasher struct {
	seen   int // bytes of the block that have been looked at
	stage  stage
	era    Era
	left   int64 // items of the part at hand that are still to come, or openEnd
	opened bool  // the head of the part has come
	begun  int   // where the item at hand begins
	within bool  // a part of that item has come
	item   cbor.Scanner
	maps   []span // those that parts consist of, ascending

	part  int       // index of the part at hand, the header not counted
	parts [4]hashed // those before it, and the bytes of it that are in state; see flush
	state hash.Hash // of the part at hand
}

type stage uint8

const (
	atEnvelope stage = iota // before the header
	atHeader
	atParts
	atBody  // Dijkstra's, one part that takes no looking for its end
	stopped // nothing more is looked at
)

// openEnd stands for the length of an array or map that ends with a break.
const openEnd = -1

// span is a range of a block, in bytes.
type span struct{ start, end int32 }

// hashed is a part with its hash, or, while bytes of it are to come, its beginning.
type hashed struct {
	start, end int
	hash       Hash
}

// maxMaps is how many maps are kept, of 8 bytes each. A block of 90 kB has up to
// two for each of 400 transactions.
const maxMaps = 2048

// Arrived reads the beginning of a block, begun, which must start with the bytes of the
// call before. of is the expected header, the same each time. It keeps no reference to
// either.
func (h *BodyHasher) Arrived(begun []byte, of *Header) {
	if len(begun) > of.BlockSize() {
		h.stopHashing()
	}
	for h.seen < len(begun) && h.step(begun, of) {
	}
	h.flush(begun)
}

// Check is [Block.CheckBody] for the block whose beginning was given to Arrived.
// The hasher is then ready for the next block.
func (h *BodyHasher) Check(b Block) error {
	err := b.checkBody(h)
	h.Reset()
	return err
}

// Reset makes the hasher ready for another block.
func (h *BodyHasher) Reset() {
	if h.seen > 0 || h.stage != atEnvelope {
		*h = BodyHasher{maps: h.maps[:0], state: h.state}
	}
}

// step looks at some of the bytes that have come, and reports false if more are
// needed, or none are looked at any more.
func (h *BodyHasher) step(b []byte, of *Header) bool {
	switch h.stage {
	case stopped:
		return false
	case atEnvelope:
		return h.envelope(b)
	case atHeader:
		if !h.scan(b) {
			return false
		}
		if !bytes.Equal(b[h.begun:h.seen], of.Raw.Bytes) {
			return h.stopHashing()
		}
		h.stage = atParts
		if h.era >= Dijkstra {
			h.stage = atBody
		}
		h.open()
	case atBody:
		h.seen = len(b)
	case atParts:
		switch {
		case !h.opened:
			return h.head(b)
		case h.left == openEnd && !h.within && b[h.seen] == 0xff:
			h.seen++
			h.close(b)
		default:
			return h.next(b)
		}
	}
	return true
}

// envelope reads the tag and the head of the block.
func (h *BodyHasher) envelope(b []byte) bool {
	if len(b) < wrapperSize+1 {
		return false
	}
	_, tag, n := cbor.Head(b[1:])
	era, ebb, ok := EraOfBlockTag(tag)
	// With another wrapper than the shortest, [Network.ParseBlock] moves what follows.
	if b[0] != 0x82 || n != wrapperSize-1 || !ok || ebb || era == Byron {
		return h.stopHashing()
	}
	if n = h.container(b[wrapperSize:], majorArray); n == 0 {
		return false
	}
	h.seen, h.era, h.stage = wrapperSize+n, era, atHeader
	return true
}

// container reads the head of an array or map into left, and returns its length in
// bytes, 0 if more are needed or it is none.
func (h *BodyHasher) container(b []byte, major byte) int {
	if b[0]>>5 != major {
		h.stopHashing()
		return 0
	}
	if b[0]&0x1f == 31 {
		h.left = openEnd
		return 1
	}
	_, count, n := cbor.Head(b)
	if h.left = int64(count); count > maxBlockSize {
		h.stopHashing()
		return 0
	}
	if major == majorMap {
		h.left *= 2
	}
	return n
}

// head reads the head of the part at hand.
func (h *BodyHasher) head(b []byte) bool {
	major := byte(majorArray)
	if h.part == 2 {
		major = majorMap // auxiliary data
	}
	n := h.container(b[h.seen:], major)
	if n == 0 {
		return false
	}
	h.opened = true
	h.seen += n
	if h.left == 0 {
		h.close(b)
	}
	return true
}

// next looks at an item of the part at hand.
func (h *BodyHasher) next(b []byte) bool {
	if !h.scan(b) {
		return false
	}
	if b[h.begun]>>5 == majorMap && len(h.maps) < maxMaps {
		h.maps = append(h.maps, span{int32(h.begun), int32(h.seen)})
	}
	if h.left != openEnd {
		if h.left--; h.left == 0 {
			h.close(b)
		}
	}
	return true
}

// scan looks for the end of an item.
func (h *BodyHasher) scan(b []byte) (done bool) {
	if !h.within {
		h.begun, h.within = h.seen, true
	}
	n, done, err := h.item.Scan(b[h.seen:])
	if err != nil {
		return h.stopHashing()
	}
	h.seen += n
	h.within = !done
	return done
}

// flush hashes what has been looked at of the part at hand, in one go, however
// small its items are.
func (h *BodyHasher) flush(b []byte) {
	if h.stage != atParts && h.stage != atBody {
		return
	}
	if p := &h.parts[h.part]; p.end < h.seen {
		h.state.Write(b[p.end:h.seen])
		p.end = h.seen
	}
}

// open begins a part.
func (h *BodyHasher) open() {
	if h.state == nil {
		h.state, _ = blake2b.New256(nil) // without a key there is no error
	}
	h.state.Reset()
	h.opened = false
	h.parts[h.part] = hashed{start: h.seen, end: h.seen}
}

// close ends the part at hand.
func (h *BodyHasher) close(b []byte) {
	h.flush(b)
	h.state.Sum(h.parts[h.part].hash[:0])
	if h.part++; h.part == blockParts(h.era)-1 {
		h.stopHashing()
		return
	}
	h.open()
}

// stopHashing ends looking at the block.
func (h *BodyHasher) stopHashing() bool {
	h.stage = stopped
	return false
}
