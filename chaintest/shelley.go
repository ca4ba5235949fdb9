package chaintest

import (
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// headerSize is above the size in bytes of the headers made here, the start of
// the block included.
const headerSize = 1100

// shelleyBlock makes a block of Shelley or a later era.
// (points-headers-blocks, 4, 5 and 8)
func (g *Generator) shelleyBlock(source *rand.ChaCha8, era ledger.Era) ledger.RawBlock {
	r := rand.New(source)
	i := issue{source: source, network: &g.config.Network}
	if g.signer != nil {
		first := g.byronSlot()
		if g.config.After > 0 {
			first = max(first, g.config.After+1)
		}
		i = g.signer.lead(g.last(), first, source)
	} else {
		i.slot = g.nextSlot(r)
		i.pool = g.pools[r.IntN(len(g.pools))]
	}
	if g.signer != nil {
		era = g.config.Network.EraAt(i.slot)
	}

	txs := g.transactions(source, r, era)
	parts := txs.parts(era)
	size, hash := 0, []byte(nil)
	for _, part := range parts {
		size += len(part)
		h := sum256(part)
		hash = append(hash, h[:]...)
	}
	bodyHash := sum256(hash)
	if era >= ledger.Dijkstra {
		bodyHash = ledger.Hash(hash) // of the only part
	}
	h := header{
		blockNo: g.nextBlockNo(ledger.RawHeader{Era: era}), prev: g.last().tip.Point,
		bodySize: size, bodyHash: bodyHash,
	}
	if era >= ledger.Dijkstra && r.IntN(4) > 0 {
		h.leios = leiosFields(source, r)
	}
	body := h.append(nil, &i, era)

	b := make([]byte, 0, headerSize+size)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, era.BlockTag())
	b = cbor.AppendArray(b, 1+len(parts))
	b = cbor.AppendArray(b, 2)
	b = append(b, body...)
	b = i.appendSignature(b, body)
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}

// header is what a header says of the chain and of the body.
type header struct {
	blockNo  ledger.BlockNo
	prev     ledger.Point
	bodySize int
	bodyHash ledger.Hash
	leios    []byte // the two fields after Praos's, or nil
}

// append appends a header body: TPraos's 15 fields up to Alonzo, Praos's 10
// from Babbage on, and those of Leios if there are any.
func (h header) append(dst []byte, i *issue, era ledger.Era) []byte {
	praos := era >= ledger.Babbage
	fields := 15
	if praos {
		fields = 10
	}
	if h.leios != nil {
		fields += 2
	}
	dst = cbor.AppendArray(dst, fields)
	dst = cbor.AppendUint(dst, uint64(h.blockNo))
	dst = cbor.AppendUint(dst, uint64(i.slot))
	if h.prev.IsOrigin() {
		dst = cbor.AppendNull(dst)
	} else {
		dst = cbor.AppendBytes(dst, h.prev.Hash[:])
	}
	dst = cbor.AppendBytes(dst, i.pool.issuer[:])
	dst = cbor.AppendBytes(dst, i.pool.vrf[:])
	if !praos {
		dst = i.appendVRF(dst, nonceProof)
	}
	dst = i.appendVRF(dst, leaderProof)
	dst = cbor.AppendUint(dst, uint64(h.bodySize))
	dst = cbor.AppendBytes(dst, h.bodyHash[:])
	if praos {
		dst = cbor.AppendArray(dst, 4)
	}
	dst = i.appendCertificate(dst)
	if praos {
		dst = cbor.AppendArray(dst, 2)
	}
	dst = cbor.AppendUint(dst, protocolMajor[era])
	dst = cbor.AppendUint(dst, 0)
	return append(dst, h.leios...)
}

// leiosFields makes the fields that most headers of Dijkstra have here: no
// certificate in the body, and every other one announces an endorser block.
func leiosFields(source *rand.ChaCha8, r *rand.Rand) []byte {
	b := cbor.AppendBool(nil, false)
	if r.IntN(2) == 0 {
		return cbor.AppendNull(b)
	}
	b = cbor.AppendArray(b, 2)
	b = appendRandom(b, source, len(ledger.Hash{}))
	return cbor.AppendUint(b, r.Uint64N(1<<32))
}

// protocolMajor is the first protocol version of each era.
var protocolMajor = [ledger.NumEras]uint64{
	ledger.Byron: 0, ledger.Shelley: 2, ledger.Allegra: 3, ledger.Mary: 4,
	ledger.Alonzo: 5, ledger.Babbage: 7, ledger.Conway: 9, ledger.Dijkstra: 12,
}
