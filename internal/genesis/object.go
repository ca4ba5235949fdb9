package genesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"
	"unicode/utf8"
)

// Object is a JSON object. Other than in encoding/json, the case of its keys
// matters. A value that is null counts as missing.
type Object map[string]json.RawMessage

// Parse reads an object as aeson does: of two values for a key, the first
// counts.
func Parse(b []byte) (Object, error) { return parse(b, false) }

// ParseConfig reads an object as a node reads its configuration: of two values
// for a key, the last counts.
func ParseConfig(b []byte) (Object, error) { return parse(b, true) }

func parse(b []byte, last bool) (Object, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("is not text in UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(b, &whole); err != nil {
		return nil, err
	}
	// The syntax is right, so there are no more errors.
	d := json.NewDecoder(bytes.NewReader(whole))
	if t, _ := d.Token(); t != json.Delim('{') {
		return nil, errors.New("is not a JSON object")
	}
	o := make(Object)
	for d.More() {
		key, _ := d.Token()
		name, _ := key.(string)
		var value json.RawMessage
		_ = d.Decode(&value)
		if _, ok := o[name]; !ok || last {
			o[name] = value
		}
	}
	return o, nil
}

// Has reports whether o has a value for key.
func (o Object) Has(key string) bool {
	value, ok := o[key]
	return ok && !bytes.Equal(value, []byte("null"))
}

// get returns the value for key by a function that reads it.
func get[T any](o Object, key string, read func(json.RawMessage) (T, error)) (T, error) {
	var none T
	if !o.Has(key) {
		return none, fmt.Errorf("%s is missing", key)
	}
	v, err := read(o[key])
	if err != nil {
		return none, fmt.Errorf("%s: %.40q %w", key, o[key], err)
	}
	return v, nil
}

// Uint returns a whole number from 0 to limit. It may be written as a decimal
// or with an exponent.
func (o Object) Uint(key string, limit uint64) (uint64, error) {
	return get(o, key, func(raw json.RawMessage) (uint64, error) {
		n, err := parseNumber(raw)
		if err != nil {
			return 0, err
		}
		return n.uint(limit)
	})
}

// Bool returns true or false.
func (o Object) Bool(key string) (v bool, err error) {
	return get(o, key, func(raw json.RawMessage) (bool, error) {
		if json.Unmarshal(raw, &v) != nil {
			return false, errors.New("is not true or false")
		}
		return v, nil
	})
}

// Text returns a string.
func (o Object) Text(key string) (string, error) {
	return get(o, key, func(raw json.RawMessage) (s string, err error) {
		if json.Unmarshal(raw, &s) != nil {
			return "", errors.New("is not a string")
		}
		return s, nil
	})
}

// Object returns an object in o.
func (o Object) Object(key string) (Object, error) {
	return get(o, key, func(raw json.RawMessage) (Object, error) { return Parse(raw) })
}

// Objects returns a list of objects.
func (o Object) Objects(key string) ([]Object, error) {
	return get(o, key, func(raw json.RawMessage) ([]Object, error) {
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			return nil, errors.New("is not a list")
		}
		objects := make([]Object, len(items))
		for i, item := range items {
			var err error
			if objects[i], err = Parse(item); err != nil {
				return nil, err
			}
		}
		return objects, nil
	})
}

// Share returns a fraction from 0 to 1, exactly: a number, or an object of a
// numerator and a denominator. A node writes the latter when the number would
// have no end. (cardano-ledger, BaseTypes.hs, BoundedRatio)
func (o Object) Share(key string) (num, den uint64, err error) {
	r, err := get(o, key, parseShare)
	if err != nil {
		return 0, 0, err
	}
	return r.Num().Uint64(), r.Denom().Uint64(), nil
}

// parseShare reads a fraction from 0 to 1 of numbers of 64 bits.
func parseShare(raw json.RawMessage) (*big.Rat, error) {
	read := parseDecimals
	if raw[0] == '{' {
		read = parseFraction
	}
	r, err := read(raw)
	if err == nil && (r.Sign() < 0 || r.Cmp(big.NewRat(1, 1)) > 0 || !r.Denom().IsUint64()) {
		err = errors.New("is not from 0 to 1, or too precise")
	}
	return r, err
}

// parseDecimals reads a number with as many decimals as a ratio of 64 bits may have.
func parseDecimals(raw json.RawMessage) (*big.Rat, error) {
	n, err := parseNumber(raw)
	if err != nil {
		return nil, err
	}
	return n.normal().rat(maxDecimals)
}

// parseFraction reads an object of two whole numbers. Only their ratio counts:
// they need not be reduced, and both may be negative.
func parseFraction(raw json.RawMessage) (*big.Rat, error) {
	o, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	num, err := get(o, "numerator", parseInteger)
	if err != nil {
		return nil, err
	}
	den, err := get(o, "denominator", parseInteger)
	switch {
	case err != nil:
		return nil, err
	case den.Sign() == 0:
		return nil, errors.New("has the denominator 0")
	}
	return num.Quo(num, den), nil
}

// parseInteger reads a whole number of any sign.
func parseInteger(raw json.RawMessage) (*big.Rat, error) {
	n, err := parseNumber(raw)
	if err != nil {
		return nil, err
	}
	r, err := n.rat(aesonExp)
	if err == nil && !r.IsInt() {
		err = errors.New("is not a whole number")
	}
	return r, err
}

// Seconds returns a time in seconds, which is cut to microseconds.
func (o Object) Seconds(key string) (time.Duration, error) {
	return get(o, key, func(raw json.RawMessage) (time.Duration, error) {
		n, err := parseNumber(raw)
		if err != nil {
			return 0, err
		}
		return n.seconds()
	})
}
