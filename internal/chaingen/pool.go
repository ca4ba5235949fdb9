package chaingen

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// pool makes blocks. Its keys are not keys and its signatures prove nothing:
// to make them real, change this file.
type pool struct{ issuer, vrf, hot ledger.Hash }

func newPools(seed ledger.Hash, n int) []pool {
	pools := make([]pool, n)
	for i := range pools {
		key := func(kind string) ledger.Hash {
			return sum256(append(binary.BigEndian.AppendUint64(seed[:len(seed):len(seed)], uint64(i)), kind...))
		}
		pools[i] = pool{key("issuer"), key("vrf"), key("kes")}
	}
	return pools
}

const (
	vrfOutputSize = 64
	vrfProofSize  = 80
	ed25519Size   = 64
	kesSize       = 448
)

// appendVRF appends a VRF certificate: [output, proof].
func (pool) appendVRF(dst []byte, r *rand.ChaCha8) []byte {
	dst = cbor.AppendArray(dst, 2)
	dst = appendRandom(dst, r, vrfOutputSize)
	return appendRandom(dst, r, vrfProofSize)
}

// appendCertificate appends the four fields of an operational certificate.
func (p pool) appendCertificate(dst []byte, r *rand.ChaCha8, slot ledger.Slot, n *ledger.Network) []byte {
	dst = cbor.AppendBytes(dst, p.hot[:])
	period := uint64(0)
	if n.SlotsPerKESPeriod > 0 {
		period = uint64(slot) / n.SlotsPerKESPeriod
	}
	dst = cbor.AppendUint(dst, period)
	dst = cbor.AppendUint(dst, period)
	return appendRandom(dst, r, ed25519Size)
}

// appendSignature appends the signature of a header body.
func (pool) appendSignature(dst []byte, r *rand.ChaCha8, _ []byte) []byte {
	return appendRandom(dst, r, kesSize)
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
