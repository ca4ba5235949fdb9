package ledger

import (
	"fmt"
	"math/bits"

	"github.com/ouronet/ouronet/internal/cbor"
)

// maxBoundaryBlock is how many bytes a boundary block may have without its tag.
// (points-headers-blocks, 10)
const maxBoundaryBlock = 2_000_000

// checkBoundaryBody compares the hash of the body as well. The Haskell node does
// not, but all that any node has made fits, and without it each peer could serve
// another body.
func (b Block) checkBoundaryBody(r *cbor.Reader) error {
	if size := len(b.Raw) - wrapperSize; size > maxBoundaryBlock {
		return fmt.Errorf("ledger: boundary block %v has %d bytes, more than the %d that it may have",
			b.Header.Point(), size, maxBoundaryBlock)
	}
	body := part(r, &boundaryBodyShape)
	boundaryExtraShape.read(r)
	if err := b.close(r); err != nil {
		return err
	}
	return b.compare(PartHash, b.Header.BodyHash, sum256(body))
}

// byronProof is the body proof of a regular Byron header.
// (points-headers-blocks, 9)
type byronProof struct {
	txs                                       uint64
	merkleRoot, witnesses, delegation, update Hash
}

func (b Block) byronProof() (p byronProof, err error) {
	h, _ := b.Header.Byron()
	r := cbor.NewReader(h.BodyProofCBOR)
	r.ArrayLen(4)
	r.ArrayLen(3)
	p.txs = r.Uint()
	p.merkleRoot = readHash(&r)
	p.witnesses = readHash(&r)
	r.Raw() // shared seed computation
	p.delegation = readHash(&r)
	p.update = readHash(&r)
	if err := r.Close(); err != nil {
		return p, fmt.Errorf("ledger: body proof of block %v: %w", b.Header.Point(), err)
	}
	return p, nil
}

func (b Block) checkByronBody(r *cbor.Reader) error {
	proof, err := b.byronProof()
	if err != nil {
		return err
	}
	var leaves []Hash
	witnesses := []byte{0x9f}
	r.ArrayLen(4)
	for n := r.ArrayIndefinite(); r.More(&n); {
		r.ArrayLen(2)
		leaves = append(leaves, merkleLeaf(part(r, &byronTxShape)))
		witnesses = append(witnesses, part(r, &byronWitnessesShape)...)
	}
	sscShape.read(r)
	delegation := part(r, &delegationShape)
	update := part(r, &updateShape)
	byronExtraShape.read(r)
	if err := b.close(r); err != nil {
		return err
	}
	witnesses = append(witnesses, 0xff)

	if uint64(len(leaves)) != proof.txs {
		return b.differs(PartTxCount, fmt.Sprint(proof.txs), fmt.Sprint(len(leaves)))
	}
	for _, c := range []struct {
		part BodyPart
		want Hash
		got  Hash
	}{
		{PartTxMerkleRoot, proof.merkleRoot, merkleRoot(leaves)},
		{PartWitnesses, proof.witnesses, sum256(witnesses)},
		{PartDelegation, proof.delegation, sum256(delegation)},
		{PartUpdate, proof.update, sum256(update)},
	} {
		if err := b.compare(c.part, c.want, c.got); err != nil {
			return err
		}
	}
	return nil
}

func merkleLeaf(tx []byte) Hash { return sum256(append([]byte{0}, tx...)) }

// merkleRoot is over the hashes of the leaves. The left subtree holds the
// largest power of two of leaves that leaves some for the right one.
func merkleRoot(leaves []Hash) Hash {
	switch len(leaves) {
	case 0:
		return sum256(nil)
	case 1:
		return leaves[0]
	}
	split := 1 << (bits.Len(uint(len(leaves)-1)) - 1)
	left, right := merkleRoot(leaves[:split]), merkleRoot(leaves[split:])
	var node [1 + 2*len(Hash{})]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+len(left):], right[:])
	return sum256(node[:])
}
