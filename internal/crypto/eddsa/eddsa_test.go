package eddsa

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"

	"github.com/ouronet/ouronet/internal/crypto/curve"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

func random(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

// plain is crypto_sign_ed25519_verify_detached of libsodium, built without
// ED25519_COMPAT, rule by rule.
func plain(key, message, sig []byte) bool {
	if len(key) != 32 || len(sig) != 64 {
		return false
	}
	s, err := edwards25519.NewScalar().SetCanonicalBytes(sig[32:])
	if err != nil || listed(sig[:32]) || !canonical(key) || listed(key) {
		return false
	}
	a, err := new(edwards25519.Point).SetBytes(key)
	if err != nil {
		return false
	}
	hash := sha512.Sum512(slices.Concat(sig[:32], key, message))
	k, _ := edwards25519.NewScalar().SetUniformBytes(hash[:])
	r := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(k, a.Negate(a), s)
	return bytes.Equal(r.Bytes(), sig[:32])
}

// blacklist holds the coordinates that ge25519_has_small_order compares with.
var blacklist = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func listed(point []byte) bool {
	y := bytes.Clone(point)
	y[31] &= 0x7f
	return slices.Contains(blacklist, hex.EncodeToString(y))
}

// canonical reports whether y is below 2^255 - 19.
func canonical(point []byte) bool {
	y := bytes.Clone(point)
	y[31] &= 0x7f
	slices.Reverse(y)
	return bytes.Compare(y, append(append([]byte{0x7f}, bytes.Repeat([]byte{0xff}, 30)...), 0xed)) < 0
}

// check compares both ways to verify with libsodium's rules.
func check(t *testing.T, key, message, sig []byte) bool {
	t.Helper()
	want := plain(key, message, sig)
	if got := Verify(key, message, sig); got != want {
		t.Errorf("key %x, message %x, signature %x: %v, want %v", key, message, sig, got, want)
	}
	ready := NewKey(key)
	if got := ready != nil && ready.Verify(message, sig); got != want {
		t.Errorf("key %x, message %x, signature %x: %v with a table, want %v", key, message, sig, got, want)
	}
	return want
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
	}
}

// Sizes other than those of keys and signatures.
func TestSizes(t *testing.T) {
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	key, sig := []byte(secret.Public().(ed25519.PublicKey)), ed25519.Sign(secret, nil)
	for _, n := range []int{0, 1, 31, 32, 33, 63, 64, 65} {
		other := append(slices.Clone(key), key...)
		other = slices.Clip(append(other, 0)[:n])
		if check(t, other, nil, sig) != (n == KeySize) || (NewKey(other) != nil) != (n == KeySize) {
			t.Errorf("a key of %d bytes", n)
		}
		if check(t, key, nil, slices.Clip(append(slices.Clone(sig), 0)[:n])) != (n == SignatureSize) {
			t.Errorf("a signature of %d bytes", n)
		}
	}
}

// A verification with a key made ready allocates nothing up to 960 bytes.
func TestAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	key, message := NewKey(secret.Public().(ed25519.PublicKey)), make([]byte, 960)
	sig := ed25519.Sign(secret, message)
	if n := testing.AllocsPerRun(10, func() { key.Verify(message, sig) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// s with multiples of the order added, which leave s B the same, with and
// without the top bits set.
func TestReducedS(t *testing.T) {
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	key, sig := []byte(secret.Public().(ed25519.PublicKey)), ed25519.Sign(secret, nil)
	if sig[63] > 0x0f {
		t.Fatal("15 times the order does not fit")
	}
	for m := range 15 {
		addOrder(sig[32:])
		if check(t, key, nil, sig) {
			t.Errorf("s and %d times the order accepted", m+1)
		}
	}
}

// Signatures that fulfil the equation with R or the key of small order:
// crypto/ed25519 takes them, libsodium does not.
func TestSmallOrder(t *testing.T) {
	r := rand.NewChaCha8([32]byte{3})
	torsion, _ := hex.DecodeString(blacklist[3])
	order8, err := new(edwards25519.Point).SetBytes(torsion)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, where := range []string{"R", "key", "both"} {
		part := edwards25519.NewIdentityPoint()
		for range 8 {
			part.Add(part, order8)
			a := edwards25519.NewScalar() // of the key
			k := edwards25519.NewScalar() // of R
			inKey, inR := part, edwards25519.NewIdentityPoint()
			switch where {
			case "R":
				a, _ = a.SetUniformBytes(random(r, 64))
			case "key":
				k, _ = k.SetUniformBytes(random(r, 64))
			}
			key := new(edwards25519.Point).ScalarBaseMult(a)
			key.Add(key, inKey)
			for {
				// R must have the part that h times the key's leaves.
				p := new(edwards25519.Point).ScalarBaseMult(k)
				p.Add(p, inR)
				message := random(r, 16)
				hash := sha512.Sum512(slices.Concat(p.Bytes(), key.Bytes(), message))
				h, _ := edwards25519.NewScalar().SetUniformBytes(hash[:])
				sig := append(p.Bytes(), edwards25519.NewScalar().MultiplyAdd(h, a, k).Bytes()...)
				if !ed25519.Verify(key.Bytes(), message, sig) {
					inR.Add(inR, order8)
					continue
				}
				if check(t, key.Bytes(), message, sig) {
					t.Errorf("%s of small order: key %x, message %x, signature %x accepted", where, key.Bytes(), message, sig)
				}
				if where == "R" {
					seen[hex.EncodeToString(p.Bytes())] = true
				}
				break
			}
		}
	}
	if len(seen) < 3 {
		t.Errorf("%d points of small order as R", len(seen))
	}
}

// Keys under each sign: of small order, not below the prime, or no point.
func TestKeys(t *testing.T) {
	secret := ed25519.NewKeyFromSeed(make([]byte, 32))
	sig := ed25519.Sign(secret, nil)
	bad := slices.Clone(blacklist)
	for last := 0xed; last <= 0xff; last++ {
		bad = append(bad, fmt.Sprintf("%02x%s7f", last, strings.Repeat("ff", 30)))
	}
	bad = append(bad, "02"+strings.Repeat("00", 31))
	for _, y := range bad {
		for sign := range byte(2) {
			key, _ := hex.DecodeString(y)
			key[31] |= sign << 7
			if NewKey(key) != nil {
				t.Errorf("key %x accepted", key)
			}
			if check(t, key, nil, sig) || check(t, secret.Public().(ed25519.PublicKey), nil, append(key, sig[32:]...)) {
				t.Errorf("%x accepted as a key or in a signature", key)
			}
		}
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
	for i := range 200 { // but those below are
		y := prime
		y[0] -= byte(i + 2)
		if !strong(y[:]) {
			t.Errorf("%x is not strong", y)
		}
		y[1]--
		y[0] = 0xff
		if !strong(y[:]) {
			t.Errorf("%x is not strong", y)
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
		check(t, key, message, sig)
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
