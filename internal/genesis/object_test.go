package genesis

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/fuzz"
)

func TestParse(t *testing.T) {
	const twice = `{"a": 1, "A": 2, "a": 3}`
	first, err := Parse([]byte(twice))
	if a, _ := first.Uint("a", 9); a != 1 || err != nil {
		t.Errorf("the first of two is %d, %v", a, err)
	}
	last, err := ParseConfig([]byte(twice))
	if a, _ := last.Uint("a", 9); a != 3 || err != nil {
		t.Errorf("the last of two is %d, %v", a, err)
	}
	if a, _ := last.Uint("A", 9); a != 2 {
		t.Errorf("A is %d", a)
	}
	for _, bad := range []string{``, `[]`, `1`, `null`, `"x"`, `{`, `{"a":1,}`, `{"a":1}x`, `{"a":1}{}`, `{"a" 1}`, `{'a':1}`, "{\"a\":\"\xff\"}", "\ufeff{}", `{"a":01}`, `{"a":.5}`, `{"a":1.}`, `{"a":NaN}`} {
		if o, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q: %v", bad, o)
		}
	}
	if _, err := Parse([]byte(`{"a":1,}`)); !errors.As(err, new(*json.SyntaxError)) {
		t.Errorf("what is wrong is not said: %v", err)
	}
}

func value(t *testing.T, s string) Object {
	t.Helper()
	o, err := Parse([]byte(`{"v": ` + s + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Whole numbers are those that aeson reads into a word of that many bits.
func TestUint(t *testing.T) {
	for _, test := range []struct {
		in    string
		limit uint64
		want  uint64
		err   string
	}{
		{"0", 9, 0, ""}, {"-0", 9, 0, ""}, {"0.00e5", 9, 0, ""}, {"0e999999999999999999", 9, 0, ""}, {"-0e-999999999999999999", 9, 0, ""},
		{"1.0", 9, 1, ""}, {"2.16e3", math.MaxUint64, 2160, ""}, {"2160E-1", math.MaxUint64, 216, ""}, {"1e+3", 1000, 1000, ""}, {"0.005e3", 9, 5, ""},
		{"18446744073709551615", math.MaxUint64, math.MaxUint64, ""}, {"1844674407370955161.5e1", math.MaxUint64, math.MaxUint64, ""},
		{"1000000000000000000000e-2", math.MaxUint64, 10000000000000000000, ""},
		{"1e19", math.MaxUint64, 10000000000000000000, ""},
		{"18446744073709551616", math.MaxUint64, 0, "out of range"}, {"1e20", math.MaxUint64, 0, "out of range"}, {"1e999999999999999999", math.MaxUint64, 0, "out of range"},
		{"2e1073741824", math.MaxUint64, 0, "out of range"},
		{"9", 9, 9, ""}, {"10", 9, 0, "out of range"}, {"-1", 9, 0, "out of range"}, {"1.5", 9, 0, "not a whole number"}, {"1e-1", 9, 0, "not a whole number"},
		{"1e-999999999999999999", 9, 0, "not a whole number"}, {"-1.5", 9, 0, "not a whole number"},
		// Exponents that go beyond those of a machine with the digits, or without them.
		{"10e9223372036854775807", 9, 0, "out of range"}, {"10e99999999999999999999", 9, 0, "out of range"},
		{"1.5e-9223372036854775808", 9, 0, "not a whole number"}, {"1.5e-99999999999999999999", 9, 0, "not a whole number"},
		{`"1"`, 9, 0, "not a number"}, {"true", 9, 0, "not a number"}, {"[1]", 9, 0, "not a number"}, {"{}", 9, 0, "not a number"}, {"null", 9, 0, "v is missing"},
		{"1." + strings.Repeat("0", maxDigits-1), 9, 1, ""}, {"1." + strings.Repeat("0", maxDigits), 9, 0, "too many digits"},
	} {
		got, err := value(t, test.in).Uint("v", test.limit)
		check(t, test.in, got, err, test.want, test.err)
	}
	if _, err := (Object{}).Uint("v", 9); err == nil || err.Error() != "v is missing" {
		t.Error(err)
	}
}

// check compares a value with the one wanted, or an error with a part of it.
func check[T comparable](t *testing.T, in string, got T, err error, want T, part string) {
	t.Helper()
	if got != want || (err == nil) != (part == "") || err != nil && (!strings.Contains(err.Error(), part) || len(err.Error()) > 200) {
		t.Errorf("%.60s: %v, %v, want %v %s", in, got, err, want, part)
	}
}

func TestShare(t *testing.T) {
	for _, test := range []struct{ in, want, err string }{
		{"0.05", "1/20", ""}, {"1", "1/1", ""}, {"0", "0/1", ""}, {"-0.0", "0/1", ""}, {"0e99", "0/1", ""}, {"-0e-99", "0/1", ""}, {"1e-19", "1/10000000000000000000", ""}, {"5e-1", "1/2", ""},
		{"0.5" + strings.Repeat("0", 1000), "1/2", ""},
		{"10e-20", "1/10000000000000000000", ""},
		{"1e-20", "", "exponent beyond 19"}, {"0.00000000000000000001", "", "exponent beyond 19"}, {"1e20", "", "exponent beyond 19"},
		{"1e19", "", "not from 0 to 1"}, {"1.1", "", "not from 0 to 1"}, {"-0.1", "", "not from 0 to 1"}, {"1e-999999999999999999", "", "exponent"},
		{`"0.5"`, "", "not a number"}, {"[]", "", "not a number"}, {"null", "", "v is missing"},
		{`{"numerator": 1, "denominator": 3}`, "1/3", ""}, {`{"denominator": 6.0, "numerator": 2e0, "x": null}`, "1/3", ""},
		{`{"numerator": -1, "denominator": -3}`, "1/3", ""}, {`{"numerator": 0, "denominator": -3}`, "0/1", ""},
		{`{"numerator": 1e1024, "denominator": 3e1024}`, "1/3", ""},
		{`{"numerator": 18446744073709551614, "denominator": 18446744073709551615}`, "18446744073709551614/18446744073709551615", ""},
		{`{"numerator": 1, "denominator": 18446744073709551616}`, "", "too precise"},
		{`{"numerator": 1e1025, "denominator": 3e1025}`, "", "exponent beyond 1024"},
		{`{"numerator": 4, "denominator": 3}`, "", "not from 0 to 1"}, {`{"numerator": 1, "denominator": -3}`, "", "not from 0 to 1"},
		{`{"numerator": 1, "denominator": 0}`, "", "denominator 0"}, {`{"numerator": 1}`, "", "denominator is missing"}, {`{"denominator": 1}`, "", "numerator is missing"},
		{`{"numerator": 1.5, "denominator": 3}`, "", "not a whole number"}, {`{"numerator": "1", "denominator": 3}`, "", "not a number"},
	} {
		num, den, err := value(t, test.in).Share("v")
		got := ""
		if err == nil || num|den != 0 {
			got = fmt.Sprintf("%d/%d", num, den)
		}
		check(t, test.in, got, err, test.want, test.err)
	}
}

func TestSeconds(t *testing.T) {
	for _, test := range []struct {
		in   string
		want time.Duration
		err  string
	}{
		{"1", time.Second, ""}, {"0.1", 100 * time.Millisecond, ""}, {"2e1", 20 * time.Second, ""}, {"0.000001", time.Microsecond, ""},
		{"0.0000019", time.Microsecond, ""}, {"86400", 24 * time.Hour, ""}, {"86400.0000009", 24 * time.Hour, ""},
		{"0.0000009", 0, "not above 0"}, {"0", 0, "not above 0"}, {"-1", 0, "not above 0"}, {"86400.000001", 0, "up to a day"},
		{"1e1025", 0, "exponent"}, {"1e-1025", 0, "exponent"}, {`"1"`, 0, "not a number"}, {"1" + strings.Repeat("0", maxDigits), 0, "too many digits"},
	} {
		got, err := value(t, test.in).Seconds("v")
		check(t, test.in, got, err, test.want, test.err)
	}
}

func TestOtherValues(t *testing.T) {
	o, err := Parse([]byte(`{"t": "x", "b": true, "o": {"a": 1}, "l": [{"a": 1}, {}], "n": null, "bad": [1]}`))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := o.Text("t"); s != "x" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if b, err := o.Bool("b"); !b || err != nil {
		t.Errorf("%v, %v", b, err)
	}
	if in, err := o.Object("o"); len(in) != 1 || err != nil {
		t.Errorf("%v, %v", in, err)
	}
	if l, err := o.Objects("l"); len(l) != 2 || err != nil {
		t.Errorf("%v, %v", l, err)
	}
	if o.Has("n") || o.Has("x") || !o.Has("b") {
		t.Error("Has")
	}
	for _, key := range []string{"b", "o", "l", "n", "x"} {
		if s, err := o.Text(key); err == nil {
			t.Errorf("%s is %q", key, s)
		}
	}
	for _, key := range []string{"t", "o", "n", "x"} {
		if b, err := o.Bool(key); err == nil || b {
			t.Errorf("%s is %v", key, b)
		}
	}
	for _, key := range []string{"t", "b", "l", "n", "x"} {
		if in, err := o.Object(key); err == nil {
			t.Errorf("%s is %v", key, in)
		}
	}
	for _, key := range []string{"t", "b", "o", "n", "x", "bad"} {
		if l, err := o.Objects(key); err == nil || l != nil {
			t.Errorf("%s is %v", key, l)
		}
	}
}

// A number that is read twice in two forms is the same.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"2.16e3", "-0", "1e-19", "1e1024", "1E-1024", "0.1000009", `{"numerator": 1, "denominator": 3}`, "99999999999999999999e-5"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzz.Bound(t, 1<<20+400*len(b), func() {
			o, err := Parse([]byte(`{"v": ` + string(b) + `}`))
			if err != nil {
				return
			}
			if i, err := o.Uint("v", math.MaxUint64); err == nil {
				again, err := value(t, fmt.Sprintf("%d.0e0", i)).Uint("v", i)
				if err != nil || again != i {
					t.Errorf("%s is %d, and that %d, %v", b, i, again, err)
				}
			}
			if num, den, err := o.Share("v"); err == nil {
				n, d, err := value(t, fmt.Sprintf(`{"numerator": %d, "denominator": %d}`, num, den)).Share("v")
				if err != nil || n != num || d != den || num > den {
					t.Errorf("%s is %d/%d, and that %d/%d, %v", b, num, den, n, d, err)
				}
			}
			if s, err := o.Seconds("v"); err == nil && (s <= 0 || s > 24*time.Hour || s%time.Microsecond != 0) {
				t.Errorf("%s is %v", b, s)
			}
		})
	})
}
