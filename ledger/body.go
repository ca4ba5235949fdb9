package ledger

import (
	"fmt"

	"github.com/ouronet/ouronet/internal/cbor"
)

// BodyError says that a body is not the one its header promises. The sender of
// the block is at fault.
type BodyError struct {
	Point Point
	Part  BodyPart
	Want  string // what the header says
	Got   string // what the body is
}

// Error names the part, what it is, and what the header says.
func (e *BodyError) Error() string {
	return fmt.Sprintf("ledger: block %v: %s is %s, header says %s", e.Point, e.Part, e.Got, e.Want)
}

// BodyPart names what [Block.CheckBody] compares.
type BodyPart string

// The parts of a body that a header commits to; the last five are Byron's.
const (
	PartSize         BodyPart = "body size"
	PartHash         BodyPart = "body hash"
	PartTxCount      BodyPart = "number of transactions"
	PartTxMerkleRoot BodyPart = "Merkle root of the transactions"
	PartWitnesses    BodyPart = "hash of the witnesses"
	PartDelegation   BodyPart = "hash of the delegation payload"
	PartUpdate       BodyPart = "hash of the update payload"
)

// CheckBody checks that the body is complete, that nothing follows it and that
// it is the one the header promises. A difference is a [*BodyError], malformed
// CBOR another error; both are the fault of the block's sender.
//
// From Shelley on it compares size and hash, checks that the parts fit each other
// and are what a node decodes, without looking into transactions, and allocates
// only for what nests deep and for indices of transactions. A Byron body has, down to its last item,
// the shape that the Haskell node reads, as much of it is under no hash; the part of
// the proof about the shared seed computation is left out, as there.
// (points-headers-blocks, 9)
//
// [BodyHasher] does the same for a block of which a part came earlier.
func (b Block) CheckBody() error { return b.checkBody(nil) }

// checkBody is CheckBody with what has been found out before; h may be nil.
func (b Block) checkBody(h *BodyHasher) error {
	r := cbor.NewReader(b.body)
	known := h.known(b)
	switch {
	case b.Header.Raw.EBB:
		return b.checkBoundaryBody(&r)
	case b.Header.Raw.Era == Byron:
		return b.checkByronBody(&r)
	case b.Header.Raw.Era >= Dijkstra:
		return b.checkDijkstraBody(&r, known)
	}
	// The parts' hashes, one after the other, are what the body hash is of.
	var hashes [4 * len(Hash{})]byte
	sum := hashes[:0]
	size := 0
	parts := readBody(&r, b.Header.Raw.Era, nil, &known)
	if err := b.close(&r); err != nil {
		return err
	}
	for _, part := range parts[:blockParts(b.Header.Raw.Era)-1] {
		hash := known.sum(size, part)
		size += len(part)
		sum = append(sum, hash[:]...)
	}
	return b.compareBody(size, sum256(sum))
}

// compareBody compares the size in bytes and the hash of a body.
func (b Block) compareBody(size int, hash Hash) error {
	if uint64(size) != uint64(b.Header.BodySize) {
		return b.differs(PartSize, fmt.Sprint(b.Header.BodySize), fmt.Sprint(size))
	}
	return b.compare(PartHash, b.Header.BodyHash, hash)
}

// close reads the end of the block.
func (b Block) close(r *cbor.Reader) error {
	closeRecord(r, b.indefinite)
	if err := r.Close(); err != nil {
		return fmt.Errorf("ledger: body of block %v: %w", b.Header.Point(), err)
	}
	return nil
}

func (b Block) compare(part BodyPart, want, got Hash) error {
	if want == got {
		return nil
	}
	return b.differs(part, want.String(), got.String())
}

func (b Block) differs(part BodyPart, want, got string) error {
	return &BodyError{b.Header.Point(), part, want, got}
}
