package chaintest

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// pool makes blocks. Without a signer its keys are not keys.
type pool struct{ issuer, vrf, hot ledger.Hash }

func newPools(seed ledger.Hash, n int) []pool {
	pools := make([]pool, n)
	for i := range pools {
		pools[i] = pool{poolSeed(seed, i, "issuer"), poolSeed(seed, i, "vrf"), poolSeed(seed, i, "kes")}
	}
	return pools
}

// poolSeed returns the seed of one of a pool's keys.
func poolSeed(seed ledger.Hash, i int, kind string) ledger.Hash {
	return sum256(append(binary.BigEndian.AppendUint64(seed[:len(seed):len(seed)], uint64(i)), kind...))
}

const (
	vrfOutputSize = 64
	vrfProofSize  = 80
	ed25519Size   = 64
	kesSize       = 448
)

// issue is what a pool puts into one header: arbitrary bytes of the right
// length, or what its keys made.
type issue struct {
	pool    pool
	slot    ledger.Slot
	source  *rand.ChaCha8
	network *ledger.Network
	keys    *issued // nil if nothing is signed
}

// What a proof is for.
const (
	leaderProof = iota
	nonceProof  // TPraos only
)

// appendVRF appends a VRF certificate: [output, proof].
func (i *issue) appendVRF(dst []byte, kind int) []byte {
	dst = cbor.AppendArray(dst, 2)
	if i.keys != nil {
		p := &i.keys.proofs[kind]
		dst = cbor.AppendBytes(dst, p.output[:])
		return cbor.AppendBytes(dst, p.proof[:])
	}
	dst = appendRandom(dst, i.source, vrfOutputSize)
	return appendRandom(dst, i.source, vrfProofSize)
}

// appendCertificate appends the four fields of an operational certificate.
func (i *issue) appendCertificate(dst []byte) []byte {
	if i.keys != nil {
		c := &i.keys.certificate
		dst = cbor.AppendBytes(dst, c.HotKey)
		dst = cbor.AppendUint(dst, c.Counter)
		dst = cbor.AppendUint(dst, c.KESPeriod)
		return cbor.AppendBytes(dst, c.Signature)
	}
	dst = cbor.AppendBytes(dst, i.pool.hot[:])
	period := kesPeriod(i.network, i.slot)
	dst = cbor.AppendUint(dst, period)
	dst = cbor.AppendUint(dst, period)
	return appendRandom(dst, i.source, ed25519Size)
}

func kesPeriod(n *ledger.Network, slot ledger.Slot) uint64 {
	if n.SlotsPerKESPeriod == 0 {
		return 0
	}
	return uint64(slot) / n.SlotsPerKESPeriod
}

// appendSignature appends the signature of a header body.
func (i *issue) appendSignature(dst, body []byte) []byte {
	if i.keys != nil {
		return cbor.AppendBytes(dst, i.keys.hot.Sign(i.keys.evolution, body))
	}
	return appendRandom(dst, i.source, kesSize)
}

// appendRandom appends a byte string of n random bytes.
func appendRandom(dst []byte, r *rand.ChaCha8, n int) []byte {
	dst = cbor.AppendBytesHead(dst, n)
	for ; n >= 8; n -= 8 {
		dst = binary.BigEndian.AppendUint64(dst, r.Uint64())
	}
	for ; n > 0; n-- {
		dst = append(dst, byte(r.Uint64()))
	}
	return dst
}
