package vrf

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/ouronet/ouronet/internal/crypto/curve"
	"github.com/ouronet/ouronet/internal/testing/golden"
)

// The drafts in big numbers and plain sums, as libsodium computes them: what
// the package is compared with where a point has a part of small order.

var (
	fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	order      = number([]byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	})
)

// number reads a number, least significant byte first.
func number(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// littleEndian is the inverse of number, 32 bytes long.
func littleEndian(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

// plainDecode decodes a point whose y is below the prime; nil if it is none.
func plainDecode(b []byte) *edwards25519.Point {
	y := bytes.Clone(b)
	y[31] &= 0x7f
	p, err := new(edwards25519.Point).SetBytes(b)
	if err != nil || number(y).Cmp(fieldPrime) >= 0 {
		return nil
	}
	return p
}

// times is n p, bit by bit: n is not taken modulo anything.
func times(n *big.Int, p *edwards25519.Point) *edwards25519.Point {
	product := edwards25519.NewIdentityPoint()
	for i := n.BitLen() - 1; i >= 0; i-- {
		product.Add(product, product)
		if n.Bit(i) == 1 {
			product.Add(product, p)
		}
	}
	return product
}

func plus(p, q *edwards25519.Point) *edwards25519.Point {
	return new(edwards25519.Point).Add(p, q)
}

func theirs(t *testing.T, p *curve.Point) *edwards25519.Point {
	t.Helper()
	b := encoded(p)
	q, err := new(edwards25519.Point).SetBytes(b[:])
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func encoded(p *curve.Point) [curve.Size]byte {
	var out [1][curve.Size]byte
	curve.Encode(out[:], p)
	return out[0]
}

// draft is what differs between the drafts.
type draft struct {
	name      string
	ours      func(k *Key, alpha, proof []byte) (Output, bool)
	encode    func(key, alpha []byte) curve.Point
	challenge func(key, h, gamma, u, v []byte) []byte
	output    func(gamma8 []byte) Output
	proof     func(gamma, u, v, c, s []byte) []byte
}

func fixed(b []byte) *[curve.Size]byte { return (*[curve.Size]byte)(b) }

var drafts = []draft{
	{
		"03", (*Key).Verify, EncodeToCurve03,
		func(_, h, gamma, u, v []byte) []byte {
			c := Challenge03(fixed(h), fixed(gamma), fixed(u), fixed(v))
			return c[:]
		},
		func(gamma8 []byte) Output { return Output03(fixed(gamma8)) },
		func(gamma, _, _, c, s []byte) []byte { return slices.Concat(gamma, c, s) },
	},
	{
		"13", (*Key).VerifyBatchCompatible, encodeToCurve13,
		func(key, h, gamma, u, v []byte) []byte {
			c := challenge13(fixed(key), fixed(h), fixed(gamma), fixed(u), fixed(v))
			return c[:]
		},
		func(gamma8 []byte) Output { return output13(fixed(gamma8)) },
		func(gamma, u, v, _, s []byte) []byte { return slices.Concat(gamma, u, v, s) },
	},
}

// verify is what libsodium's crypto_vrf_ietfdraft03_verify and
// crypto_vrf_ietfdraft13_verify_batchcompat do.
func (d *draft) verify(t *testing.T, key, alpha, proof []byte) (output Output, ok bool) {
	y, gamma := plainDecode(key), plainDecode(proof[:32])
	s := number(proof[len(proof)-32:])
	eight := big.NewInt(8)
	if y == nil || times(eight, y).Equal(edwards25519.NewIdentityPoint()) == 1 || gamma == nil || s.Cmp(order) >= 0 {
		return output, false
	}
	h := d.encode(key, alpha)
	hEnc := encoded(&h)
	var c []byte
	if d.name == "03" {
		c = proof[32:48]
	} else {
		c = d.challenge(key, hEnc[:], proof[:32], proof[32:64], proof[64:96])
	}
	n := minus(number(c))
	u := plus(times(s, edwards25519.NewGeneratorPoint()), times(n, y)).Bytes()
	v := plus(times(s, theirs(t, &h)), times(n, gamma)).Bytes()
	if d.name == "03" {
		ok = bytes.Equal(d.challenge(key, hEnc[:], proof[:32], u, v), c)
	} else {
		ok = bytes.Equal(slices.Concat(u, v), proof[32:96])
	}
	if !ok {
		return output, false
	}
	return d.output(times(eight, gamma).Bytes()), true
}

// minus is crypto_core_ed25519_scalar_negate.
func minus(c *big.Int) *big.Int {
	n := new(big.Int).Neg(c)
	return n.Mod(n, order)
}

// prove makes a proof for the key x B + inKey with Gamma = x H + inGamma, which
// holds for whom factor is what the points are multiplied by, given c.
func (d *draft) prove(t *testing.T, r *rand.ChaCha8, x *big.Int, inKey, inGamma *edwards25519.Point, alpha []byte, factor func(c *big.Int) *big.Int) (key, proof []byte) {
	key = plus(times(x, edwards25519.NewGeneratorPoint()), inKey).Bytes()
	h := d.encode(key, alpha)
	hEnc, hPoint := encoded(&h), theirs(t, &h)
	gamma := plus(times(x, hPoint), inGamma).Bytes()
	for {
		k := secret(r)
		// With s = k + c x, U is k B and the factor times the part in the key.
		u, v := times(k, edwards25519.NewGeneratorPoint()), times(k, hPoint)
		for j := range int64(8) {
			c := d.challenge(key, hEnc[:], gamma, u.Bytes(), v.Bytes())
			f := factor(number(c))
			if f.Mod(f, big.NewInt(8)).Int64() == j {
				s := new(big.Int).Mul(number(c), x)
				s.Add(s, k).Mod(s, order)
				return key, d.proof(gamma, u.Bytes(), v.Bytes(), c, littleEndian(s))
			}
			u.Add(u, inKey)
			v.Add(v, inGamma)
		}
	}
}

func secret(r *rand.ChaCha8) *big.Int {
	var b [64]byte
	r.Read(b[:])
	n := number(b[:])
	return n.Mod(n, order)
}

// smallOrder returns the eight points of small order, i times one of order 8 at
// index i.
func smallOrder(t *testing.T) (points [8]*edwards25519.Point) {
	t.Helper()
	p := plainDecode(golden.Bytes(t, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
	for i := range points {
		points[i] = times(big.NewInt(int64(i)), p)
	}
	return points
}
