package eddsa

import (
	"bytes"
	"crypto/sha512"

	"filippo.io/edwards25519"
)

// VerifyByron is [Verify] for the Byron era, whose signatures cardano-node does
// not verify with libsodium but with the ed25519-donna of cryptonite and crypton:
//
//	key    32 bytes; the top bit is the sign of x, the rest y modulo the field's
//	       prime; on the curve; of any order
//	R      any 32 bytes
//	S      below 2^253, taken modulo the order of the generator
//	       R is the encoding of S B - k A, as in libsodium.
//
// crypton refuses S above the order since September 2026, with later releases
// than cardano-node is built with. (Cardano.Crypto.Wallet.verify of
// cardano-crypto; cbits/ed25519/ed25519.c of crypton)
func VerifyByron(key, message, sig []byte) bool {
	if len(sig) != SignatureSize || sig[SignatureSize-1] >= 1<<5 {
		return false
	}
	a, err := new(edwards25519.Point).SetBytes(key) // 32 bytes; y may be above the prime
	if err != nil {
		return false
	}
	var wide, hash [sha512.Size]byte
	copy(wide[:], sig[SignatureSize/2:])
	h := sha512.New()
	h.Write(sig[:SignatureSize/2])
	h.Write(key)
	h.Write(message)
	h.Sum(hash[:0])
	var s, k edwards25519.Scalar
	_, _ = s.SetUniformBytes(wide[:]) // these fail with other sizes only
	_, _ = k.SetUniformBytes(hash[:])
	r := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(&k, a.Negate(a), &s)
	return bytes.Equal(r.Bytes(), sig[:SignatureSize/2])
}
