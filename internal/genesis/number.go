package genesis

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// number is a JSON number as aeson reads it: digits times ten to the power exp.
type number struct {
	neg    bool
	digits string // without zeros in front, empty for zero
	exp    int
}

const (
	// maxDigits bounds what is computed with. No value that is read has so many.
	maxDigits = 2048

	// maxExp stands for every larger exponent: none of them is in range.
	maxExp = 1 << 30

	// aesonExp is the largest exponent of a number that aeson makes a fraction
	// or an unbounded integer of.
	aesonExp = 1024

	// maxDecimals is how many decimals a ratio of 64 bits may have.
	// (cardano-ledger, BaseTypes.hs, maxDecimalsWord64)
	maxDecimals = 19
)

// parseNumber reads a number whose syntax is that of JSON. A string is none,
// whatever is in it.
func parseNumber(raw []byte) (number, error) {
	s := string(raw)
	if s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return number{}, errors.New("is not a number")
	}
	var n number
	s, n.neg = strings.CutPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exp, err := strconv.Atoi(s[i+1:])
		if err != nil || exp > maxExp || exp < -maxExp { // the syntax is right, so it is too large
			exp = maxExp
			if strings.Contains(s[i:], "-") {
				exp = -maxExp
			}
		}
		s, n.exp = s[:i], exp
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n.digits = strings.TrimLeft(whole+fraction, "0")
	n.exp -= len(fraction)
	if len(n.digits) > maxDigits {
		return number{}, errors.New("has too many digits")
	}
	return n, nil
}

// normal returns n with as few digits as possible.
func (n number) normal() number {
	if n.digits == "" {
		return number{}
	}
	short := strings.TrimRight(n.digits, "0")
	return number{n.neg, short, n.exp + len(n.digits) - len(short)}
}

// uint returns n if it is a whole number from 0 to limit, however it is
// written.
func (n number) uint(limit uint64) (uint64, error) {
	n = n.normal()
	switch {
	case n.digits == "":
		return 0, nil
	case n.exp < 0:
		return 0, errors.New("is not a whole number")
	case n.neg:
		return 0, errors.New("is out of range")
	}
	// 2^64 has 20 digits: with 20 zeros a number is out of range.
	v, err := strconv.ParseUint(n.digits+strings.Repeat("0", min(n.exp, 20)), 10, 64)
	if err != nil || v > limit {
		return 0, errors.New("is out of range")
	}
	return v, nil
}

// rat returns n, whose exponent may be at most limit.
func (n number) rat(limit int) (*big.Rat, error) {
	if n.exp > limit || n.exp < -limit {
		return nil, fmt.Errorf("has an exponent beyond %d", limit)
	}
	i, _ := new(big.Int).SetString("0"+n.digits, 10)
	if n.neg {
		i.Neg(i)
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n.exp, -n.exp))), nil)
	if n.exp < 0 {
		return new(big.Rat).SetFrac(i, power), nil
	}
	return new(big.Rat).SetInt(i.Mul(i, power)), nil
}

// seconds returns n seconds, up to a day. A node counts whole microseconds and
// drops the rest. (cardano-ledger, Shelley/Genesis.hs, NominalDiffTimeMicro)
func (n number) seconds() (time.Duration, error) {
	r, err := n.rat(aesonExp)
	if err != nil {
		return 0, err
	}
	r.Mul(r, big.NewRat(int64(time.Second/time.Microsecond), 1))
	micros := new(big.Int).Div(r.Num(), r.Denom()) // rounds down
	if micros.Sign() <= 0 || micros.Cmp(big.NewInt(int64(24*time.Hour/time.Microsecond))) > 0 {
		return 0, errors.New("is not above 0 and up to a day")
	}
	return time.Duration(micros.Int64()) * time.Microsecond, nil
}
