package eddsa

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"filippo.io/edwards25519"

	"github.com/ouronet/ouronet/internal/curve"
)

func random(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

// check compares both ways to verify with each other, and both with
// crypto/ed25519 where libsodium has no rule of its own.
func check(t *testing.T, key, message, sig []byte) bool {
	t.Helper()
	got := Verify(key, message, sig)
	ready := NewKey(key)
	if fast := ready != nil && ready.Verify(message, sig); fast != got {
		t.Errorf("key %x, message %x, signature %x: %v one by one, %v with a table", key, message, sig, got, fast)
	}
	if got && !ed25519.Verify(key, message, sig) {
		t.Errorf("key %x, message %x, signature %x holds here alone", key, message, sig)
	}
	if !got && strong(key) && strong(sig[:32]) && ed25519.Verify(key, message, sig) {
		t.Errorf("key %x, message %x, signature %x is refused for no reason", key, message, sig)
	}
	return got
}

func TestVerify(t *testing.T) {
	r := rand.NewChaCha8([32]byte{1})
	for n := range 60 {
		secret := ed25519.NewKeyFromSeed(random(r, 32))
		key := secret.Public().(ed25519.PublicKey)
		message := random(r, n*n)
		sig := ed25519.Sign(secret, message)
		if !check(t, key, message, sig) {
			t.Fatalf("signature %x of %x by %x refused", sig, message, key)
		}
		for i := range sig {
			bad := append([]byte{}, sig...)
			bad[i] ^= 1 << (n % 8)
			if check(t, key, message, bad) {
				t.Errorf("signature %x of %x by %x with a change at %d accepted", sig, message, key, i)
			}
		}
		// S + L is the same number modulo L.
		bad := append([]byte{}, sig...)
		addOrder(bad[32:])
		if check(t, key, message, bad) {
			t.Error("S above the order accepted")
		}
	}
	if NewKey(make([]byte, 31)) != nil || Verify(nil, nil, nil) || Verify(make([]byte, 32), nil, make([]byte, 63)) {
		t.Error("wrong length accepted")
	}
}

func addOrder(s []byte) {
	order, _ := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	carry := 0
	for i := range s {
		v := int(s[i]) + int(order[i]) + carry
		s[i], carry = byte(v), v>>8
	}
}

// Keys and signatures with a part of small order: the verdicts must be those of
// the plain equation, not of the one multiplied by 8.
func TestTorsion(t *testing.T) {
	r := rand.NewChaCha8([32]byte{2})
	torsion, _ := hex.DecodeString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
	order8, err := new(edwards25519.Point).SetBytes(torsion)
	if err != nil {
		t.Fatal(err)
	}
	accepted, refused := 0, 0
	for range 40 {
		secret, _ := edwards25519.NewScalar().SetUniformBytes(random(r, 64))
		nonce, _ := edwards25519.NewScalar().SetUniformBytes(random(r, 64))
		part := edwards25519.NewIdentityPoint()
		for range 8 {
			part.Add(part, order8)
			for _, signedPart := range []*edwards25519.Point{edwards25519.NewIdentityPoint(), part} {
				a := new(edwards25519.Point).ScalarBaseMult(secret)
				key := a.Add(a, part).Bytes()
				p := new(edwards25519.Point).ScalarBaseMult(nonce)
				sig := p.Add(p, signedPart).Bytes()
				message := random(r, 16)
				hash := sha512.Sum512(append(append(append([]byte{}, sig...), key...), message...))
				k, _ := edwards25519.NewScalar().SetUniformBytes(hash[:])
				sig = append(sig, edwards25519.NewScalar().MultiplyAdd(k, secret, nonce).Bytes()...)
				if check(t, key, message, sig) {
					accepted++
				} else {
					refused++
				}
			}
			// A key of small order alone signs whatever makes k A neutral.
			sig := append(new(edwards25519.Point).ScalarBaseMult(nonce).Bytes(), nonce.Bytes()...)
			if check(t, part.Bytes(), random(r, 8), sig) {
				t.Errorf("key %x of small order accepted", part.Bytes())
			}
			if key := part.Bytes(); strong(key) {
				t.Errorf("%x is of small order", key)
			}
		}
	}
	if accepted == 0 || refused == 0 {
		t.Errorf("%d accepted, %d refused: want some of both", accepted, refused)
	}
}

func TestStrong(t *testing.T) {
	for i := range 20 { // p - 1 and above are not canonical or of small order
		y := prime
		for carry, j := i-1, 0; j < len(y); j++ {
			v := int(y[j]) + carry
			y[j], carry = byte(v), v>>8
		}
		if strong(y[:]) {
			t.Errorf("%x is not canonical", y)
		}
		y[31] |= 0x80
		if strong(y[:]) {
			t.Errorf("%x is not canonical", y)
		}
	}
	if g := curve.Generator(); !func() bool {
		var out [1][32]byte
		curve.Encode(out[:], &g)
		return strong(out[0][:])
	}() {
		t.Error("the generator is strong")
	}
}

func FuzzVerify(f *testing.F) {
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	f.Add([]byte(secret.Public().(ed25519.PublicKey)), []byte("m"), ed25519.Sign(secret, []byte("m")))
	f.Fuzz(func(t *testing.T, key, message, sig []byte) {
		if len(key) == 32 && len(sig) == 64 {
			check(t, key, message, sig)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	key := []byte(secret.Public().(ed25519.PublicKey))
	message := make([]byte, 400)
	sig := ed25519.Sign(secret, message)
	b.Run("once", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Verify(key, message, sig)
		}
	})
	b.Run("ready", func(b *testing.B) {
		b.ReportAllocs()
		k := NewKey(key)
		for b.Loop() {
			k.Verify(message, sig)
		}
	})
	b.Run("making ready", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewKey(key)
		}
	})
}
