package chaintest

import (
	"hash/crc32"
	"math/bits"
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// byronBody makes bodies of Byron blocks with something of all that they can
// have. Nothing in them is signed. (points-headers-blocks, 9; for the parts,
// byron.cddl of IntersectMBO/cardano-ledger)
type byronBody struct {
	*rand.Rand
	source *rand.ChaCha8
	magic  uint32
}

// encode makes a body and its proof.
func (g byronBody) encode() (body, proof []byte) {
	payload := cbor.AppendArrayIndefinite(nil)
	witnesses := cbor.AppendArrayIndefinite(nil)
	var leaves []ledger.Hash
	for range g.IntN(3) * g.IntN(3) {
		tx, witness := g.tx()
		payload = cbor.AppendArray(payload, 2)
		payload = append(append(payload, tx...), witness...)
		witnesses = append(witnesses, witness...)
		leaves = append(leaves, sum256(append([]byte{0}, tx...)))
	}
	payload = cbor.AppendBreak(payload)
	root, witnessHash := merkleRoot(leaves), sum256(cbor.AppendBreak(witnesses))
	kind := g.Uint64N(4)
	delegation, update := g.delegation(), g.update()

	body = cbor.AppendArray(nil, 4)
	for _, part := range [][]byte{payload, g.sharedSeed(kind), delegation, update} {
		body = append(body, part...)
	}

	delegationHash, updateHash := sum256(delegation), sum256(update)
	proof = cbor.AppendArray(nil, 4)
	proof = cbor.AppendArray(proof, 3)
	proof = cbor.AppendUint(proof, uint64(len(leaves)))
	proof = cbor.AppendBytes(proof, root[:])
	proof = cbor.AppendBytes(proof, witnessHash[:])
	if kind < 3 {
		proof = cbor.AppendArray(proof, 3)
		proof = cbor.AppendUint(proof, kind)
		proof = g.bytes(proof, len(ledger.Hash{}))
	} else {
		proof = cbor.AppendArray(proof, 2)
		proof = cbor.AppendUint(proof, kind)
	}
	proof = g.bytes(proof, len(ledger.Hash{}))
	proof = cbor.AppendBytes(proof, delegationHash[:])
	return body, cbor.AppendBytes(proof, updateHash[:])
}

// merkleRoot is over the hashes of the leaves; the left half is the largest
// power of two that leaves something for the right one.
func merkleRoot(leaves []ledger.Hash) ledger.Hash {
	if len(leaves) == 0 {
		return sum256(nil)
	}
	if len(leaves) == 1 {
		return leaves[0]
	}
	half := 1 << (bits.Len(uint(len(leaves)-1)) - 1)
	left, right := merkleRoot(leaves[:half]), merkleRoot(leaves[half:])
	return sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func (g byronBody) bytes(dst []byte, n int) []byte { return appendRandom(dst, g.source, n) }

// bytesList appends a list of a few byte strings.
func (g byronBody) bytesList(dst []byte) []byte {
	dst = cbor.AppendArrayIndefinite(dst)
	for range g.IntN(3) {
		dst = g.bytes(dst, 1+g.IntN(33))
	}
	return cbor.AppendBreak(dst)
}

func (g byronBody) tx() (tx, witnesses []byte) {
	inputs := 1 + g.IntN(3)
	tx = cbor.AppendArray(nil, 3)
	tx = cbor.AppendArrayIndefinite(tx)
	for range inputs {
		tx = cbor.AppendArray(tx, 2)
		tx = cbor.AppendUint(tx, 0)
		input := g.bytes(cbor.AppendArray(nil, 2), len(ledger.Hash{}))
		tx = appendEncoded(tx, cbor.AppendUint(input, g.Uint64N(300)))
	}
	tx = cbor.AppendBreak(tx)
	tx = cbor.AppendArrayIndefinite(tx)
	for range 1 + g.IntN(3) {
		tx = cbor.AppendArray(tx, 2)
		tx = g.address(tx)
		tx = cbor.AppendUint(tx, g.Uint64N(45e15))
	}
	tx = cbor.AppendBreak(tx)
	n := max(0, g.IntN(8)-5)
	tx = cbor.AppendMap(tx, n)
	for i := range n {
		tx = cbor.AppendUint(tx, uint64(3+40*i))
		tx = g.bytes(tx, g.IntN(40))
	}

	witnesses = cbor.AppendArray(nil, inputs)
	for range inputs {
		witnesses = cbor.AppendArray(witnesses, 2)
		var witness []byte
		if g.IntN(3) > 0 {
			witnesses = cbor.AppendUint(witnesses, 0)
			witness = g.bytes(cbor.AppendArray(nil, 2), byronKeySize)
		} else {
			witnesses = cbor.AppendUint(witnesses, 2) // redeems what was sold before the start
			witness = g.bytes(cbor.AppendArray(nil, 2), ed25519KeySize)
		}
		witnesses = appendEncoded(witnesses, g.bytes(witness, ed25519Size))
	}
	return tx, witnesses
}

const ed25519KeySize = 32

// address appends an address: of a key or for redeeming, with and without
// derivation path, network magic and an attribute that nobody knows.
func (g byronBody) address(dst []byte) []byte {
	const addressHashSize = 28
	a := cbor.AppendArray(nil, 3)
	a = g.bytes(a, addressHashSize)
	which := g.IntN(8)
	a = cbor.AppendMap(a, bits.OnesCount(uint(which)))
	if which&1 != 0 {
		a = cbor.AppendUint(a, 1)
		a = cbor.AppendBytes(a, g.bytes(nil, 28))
	}
	if which&2 != 0 {
		a = cbor.AppendUint(a, 2)
		a = cbor.AppendBytes(a, cbor.AppendUint(nil, uint64(g.magic)))
	}
	if which&4 != 0 {
		a = cbor.AppendUint(a, 200)
		a = g.bytes(a, 3)
	}
	a = cbor.AppendUint(a, 2*g.Uint64N(2))
	dst = appendEncoded(cbor.AppendArray(dst, 2), a)
	return cbor.AppendUint(dst, uint64(crc32.ChecksumIEEE(a)))
}

// sharedSeed makes a payload of the shared seed computation: commitments,
// openings, shares or certificates alone.
func (g byronBody) sharedSeed(kind uint64) []byte {
	certificates := cbor.AppendTag(nil, 258)
	n := g.IntN(3)
	certificates = cbor.AppendArray(certificates, n)
	for range n {
		certificates = cbor.AppendArray(certificates, 4)
		certificates = g.bytes(certificates, 35)
		certificates = cbor.AppendUint(certificates, g.Uint64N(300))
		certificates = g.bytes(certificates, ed25519Size)
		certificates = g.bytes(certificates, byronKeySize)
	}
	if kind == 3 {
		return append(cbor.AppendUint(cbor.AppendArray(nil, 2), kind), certificates...)
	}
	b := cbor.AppendUint(cbor.AppendArray(nil, 3), kind)
	n = g.IntN(3)
	switch kind {
	case 0:
		b = cbor.AppendTag(b, 258)
		b = cbor.AppendArray(b, n)
		for range n {
			b = cbor.AppendArray(b, 3)
			b = g.bytes(b, byronKeySize)
			b = cbor.AppendArray(b, 2)
			shares := g.IntN(3)
			b = cbor.AppendMap(b, shares)
			for range shares {
				b = g.bytesList(g.bytes(b, 35))
			}
			b = cbor.AppendArray(b, 4)
			for range 3 {
				b = g.bytes(b, 33)
			}
			b = g.bytesList(b)
			b = g.bytes(b, ed25519Size)
		}
	case 1:
		b = cbor.AppendMap(b, n)
		for range n {
			b = g.bytes(g.bytes(b, 28), 35)
		}
	case 2:
		b = cbor.AppendMap(b, n)
		for range n {
			b = cbor.AppendMap(g.bytes(b, 28), 1)
			b = g.bytesList(g.bytes(b, 28))
		}
	}
	return append(b, certificates...)
}

func (g byronBody) delegation() []byte {
	b := cbor.AppendArrayIndefinite(nil)
	for range max(0, g.IntN(8)-5) {
		b = cbor.AppendArray(b, 4)
		b = cbor.AppendUint(b, g.Uint64N(300))
		b = g.bytes(g.bytes(b, byronKeySize), byronKeySize)
		b = g.bytes(b, ed25519Size)
	}
	return cbor.AppendBreak(b)
}

func (g byronBody) update() []byte {
	b := cbor.AppendArray(nil, 2)
	if g.IntN(4) > 0 {
		b = cbor.AppendArray(b, 0)
	} else {
		b = g.proposal(cbor.AppendArray(b, 1))
	}
	b = cbor.AppendArrayIndefinite(b)
	for range max(0, g.IntN(8)-5) {
		b = cbor.AppendArray(b, 4)
		b = g.bytes(b, byronKeySize)
		b = g.bytes(b, len(ledger.Hash{}))
		b = cbor.AppendBool(b, g.IntN(2) == 0)
		b = g.bytes(b, ed25519Size)
	}
	return cbor.AppendBreak(b)
}

func (g byronBody) proposal(b []byte) []byte {
	b = cbor.AppendArray(b, 7)
	b = append(cbor.AppendArray(b, 3), 1, 2, 3) // protocol version

	portion := cbor.AppendUint(nil, g.Uint64N(1e15))
	fee := cbor.AppendUint(cbor.AppendUint(cbor.AppendArray(nil, 2), 155381e9), 43946e6)
	policy := appendEncoded(cbor.AppendUint(cbor.AppendArray(nil, 2), 0), fee)
	softfork := append(append(append(cbor.AppendArray(nil, 3), portion...), portion...), portion...)
	number := cbor.AppendUint(nil, g.Uint64N(2_000_000))
	b = cbor.AppendArray(b, 14) // parameters
	for _, value := range [][]byte{
		{0}, number, number, number, number, number, portion, portion, portion, portion, number, softfork, policy, number,
	} {
		n := g.IntN(2)
		if b = cbor.AppendArray(b, n); n == 1 {
			b = append(b, value...)
		}
	}

	b = cbor.AppendUint(cbor.AppendText(cbor.AppendArray(b, 2), "chaingen"), 2) // software version
	n := g.IntN(3)
	b = cbor.AppendMap(b, n) // installers
	for i := range n {
		b = cbor.AppendArray(cbor.AppendText(b, []string{"linux", "win64"}[i]), 4)
		for range 4 {
			b = g.bytes(b, len(ledger.Hash{}))
		}
	}
	b = cbor.AppendMap(b, 0)
	b = g.bytes(b, byronKeySize)
	return g.bytes(b, ed25519Size)
}

// appendEncoded appends an item as a byte string in tag 24.
func appendEncoded(dst, item []byte) []byte {
	return cbor.AppendBytes(cbor.AppendTag(dst, cbor.TagEncoded), item)
}
