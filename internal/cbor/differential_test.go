package cbor_test

import (
	"bytes"
	"errors"
	"strconv"
	"testing"

	fx "github.com/fxamacker/cbor/v2"

	"github.com/ouronet/ouronet/internal/cbor"
)

// oracle takes all of CBOR. It differs from us on purpose in three ways:
//   - it counts depth otherwise, so its bound is set out of the way and inputs
//     that we refuse for their depth are left out;
//   - lengths above [cbor.MaxLength] we refuse at the head, it when the bytes
//     run out: to both the input is not an item;
//   - it looks at the next byte to refuse a wrong chunk in an indefinite string,
//     we at the whole head: to both the input is not an item.
var oracle = func() fx.DecMode {
	mode, err := fx.DecOptions{
		MaxNestedLevels:  65535,
		MaxArrayElements: 1<<31 - 1,
		MaxMapPairs:      1<<31 - 1,
		UTF8:             fx.UTF8DecodeInvalid, // nor do we look at text
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

func FuzzAgainstOracle(f *testing.F) {
	addItems(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s cbor.Scanner
		n, done, err := s.Scan(b)
		if err == cbor.ErrDepth || len(b) == 0 {
			return
		}
		if err == cbor.ErrLength && strconv.IntSize == 32 {
			return // the oracle drops the high bits of a length there
		}
		if done {
			if err := oracle.Wellformed(b[:n]); err != nil {
				t.Fatalf("done after %d bytes of %x; oracle: %v", n, b, err)
			}
			compareValue(t, b[:n])
			return
		}
		var extra *fx.ExtraneousDataError
		if theirs := oracle.Wellformed(b); theirs == nil || errors.As(theirs, &extra) {
			t.Fatalf("%x is no item (%v); oracle: %v", b, err, theirs)
		}
	})
}

// compareValue reads an item of a kind that Reader knows with both. Tags are
// left out: the oracle checks what is inside dates and big numbers.
func compareValue(t *testing.T, b []byte) {
	t.Helper()
	r := cbor.NewReader(b)
	var err error
	same := true
	switch major := b[0] >> 5; {
	case b[0]&0x1f == 31:
		return // indefinite, which Reader does not read in one go
	case b[0] == 0xf4 || b[0] == 0xf5:
		var v bool
		err = oracle.Unmarshal(b, &v)
		same = v == r.Bool()
	case major == 0:
		var v uint64
		err = oracle.Unmarshal(b, &v)
		same = v == r.Uint()
	case major == 2:
		var v []byte
		err = oracle.Unmarshal(b, &v)
		same = bytes.Equal(v, r.Bytes())
	case major == 3:
		var v string
		err = oracle.Unmarshal(b, &v)
		same = v == r.Text()
	case major == 4:
		var v []fx.RawMessage
		if oracle.Unmarshal(b, &v) != nil {
			return // a bad date or big number within
		}
		same = len(v) == r.Array()
		for i := 0; same && i < len(v); i++ {
			same = bytes.Equal(v[i], r.Raw())
		}
	default:
		return
	}
	if err != nil {
		t.Fatalf("%x: oracle cannot decode: %v", b, err)
	}
	if !same || r.Close() != nil {
		t.Fatalf("%x: read differently, %v", b, r.Err())
	}
}
