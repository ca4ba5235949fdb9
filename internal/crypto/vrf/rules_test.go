package vrf

import (
	"bytes"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

// badKeys are the encodings that libsodium's ge25519_has_small_order lists, and
// those that ge25519_is_canonical refuses, with either sign.
func badKeys(t *testing.T) (keys [][]byte) {
	ys := []*big.Int{
		big.NewInt(0), big.NewInt(1),
		number(golden.Bytes(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
		number(golden.Bytes(t, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
	}
	for i := range int64(20) {
		ys = append(ys, new(big.Int).Add(fieldPrime, big.NewInt(i-1)))
	}
	for _, y := range ys {
		for sign := range byte(2) {
			b := littleEndian(y)
			b[31] |= sign << 7
			keys = append(keys, b)
		}
	}
	return keys
}

func TestKeyRules(t *testing.T) {
	for _, key := range badKeys(t) {
		if NewKey(key) != nil {
			t.Errorf("key %x accepted", key)
		}
	}
	key := golden.Bytes(t, vectors[0].key)
	for _, bad := range [][]byte{nil, key[:31], append(bytes.Clone(key), 0), golden.Bytes(t, "0200000000000000000000000000000000000000000000000000000000000000")} {
		if NewKey(bad) != nil {
			t.Errorf("key %x accepted", bad)
		}
	}
	small := smallOrder(t)
	for i, part := range small {
		mixed := plus(plainDecode(key), part).Bytes()
		k := NewKey(mixed)
		if k == nil {
			t.Fatalf("key with the part %d of small order refused", i)
		}
		if want := i != 0; (k.excess != nil) != want {
			t.Errorf("key with the part %d of small order: is it said to have one? %v", i, k.excess != nil)
		}
	}
}

func TestProofRules(t *testing.T) {
	r := rand.NewChaCha8([32]byte{5})
	none := edwards25519.NewIdentityPoint()
	for _, d := range drafts {
		for range 4 {
			alpha := littleEndian(secret(r))
			key, proof := d.prove(t, r, secret(r), none, none, alpha, minus)
			if _, ok := verify(key, alpha, proof); !ok {
				t.Fatalf("draft %s: proof refused", d.name)
			}
			refused := func(what string, proof []byte) {
				t.Helper()
				if out, ok := d.ours(NewKey(key), alpha, slices.Clip(proof)); ok || out != (Output{}) {
					t.Errorf("draft %s, %s: %v with output %x", d.name, what, ok, out)
				}
			}
			// s and multiples of the order more: the same factor of the generator
			// and of H.
			at := len(proof) - 32
			for m := int64(1); m < 16; m++ {
				s := new(big.Int).Add(number(proof[at:]), new(big.Int).Mul(order, big.NewInt(m)))
				if s.BitLen() <= 256 {
					refused(fmt.Sprintf("s + %d L", m), slices.Concat(proof[:at], littleEndian(s)))
				}
			}
			for top := byte(1); top < 16; top++ {
				bad := bytes.Clone(proof)
				bad[len(bad)-1] ^= top << 4
				refused(fmt.Sprintf("s with top bits %x changed", top), bad)
			}
			bad := bytes.Clone(proof)
			bad[31] ^= 0x80
			refused("the negative of Gamma", bad)
			for _, y := range badKeys(t) {
				refused(fmt.Sprintf("Gamma %x", y), slices.Concat(y, proof[32:]))
			}
			for n := range 2 * BatchCompatibleProofSize {
				if n != len(proof) {
					refused(fmt.Sprintf("%d bytes", n), slices.Concat(proof, proof, proof, proof)[:n])
				}
			}
		}
	}
}

// What decode lets through, which verdicts hardly show: a proof that holds and has a
// Gamma of small order cannot be made.
func TestDecode(t *testing.T) {
	one, most := littleEndian(big.NewInt(1)), littleEndian(new(big.Int).Sub(order, big.NewInt(1)))
	point := golden.Bytes(t, vectors[0].key)
	for _, test := range []struct {
		name     string
		gamma, s []byte
		ok       bool
	}{
		{"plain", point, one, true},
		{"s = 0", point, make([]byte, 32), true},
		{"s = L - 1", point, most, true},
		{"s = L", point, littleEndian(order), false},
		{"s = 2^252", point, littleEndian(new(big.Int).Lsh(big.NewInt(1), 252)), true},
		{"s = 2^253", point, littleEndian(new(big.Int).Lsh(big.NewInt(1), 253)), false},
		{"s = 2^255", point, littleEndian(new(big.Int).Lsh(big.NewInt(1), 255)), false},
		{"neutral", littleEndian(big.NewInt(1)), one, true},
		{"neutral, x = -0", golden.Bytes(t, "0100000000000000000000000000000000000000000000000000000000000080"), one, true},
		{"order 2, x = -0", golden.Bytes(t, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"), one, true},
		{"order 8", smallOrder(t)[1].Bytes(), one, true},
		{"not canonical", littleEndian(new(big.Int).Add(fieldPrime, big.NewInt(1))), one, false},
		{"no point", littleEndian(big.NewInt(2)), one, false},
		{"no point, s = L", littleEndian(big.NewInt(2)), littleEndian(order), false},
	} {
		gamma, s, ok := decode(test.gamma, test.s)
		if ok != test.ok {
			t.Errorf("%s: %v", test.name, ok)
		}
		if ok && (theirs(t, &gamma).Equal(plainDecode(test.gamma)) != 1 || !bytes.Equal(littleEndian(limbs(s)), test.s)) {
			t.Errorf("%s: read as %x, %x", test.name, encoded(&gamma), s)
		}
	}
}

func limbs(s [4]uint64) *big.Int {
	n := new(big.Int)
	for i := 3; i >= 0; i-- {
		n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(s[i]))
	}
	return n
}

// Proofs in which only U or only V is right: of another key, or of any Gamma.
func TestHalfProofs(t *testing.T) {
	r := rand.NewChaCha8([32]byte{6})
	g := edwards25519.NewGeneratorPoint()
	for _, d := range drafts {
		for _, right := range []string{"U", "V", "both"} {
			inKey, inGamma := secret(r), secret(r)
			x := inKey // of s
			switch right {
			case "V":
				x = inGamma
			case "both":
				inGamma = inKey
			}
			key, alpha := times(inKey, g).Bytes(), littleEndian(secret(r))
			h := d.encode(key, alpha)
			hEnc, k := encoded(&h), secret(r)
			gamma := times(inGamma, theirs(t, &h)).Bytes()
			u, v := times(k, g).Bytes(), times(k, theirs(t, &h)).Bytes()
			c := d.challenge(key, hEnc[:], gamma, u, v)
			s := new(big.Int).Mul(number(c), x)
			proof := d.proof(gamma, u, v, c, littleEndian(s.Add(s, k).Mod(s, order)))
			if out, ok := verify(key, alpha, proof); ok != (right == "both") || !ok && out != (Output{}) {
				t.Errorf("draft %s, %s right: %v with output %x", d.name, right, ok, out)
			}
		}
	}
}
