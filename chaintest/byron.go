package chaintest

import (
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// byronBlock makes a Byron block: a boundary block if the next slot is in a new
// epoch, or a regular one. (points-headers-blocks, 8 and 9)
func (g *Generator) byronBlock(source *rand.ChaCha8) ledger.RawBlock {
	r := rand.New(source)
	length := g.config.Network.Eras[ledger.Byron].EpochLength
	last := g.last()
	if len(g.chain) == 0 {
		return g.boundaryBlock(source, uint64(g.config.After)/length)
	}
	// Almost every slot has a block; the one of a boundary block may, too.
	slot := uint64(g.byronSlot())
	for g.signer == nil && r.IntN(50) == 0 {
		slot++
	}
	if epoch := slot / length; epoch > uint64(last.tip.Point.Slot)/length {
		return g.boundaryBlock(source, epoch)
	}
	return g.regularBlock(source, r, slot/length, slot%length)
}

// byronSlot returns the first slot that the next block can have.
func (g *Generator) byronSlot() ledger.Slot {
	if len(g.chain) == 0 && g.config.After > 0 {
		return g.config.After + 1
	}
	parent := g.last().parent()
	s, _ := parent.NextSlot(&ledger.Header{Raw: regular})
	return s
}

// byronPrev returns the previous hash of the next block.
func (g *Generator) byronPrev() ledger.Hash {
	if len(g.chain) == 0 {
		return g.config.Network.Genesis.Byron
	}
	return g.last().tip.Point.Hash
}

func (g *Generator) boundaryBlock(r *rand.ChaCha8, epoch uint64) ledger.RawBlock {
	body := cbor.AppendArrayIndefinite(nil) // leaders: their key hashes
	for range 5 {
		body = appendRandom(body, r, 28)
	}
	body = cbor.AppendBreak(body)
	hash, prev := sum256(body), g.byronPrev()

	b := cbor.AppendArray(nil, 2)
	b = cbor.AppendUint(b, 0) // boundary block
	b = cbor.AppendArray(b, 3)
	b = cbor.AppendArray(b, 5)
	b = cbor.AppendUint(b, uint64(g.config.Network.Magic))
	b = cbor.AppendBytes(b, prev[:])
	b = cbor.AppendBytes(b, hash[:])
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, epoch)
	b = cbor.AppendArray(b, 1)
	b = cbor.AppendUint(b, uint64(g.nextBlockNo(boundary)))
	if b = cbor.AppendArray(b, 1); len(g.chain) == 0 && epoch > 0 {
		b = cbor.AppendMap(b, 1) // the chain starts here
		b = cbor.AppendUint(b, 255)
		b = cbor.AppendBytes(b, []byte("Genesis"))
	} else {
		b = cbor.AppendMap(b, 0)
	}
	b = append(b, body...)
	if epoch%2 == 0 {
		return appendNoAttributes(b)
	}
	b = cbor.AppendMap(cbor.AppendArray(b, 1), 2) // in any order, twice the same
	for range 2 {
		b = appendRandom(cbor.AppendUint(b, 1), r, 3)
	}
	return b
}

func (g *Generator) regularBlock(source *rand.ChaCha8, r *rand.Rand, epoch, slot uint64) ledger.RawBlock {
	body, proof := byronBody{r, source, g.config.Network.Magic}.encode()
	prev := g.byronPrev()

	extra := cbor.AppendArray(nil, 4)
	extra = cbor.AppendArray(extra, 3)
	extra = append(extra, 1, 0, 0)
	extra = cbor.AppendArray(extra, 2)
	extra = cbor.AppendText(extra, "chaingen")
	extra = cbor.AppendUint(extra, 1)
	extra = cbor.AppendMap(extra, 0)

	b := cbor.AppendArray(nil, 2)
	b = cbor.AppendUint(b, ledger.Byron.BlockTag())
	b = cbor.AppendArray(b, 3)
	b = cbor.AppendArray(b, 5)
	b = cbor.AppendUint(b, uint64(g.config.Network.Magic))
	b = cbor.AppendBytes(b, prev[:])
	b = append(b, proof...)
	if g.signer != nil {
		extra = appendRandom(extra, source, len(ledger.Hash{}))
		b = g.signer.appendByron(b, prev, proof, epoch, slot, uint64(g.nextBlockNo(regular)), extra)
	} else {
		b = appendUnsignedByron(b, source, epoch, slot, uint64(g.nextBlockNo(regular)))
		b = append(b, extra...)
		b = appendRandom(b, source, len(ledger.Hash{}))
	}
	b = append(b, body...)
	return appendNoAttributes(b)
}

// appendUnsignedByron appends consensus data in which nothing is signed.
func appendUnsignedByron(b []byte, source *rand.ChaCha8, epoch, slot, number uint64) []byte {
	b = cbor.AppendArray(b, 4)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, epoch)
	b = cbor.AppendUint(b, slot)
	b = appendRandom(b, source, byronKeySize)
	b = cbor.AppendArray(b, 1)
	b = cbor.AppendUint(b, number)
	b = cbor.AppendArray(b, 2) // signature
	b = cbor.AppendUint(b, 2)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendArray(b, 4) // delegation certificate
	b = cbor.AppendUint(b, 0)
	b = appendRandom(b, source, byronKeySize)
	b = appendRandom(b, source, byronKeySize)
	b = appendRandom(b, source, ed25519Size)
	return appendRandom(b, source, ed25519Size)
}

// byronKeySize is the length in bytes of a key with its chain code.
const byronKeySize = 64

// appendNoAttributes appends [{}].
func appendNoAttributes(dst []byte) []byte {
	return cbor.AppendMap(cbor.AppendArray(dst, 1), 0)
}
