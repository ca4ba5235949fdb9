package genesis

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/fuzz"
)

// What is hashed is the form that canonical-json writes.
func TestCanonical(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{}`, `{}`},
		{"\t{ \"b\" : [ 1 , -20 , 0 ] ,\n\"a\"\f:\v{\"z\":null,\"y\":true,\"x\":false\xa0} }\r\n", `{"a":{"x":false,"y":true,"z":null},"b":[1,-20,0]}`},
		{`{"a":1,"B":2,"aa":3,"":4}`, `{"":4,"B":2,"a":1,"aa":3}`},
		{`{"b":1,"a":2,"b":0,"a":1}`, `{"a":2,"a":1,"b":1,"b":0}`}, // both stay, in their order
		{`["\"\\/", "` + "\n\x00\x7f\xff\u2028é" + `"]`, `["\"\\/","` + "\n\x00\x7f\xff\u2028é" + `"]`},
		{"{\"\xff\":1,\"\xc3\":2,\"z\":3}", "{\"z\":3,\"\xc3\":2,\"\xff\":1}"},
		{`[999999999999999, -999999999999999]`, `[999999999999999,-999999999999999]`},
		{`[] junk`, `[]`},
		{`"a`, ""}, {`"\n"`, ""}, {`"\u0041"`, ""}, {`"\/"`, ""}, {`"\`, ""},
		{`[1000000000000000]`, ""}, {`[01]`, ""}, {`[-0]`, ""}, {`[-]`, ""}, {`[+1]`, ""}, {`[1.0]`, ""}, {`[1e3]`, ""},
		{`[1,]`, ""}, {`[,1]`, ""}, {`[1 2]`, ""}, {`[`, ""}, {`{"a":1,}`, ""}, {`{"a" 1}`, ""}, {`{a:1}`, ""}, {`{1:1}`, ""}, {`{"a":}`, ""}, {`{"a"`, ""},
		{``, ""}, {` `, ""}, {`nul`, ""}, {`TRUE`, ""},
		{strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)},
		{strings.Repeat(`{"":`, maxDepth) + "0" + strings.Repeat("}", maxDepth), strings.Repeat(`{"":`, maxDepth) + "0" + strings.Repeat("}", maxDepth)},
		{strings.Repeat(`{"":`, maxDepth+1) + "0" + strings.Repeat("}", maxDepth+1), ""},
		{strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2), ""},
	} {
		v, err := ParseCanonical([]byte(test.in))
		if got := string(v.AppendCanonical(nil)); err == nil && got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%.60q: %.60q, %v, want %.60q", test.in, got, err, test.want)
		}
	}
}

func TestCanonicalFields(t *testing.T) {
	v, err := ParseCanonical([]byte(`{"n":{"i":-59,"i":6,"s":" 00987 ","t":"x","neg":"-1","null":null},"list":[7]}`))
	if err != nil {
		t.Fatal(err)
	}
	field := func(path ...string) Value {
		f, err := v.Field(path...)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if i, err := field("n", "i").Int(); i != -59 || err != nil {
		t.Errorf("the first of two is %d, %v", i, err)
	}
	if n, err := field("n", "s").Natural(); n != 987 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if keys, err := field("n").Keys(); !slices.Equal(keys, []string{"i", "i", "s", "t", "neg", "null"}) || err != nil {
		t.Errorf("keys %q, %v", keys, err)
	}
	for _, path := range [][]string{{"x"}, {"n", "x"}, {"list", "x"}, {"n", "i", "x"}} {
		if _, err := v.Field(path...); err == nil || err.Error() != "x is missing" {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, key := range []string{"s", "t", "null"} {
		if i, err := field("n", key).Int(); err == nil || i != 0 {
			t.Errorf("%s is a number", key)
		}
	}
	for _, key := range []string{"i", "t", "neg", "null"} {
		if n, err := field("n", key).Natural(); err == nil || n != 0 {
			t.Errorf("%s is a natural number in a string", key)
		}
	}
	if _, err := field("list").Keys(); err == nil {
		t.Error("a list has keys")
	}
}

// The canonical form of a canonical form is the same, and of no more bytes.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"a": ["\"\\", 1, -20, 0, null, true, false], "a": {}}`))
	f.Add([]byte("\xa0[\"\xff\n\"] x"))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzz.Bound(t, 1<<20+400*len(b), func() {
			v, err := ParseCanonical(b)
			if err != nil {
				if len(err.Error()) > 200 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
				return
			}
			once := v.AppendCanonical(nil)
			again, err := ParseCanonical(once)
			if err != nil || !bytes.Equal(again.AppendCanonical(nil), once) || len(once) > len(b) {
				t.Errorf("%q became %q, and that %q, %v", b, once, again.AppendCanonical(nil), err)
			}
		})
	})
}
