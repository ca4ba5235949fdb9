package praos

import (
	"math/big"

	"github.com/ouronet/ouronet/ledger"
)

// threshold decides leadership as the reference does: 1/(1-p) is compared with
// exp(-sigma ln(1-f)) in decimal fixed point with 34 digits, rounding down at
// each step, so that both agree to the last digit. (cardano-ledger:
// libs/cardano-protocol, BlockHeader.hs, checkLeaderNatValue; libs/non-integral,
// NonIntegral.hs)
type threshold struct {
	always bool     // f is 1
	ln     *big.Int // ln(1-f), fixed point
}

// one is 1 in fixed point.
var one = new(big.Int).Exp(big.NewInt(10), big.NewInt(34), nil)

// epsilon is where the reference's series and fractions stop: 10^-24.
var epsilon = new(big.Int).Exp(big.NewInt(10), big.NewInt(34-24), nil)

// maxTerms is after how many terms the reference gives up.
const maxTerms = 1000

func newThreshold(f ledger.Ratio) *threshold {
	if f.Num == f.Den {
		return &threshold{always: true}
	}
	return &threshold{ln: ln(new(big.Int).Sub(one, fixed(new(big.Int).SetUint64(f.Num), new(big.Int).SetUint64(f.Den))))}
}

// leads reports whether value, big endian, is low enough for a share of the
// stake. Undecided after all terms means no.
func (t *threshold) leads(value []byte, stake ledger.Ratio) bool {
	if t.always {
		return true
	}
	if stake.Den == 0 {
		return false
	}
	bound := new(big.Int).Lsh(big.NewInt(1), uint(8*len(value)))
	rest := new(big.Int).SetBytes(value)
	rest.Sub(bound, rest)
	compared := fixed(bound, rest) // 1/(1-p)

	x := fixed(new(big.Int).SetUint64(stake.Num), new(big.Int).SetUint64(stake.Den))
	x = mul(x, t.ln)
	x.Neg(x)                              // after rounding down: the sign binds less tightly there
	sum, term := new(big.Int).Set(one), x // of the exponential series
	for n := int64(1); n <= maxTerms; n++ {
		sum.Add(sum, term)
		term = div(mul(term, x), whole(n+1))
		slack := new(big.Int).Mul(term, big.NewInt(3)) // at least the rest of the series
		slack.Abs(slack)
		if compared.Cmp(new(big.Int).Add(sum, slack)) >= 0 {
			return false
		}
		if compared.Cmp(slack.Sub(sum, slack)) < 0 {
			return true
		}
	}
	return false
}

// fixed returns a/b in fixed point, rounded down; b is positive.
func fixed(a, b *big.Int) *big.Int {
	n := new(big.Int).Mul(a, one)
	return n.Div(n, b) // Euclid's, which rounds down for b > 0
}

func whole(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), one) }

// mul returns the product of two numbers in fixed point, rounded down.
func mul(a, b *big.Int) *big.Int {
	n := new(big.Int).Mul(a, b)
	return n.Div(n, one)
}

// div returns the quotient of two numbers in fixed point, rounded down; b is
// positive.
func div(a, b *big.Int) *big.Int { return fixed(a, b) }

// power returns x^n by squaring, in the reference's order of products.
func power(x *big.Int, n int64) *big.Int {
	switch {
	case n < 0:
		return div(one, power(x, -n))
	case n == 0:
		return new(big.Int).Set(one)
	case n%2 == 0:
		y := power(x, n/2)
		return mul(y, y)
	}
	return mul(x, power(x, n-1))
}

// euler returns e by the exponential series.
func euler() *big.Int {
	sum, last := new(big.Int).Set(one), new(big.Int).Set(one)
	for n := int64(1); n < maxTerms; n++ {
		last = div(mul(last, one), whole(n))
		if last.CmpAbs(epsilon) < 0 {
			break
		}
		sum.Add(sum, last)
	}
	return sum
}

// ln returns the natural logarithm of a positive number: the power of e below
// it, and a continued fraction for the rest.
func ln(x *big.Int) *big.Int {
	e := euler()
	n := exponent(e, x)
	rest := div(x, power(e, n))
	rest.Sub(rest, one)
	return rest.Add(whole(n), lnOnePlus(rest))
}

// exponent returns n with e^n <= x < e^(n+1).
func exponent(e, x *big.Int) int64 {
	low, high := div(one, e), e
	l, u := int64(-1), int64(1)
	for low.Cmp(x) > 0 || x.Cmp(high) > 0 {
		low, high = mul(low, low), mul(high, high)
		l, u = 2*l, 2*u
	}
	for l+1 != u {
		if mid := l + (u-l)/2; x.Cmp(power(e, mid)) < 0 {
			u = mid
		} else {
			l = mid
		}
	}
	return l
}

// lnOnePlus returns ln(1+x) for x >= 0 by the convergents A/B of the continued
// fraction with partial numerators x, x, x, 4x, 4x, 9x, 9x ... and denominators
// 1, 2, 3 ...
func lnOnePlus(x *big.Int) *big.Int {
	a2, b2 := new(big.Int).Set(one), new(big.Int)
	a1, b1 := new(big.Int), new(big.Int).Set(one)
	var last *big.Int
	for n := int64(0); ; n++ {
		numerator := x
		if k := (n + 1) / 2; n > 0 {
			numerator = mul(x, whole(k*k))
		}
		denominator := whole(n + 1)
		a := new(big.Int).Add(mul(denominator, a1), mul(numerator, a2))
		b := new(big.Int).Add(mul(denominator, b1), mul(numerator, b2))
		value := div(a, b)
		if n == maxTerms || last != nil && new(big.Int).Sub(last, value).CmpAbs(epsilon) < 0 {
			return value
		}
		last = value
		a2, b2, a1, b1 = a1, b1, a, b
	}
}
