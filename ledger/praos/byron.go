package praos

import (
	"bytes"
	"crypto/sha3"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/crypto/eddsa"
	"github.com/ouronet/ouronet/ledger"
)

// prepareByron checks a Byron header's place in the chain.
// (header-validation, 11 and 13)
func (v *Verifier) prepareByron(s State, h *ledger.Header) (*Job, State, error) {
	j := &Job{v: v, header: h, checks: Envelope}
	var ok bool
	if j.byron, ok = h.Byron(); !ok {
		return nil, s, j.malformed()
	}
	if err := v.byronEnvelope(&s, h, &j.byron); err != nil {
		return nil, s, err
	}
	if !h.Raw.EBB {
		j.checks |= Byron
		if v.config.GenesisKeys != nil {
			j.checks |= GenesisKey
		}
	}
	if err := j.required(); err != nil {
		return nil, s, err
	}
	s.Tip, s.EBB = h.Tip(), h.Raw.EBB
	return j, s, nil
}

// byronEnvelope is [Verifier.envelope] and what only Byron has. The Haskell node
// does not look at the magic of a boundary header. (ouroboros-consensus,
// Byron/Ledger/Integrity.hs; cardano-ledger, Block/Validation.hs, updateChainBoundary)
func (v *Verifier) byronEnvelope(s *State, h *ledger.Header, b *ledger.ByronHeader) error {
	n := &v.config.Network
	if !h.Raw.EBB && b.Magic != n.Magic {
		return fail(h, Envelope, ErrMagic, "network magic %d, want %d", b.Magic, n.Magic)
	}
	if err := v.envelope(s, h); err != nil {
		return err
	}
	if want := n.Genesis.Byron; s.Tip.Point.IsOrigin() && b.Prev != want {
		return failPrevHash(h, b.Prev, want)
	}
	return nil
}

// Tags before what Byron keys sign. (header-validation, 13)
const (
	blockTag       = 9
	certificateTag = 10
)

func (j *Job) verifyByron() error {
	if j.checks&Byron == 0 {
		return nil
	}
	b := &j.byron
	c := &b.Certificate
	var buf [1024]byte // allocates beyond that only

	message := append(buf[:0], "00"...)
	message = append(message, c.Delegate...)
	message = append(message, c.EpochCBOR...)
	var outer [256]byte
	signed := append(outer[:0], certificateTag)
	signed = cbor.AppendUint(signed, uint64(b.Magic))
	signed = cbor.AppendBytes(signed, message)
	if !eddsa.VerifyByron(c.GenesisKey[:eddsa.KeySize], signed, c.Signature) {
		return j.fail(Byron, ErrByronSignature, "Byron certificate signature does not hold")
	}

	// The block is signed for the key that it names itself, which the
	// certificate must be from.
	if !bytes.Equal(b.Issuer, c.GenesisKey) {
		return j.fail(Byron, ErrByronSignature, "Byron certificate signature does not hold")
	}
	message = append(buf[:0], "01"...)
	message = append(message, b.Issuer...)
	message = append(message, blockTag)
	message = cbor.AppendUint(message, uint64(b.Magic))
	message = cbor.AppendArray(message, 5)
	for _, part := range [][]byte{b.PrevCBOR, b.BodyProofCBOR, b.SlotCBOR, b.DifficultyCBOR, b.ExtraCBOR} {
		message = append(message, part...)
	}
	if !eddsa.VerifyByron(c.Delegate[:eddsa.KeySize], message, b.Signature) {
		return j.fail(Byron, ErrByronSignature, "Byron block signature does not hold")
	}
	if j.checks&GenesisKey != 0 {
		if hash := ByronKeyHash(c.GenesisKey); !j.v.config.GenesisKeys[hash] {
			return j.fail(GenesisKey, ErrGenesisKey, "signed for key %v, which is not in the Byron genesis file", hash)
		}
	}
	return nil
}

// ByronKeyHash returns the hash by which the Byron genesis file names a key of
// 64 bytes: Blake2b-224 of SHA3-256 of the key as a CBOR byte string.
func ByronKeyHash(key []byte) PoolID {
	hash := sha3.Sum256(cbor.AppendBytes(nil, key))
	return PoolIDOf(hash[:])
}
