package eddsa

import (
	"crypto/ed25519"
	"crypto/sha512"

	"github.com/ouronet/ouronet/internal/crypto/curve"
)

// Sizes in bytes.
const (
	KeySize       = ed25519.PublicKeySize
	SignatureSize = ed25519.SignatureSize
)

// Verify reports whether sig is key's signature of message.
//
// Beyond what crypto/ed25519 refuses, a key must have its canonical encoding,
// and neither it nor the signature's point may be of small order: such a key
// has signatures that hold for many messages. (libsodium:
// crypto_sign/ed25519/ref10/open.c)
func Verify(key, message, sig []byte) bool {
	if len(key) != KeySize || len(sig) != SignatureSize {
		return false
	}
	return strong(key) && strong(sig[:curve.Size]) && ed25519.Verify(key, message, sig)
}

// Key is a public key made ready for many verifications. It never changes.
type Key struct {
	bytes [KeySize]byte
	minus *curve.Table // of the key's negative
}

// NewKey makes a key ready, at the cost of about one verification; nil if no
// signature of it can hold.
func NewKey(key []byte) *Key {
	a, ok := curve.Decode(key)
	if !ok || a.IsSmallOrder() {
		return nil
	}
	k := &Key{minus: curve.NewTable(a.Negate(&a), 256)}
	copy(k.bytes[:], key)
	return k
}

// Verify is [Verify] with this key. R must be S B - k A, compared by its
// encoding: parts of small order are not multiplied away. (RFC 8032, 5.1.7)
func (k *Key) Verify(message, sig []byte) bool {
	if len(sig) != SignatureSize || !strong(sig[:curve.Size]) {
		return false
	}
	s := curve.NewScalar(sig[curve.Size:])
	if !s.IsReduced() {
		return false
	}
	var buf [1024]byte // header bodies fit, so nothing is allocated for them
	b := append(buf[:0], sig[:curve.Size]...)
	b = append(b, k.bytes[:]...)
	hash := sha512.Sum512(append(b, message...))
	c := curve.Reduce(&hash)
	var r curve.Point
	var out [1][curve.Size]byte
	curve.Encode(out[:], r.GeneratorPlus(&s, &c, k.minus))
	return out[0] == [curve.Size]byte(sig)
}
