package eddsa

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"filippo.io/edwards25519"
)

// donna is a slow VerifyByron: the group's law and factors bit by bit.
func donna(key, message, sig []byte) bool {
	if len(key) != 32 || len(sig) != 64 || sig[63]&224 != 0 {
		return false
	}
	a, err := new(edwards25519.Point).SetBytes(key)
	if err != nil {
		return false
	}
	hash := sha512.Sum512(slices.Concat(sig[:32], key, message))
	k, _ := edwards25519.NewScalar().SetUniformBytes(hash[:])
	r := bitByBit(sig[32:], edwards25519.NewGeneratorPoint())
	r.Subtract(r, bitByBit(k.Bytes(), a))
	return slices.Equal(r.Bytes(), sig[:32])
}

func bitByBit(n []byte, p *edwards25519.Point) *edwards25519.Point {
	product := edwards25519.NewIdentityPoint()
	for i := 255; i >= 0; i-- {
		product.Add(product, product)
		if n[i/8]>>(i%8)&1 == 1 {
			product.Add(product, p)
		}
	}
	return product
}

func checkByron(t *testing.T, key, message, sig []byte) bool {
	t.Helper()
	got := VerifyByron(key, message, sig)
	if want := donna(key, message, sig); got != want {
		t.Errorf("key %x, message %x, signature %x: %v, want %v", key, message, sig, got, want)
	}
	if !got && Verify(key, message, sig) {
		t.Errorf("key %x, message %x, signature %x: only libsodium accepts it", key, message, sig)
	}
	return got
}

func TestVerifyByron(t *testing.T) {
	r := rand.NewChaCha8([32]byte{4})
	for n := range 20 {
		secret := ed25519.NewKeyFromSeed(random(r, 32))
		key, message := secret.Public().(ed25519.PublicKey), random(r, n*n)
		sig := ed25519.Sign(secret, message)
		if !checkByron(t, key, message, sig) {
			t.Fatal("signature refused")
		}
		for i := range sig {
			bad := slices.Clone(sig)
			bad[i] ^= 1 << (i % 8)
			if checkByron(t, key, message, bad) {
				t.Errorf("accepted with byte %d changed", i)
			}
		}
		if checkByron(t, key, append(message, 0), sig) {
			t.Error("accepted for another message")
		}
		// S + L is below 2^253, S + 2 L is not.
		addOrder(sig[32:])
		if !checkByron(t, key, message, sig) || Verify(key, message, sig) {
			t.Errorf("S + L: %v, but libsodium %v", VerifyByron(key, message, sig), Verify(key, message, sig))
		}
		for m := 2; m < 15; m++ {
			addOrder(sig[32:])
			if checkByron(t, key, message, sig) {
				t.Errorf("S + %d L accepted", m)
			}
		}
	}
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	key, sig := []byte(secret.Public().(ed25519.PublicKey)), ed25519.Sign(secret, nil)
	for _, n := range []int{0, 31, 33} {
		if checkByron(t, slices.Clip(append(slices.Clone(key), 0)[:n]), nil, sig) {
			t.Errorf("a key of %d bytes accepted", n)
		}
	}
	for _, n := range []int{0, 32, 63, 65} {
		if checkByron(t, key, nil, slices.Clip(append(slices.Clone(sig), 0)[:n])) {
			t.Errorf("a signature of %d bytes accepted", n)
		}
	}
}

// Keys and R of small order count, under every encoding that has the point.
func TestByronSmallOrder(t *testing.T) {
	r := rand.NewChaCha8([32]byte{5})
	for _, y := range blacklist {
		for sign := range byte(2) {
			key, _ := hex.DecodeString(y)
			key[31] |= sign << 7
			accepted := 0
			for range 64 {
				k, _ := edwards25519.NewScalar().SetUniformBytes(random(r, 64))
				sig := append(new(edwards25519.Point).ScalarBaseMult(k).Bytes(), k.Bytes()...)
				message := random(r, 8)
				if checkByron(t, key, message, sig) {
					accepted++
				}
				// 0 B - k A, of small order itself
				sig = append(edwards25519.NewIdentityPoint().Bytes(), make([]byte, 32)...)
				if checkByron(t, key, message, sig) {
					accepted++
				}
			}
			if accepted == 0 {
				t.Errorf("nothing is accepted for the key %x", key)
			}
		}
	}
	// With the neutral point as the key, S B is R. S + 2 L is 2^253 and little
	// more.
	sig := append(bitByBit([]byte{5, 31: 0}, edwards25519.NewGeneratorPoint()).Bytes(), 5)
	sig = append(sig, make([]byte, 31)...)
	for times := range 3 {
		if got := checkByron(t, edwards25519.NewIdentityPoint().Bytes(), nil, sig); got != (times < 2) {
			t.Errorf("S = 5 and %d times the order: %v", times, got)
		}
		addOrder(sig[32:])
	}
	for _, y := range []string{"02", "03"} { // not on the curve, and above the prime
		key, _ := hex.DecodeString(y + "00000000000000000000000000000000000000000000000000000000000000")
		checkByron(t, key, nil, make([]byte, 64))
	}
}

func FuzzVerifyByron(f *testing.F) {
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	f.Add([]byte(secret.Public().(ed25519.PublicKey)), []byte("m"), ed25519.Sign(secret, []byte("m")))
	f.Fuzz(func(t *testing.T, key, message, sig []byte) {
		checkByron(t, key, message, sig)
	})
}
