package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

// otherForm is an item in another form, and whether the Haskell node takes it.
type otherForm struct {
	what string
	item []byte
	ok   bool
}

// forms returns an item of shape s and what differs from it in one place, at
// each place and in each way.
func (s *shape) forms() (item []byte, others []otherForm) {
	add := func(ok bool, what string, item ...byte) {
		others = append(others, otherForm{what, item, ok})
	}
	number := func(n uint64) { // n is allowed
		item = cbor.AppendUint(nil, n)
		add(false, "text for a number", 0x61, '1')
		add(false, "number in a tag", append([]byte{0xc1}, item...)...)
		add(false, "null for a number", 0xf6)
	}
	str := func(major byte, n int) {
		content := bytes.Repeat([]byte{'a'}, n)
		item = withHead(major, 0, content)
		add(false, "number for a string", 1)
		add(false, "string in pieces", slices.Concat([]byte{major<<5 | 31}, item, []byte{0xff})...)
		add(false, "string of the other kind", withHead(major^1, 0, content)...)
		add(false, "string in a tag", append([]byte{0xd8, 24}, item...)...)
		add(s.form != formShortBytes && s.form != formShortBytesOf, "string with a wider head", withHead(major, 8, content)...)
	}
	switch s.form {
	case formUint, formShortUint:
		number(min(s.n, 1))
		add(false, "negative number", 0x20)
		add(false, "big number", 0xc2, 0x41, 1)
		add(s.form == formUint, "wider number", wideHead(0, 8, min(s.n, 1))...)
		add(true, "largest number", cbor.AppendUint(nil, s.n)...)
		if s.n < math.MaxUint64 {
			add(false, "number too large", cbor.AppendUint(nil, s.n+1)...)
		}
	case formAddressKind:
		number(0)
		add(true, "kind 2", 2)
		add(false, "kind 1", 1)
		add(false, "kind 3", 3)
		add(false, "wider number", 0x18, 0)
		add(false, "wider kind 2", 0x18, 2)
	case formInt32:
		number(5)
		add(true, "wider number", wideHead(0, 8, 5)...)
		add(true, "largest number", cbor.AppendUint(nil, math.MaxInt32)...)
		add(false, "number too large", cbor.AppendUint(nil, math.MaxInt32+1)...)
		add(true, "negative number", 0x20)
		add(true, "least number", wideHead(1, 4, math.MaxInt32)...)
		add(false, "number below the least", wideHead(1, 4, math.MaxInt32+1)...)
	case formInteger, formNatural, formAmount:
		number(5)
		add(true, "wider number", wideHead(0, 8, 5)...)
		add(true, "big number", 0xc2, 0x42, 0, 5)
		add(true, "big number of no bytes", 0xc2, 0x40)
		add(false, "big number with a wider tag", 0xd8, 2, 0x41, 5)
		add(false, "big number in pieces", 0xc2, 0x5f, 0x41, 5, 0xff)
		add(s.form != formNatural, "negative number", 0x20)
		add(s.form != formNatural, "big negative number", 0xc3, 0x40)
		add(s.form != formAmount, "number above all amounts", 0xc2, 0x4b, 0x25, 0x39, 0x1e, 0xe3, 0x5a, 0x05, 0xc5, 0x88, 0x9a, 0xca, 0x00)
	case formBool:
		item = []byte{0xf5}
		add(true, "false", 0xf4)
		add(false, "null for a bool", 0xf6)
		add(false, "number for a bool", 1)
		add(false, "wider bool", 0xf8, 0xf5)
	case formBytes, formShortBytes:
		str(2, 3)
		add(true, "empty string", 0x40)
		add(true, "long string", withHead(2, 0, make([]byte, 300))...)
	case formBytesLen, formShortBytesOf:
		str(2, int(s.n))
		add(false, "shorter string", withHead(2, 0, make([]byte, s.n-1))...)
		add(false, "longer string", withHead(2, 0, make([]byte, s.n+1))...)
	case formText:
		str(3, 4)
		add(false, "text that is no UTF-8", 0x61, 0xff)
		add(false, "half of a UTF-16 pair", 0x63, 0xed, 0xa0, 0x80)
		add(true, "empty text", 0x60)
	case formRecord:
		item, others = arrayForms(nil, s.of)
	case formVariant:
		for i, a := range s.of {
			b, o := arrayForms(cbor.AppendUint(nil, a.n), a.of)
			if i == 0 {
				item = b
			} else {
				add(true, "other kind", b...)
			}
			others = append(others, o...)
		}
		unknown := bytes.Clone(item)
		unknown[1] = 17
		add(false, "unknown kind", unknown...)
		add(false, "unknown kind of nothing", 0x81, 17)
		add(true, "wider kind", slices.Concat(item[:1], wideHead(0, 8, s.of[0].n), item[2:])...)
		add(false, "kind above 255", slices.Concat(item[:1], wideHead(0, 8, 256+s.of[0].n), item[2:])...)
	case formList, formNonEmpty:
		one, o := s.of[0].forms()
		item = indefinite(4, one)
		for _, f := range o {
			add(f.ok, f.what+" in a list", indefinite(4, one, f.item)...)
		}
		add(s.form == formList, "empty list", indefinite(4)...)
		add(true, "list of two", indefinite(4, one, one)...)
		add(false, "definite list", definite(4, one)...)
		add(false, "empty definite list", 0x80)
		add(false, "list in a tag", slices.Concat([]byte{0xd9, 1, 2}, item)...)
		add(false, "null for a list", 0xf6)
	case formArray, formSet:
		one, o := s.of[0].forms()
		var tag []byte
		if s.form == formSet {
			tag = []byte{0xd9, 1, 2}
			add(true, "other tag", append([]byte{0xc1}, definite(4, one)...)...)
			add(true, "wider tag", append([]byte{0xda, 0, 0, 1, 2}, definite(4, one)...)...)
			add(false, "no tag", definite(4, one)...)
			add(false, "two tags", append([]byte{0xc1, 0xc1}, definite(4, one)...)...)
		} else {
			add(false, "tag", append([]byte{0xd9, 1, 2}, definite(4, one)...)...)
		}
		item = append(tag, definite(4, one)...)
		for _, f := range o {
			add(f.ok, f.what+" in an array", append(bytes.Clone(tag), definite(4, f.item)...)...)
		}
		add(true, "empty array", append(bytes.Clone(tag), 0x80)...)
		add(true, "twice the same", append(bytes.Clone(tag), definite(4, one, one)...)...)
		add(true, "array with a wider head", slices.Concat(tag, wideHead(4, 4, 1), one)...)
		add(false, "indefinite array", append(bytes.Clone(tag), indefinite(4, one)...)...)
		add(false, "map for an array", append(bytes.Clone(tag), 0xa0)...)
	case formOption:
		one, o := s.of[0].forms()
		item = definite(4, one)
		for _, f := range o {
			add(f.ok, f.what+" in an option", definite(4, f.item)...)
		}
		add(true, "no value", 0x80)
		add(false, "two values", definite(4, one, one)...)
		add(false, "indefinite option", indefinite(4, one)...)
		add(false, "indefinite option without value", indefinite(4)...)
		add(true, "option with a wider head", append(wideHead(4, 2, 1), one...)...)
		add(false, "null for an option", 0xf6)
		add(false, "value without an option", one...)
	case formMap, formSortedMap:
		item, others = s.mapForms()
	case formEmptyMap:
		item = []byte{0xa0}
		add(true, "map with a wider head", 0xb8, 0)
		add(false, "map with something in it", 0xa1, 0, 0x40)
		add(false, "indefinite map", 0xbf, 0xff)
		add(false, "array for a map", 0x80)
		add(false, "null for a map", 0xf6)
		add(false, "number for a map", 0)
	case formEncoded, formContent, formChecksummed:
		one, o := s.of[0].forms()
		item = s.wrap(one)
		for _, f := range o {
			add(f.ok, f.what+" in a string", s.wrap(f.item)...)
		}
		add(false, "item and more in a string", s.wrap(append(bytes.Clone(one), 0))...)
		add(false, "nothing in a string", s.wrap(nil)...)
		add(false, "part of an item in a string", s.wrap(one[:len(one)-1])...)
		add(false, "item not in a string", one...)
		switch s.form {
		case formEncoded:
			content := withHead(2, 0, one)
			add(true, "wider tag", append([]byte{0xd9, 0, 24}, content...)...)
			add(false, "no tag", content...)
			add(false, "other tag", append([]byte{0xd8, 25}, content...)...)
			add(true, "string with a wider head", append([]byte{0xd8, 24}, withHead(2, 8, one)...)...)
			add(false, "string in pieces", append([]byte{0xd8, 24}, indefinite(2, content)...)...)
		case formChecksummed:
			encoded := append([]byte{0xd8, 24}, withHead(2, 0, one)...)
			sum := uint64(crc32.ChecksumIEEE(one))
			add(true, "wider checksum", definite(4, encoded, wideHead(0, 8, sum))...)
			add(false, "wrong checksum", definite(4, encoded, cbor.AppendUint(nil, sum^1))...)
			add(false, "checksum and more bits", definite(4, encoded, cbor.AppendUint(nil, sum|1<<32))...)
			add(false, "checksum of the string", definite(4, encoded, cbor.AppendUint(nil, uint64(crc32.ChecksumIEEE(encoded))))...)
			add(false, "indefinite pair", indefinite(4, encoded, cbor.AppendUint(nil, sum))...)
			add(false, "no checksum", definite(4, encoded)...)
		}
	}
	return item, others
}

// wrap puts an item into a string as the form of s says.
func (s *shape) wrap(item []byte) []byte {
	switch b := withHead(2, 0, item); s.form {
	case formEncoded:
		return append([]byte{0xd8, 24}, b...)
	case formChecksummed:
		return definite(4, append([]byte{0xd8, 24}, b...), cbor.AppendUint(nil, uint64(crc32.ChecksumIEEE(item))))
	default:
		return b
	}
}

// arrayForms is forms of a record of items of shapes of, after the item first if
// there is one.
func arrayForms(first []byte, of []shape) (item []byte, others []otherForm) {
	var items [][]byte
	if first != nil {
		items = append(items, first)
	}
	var all [][]otherForm
	for i := range of {
		b, o := of[i].forms()
		items, all = append(items, b), append(all, o)
	}
	item = definite(4, items...)
	for i, o := range all {
		at := len(items) - len(of) + i
		for _, f := range o {
			changed := slices.Clone(items)
			changed[at] = f.item
			others = append(others, otherForm{f.what + " in place " + strconv.Itoa(at), definite(4, changed...), f.ok})
		}
	}
	return item, append(others,
		otherForm{"indefinite record", indefinite(4, items...), false},
		otherForm{"record with a wider head", append(wideHead(4, 8, uint64(len(items))), slices.Concat(items...)...), true},
		otherForm{"one item more", definite(4, append(slices.Clone(items), []byte{0})...), false},
		otherForm{"one item less", definite(4, items[:len(items)-1]...), false},
		otherForm{"record in a tag", append([]byte{0xc1}, item...), false},
		otherForm{"map for a record", []byte{0xa0}, false},
		otherForm{"null for a record", []byte{0xf6}, false},
	)
}

func (s *shape) mapForms() (item []byte, others []otherForm) {
	add := func(ok bool, what string, item ...byte) {
		others = append(others, otherForm{what, item, ok})
	}
	key, keys := s.of[0].forms()
	value, values := s.of[1].forms()
	later := []byte{0x18, 199} // a key that comes after
	if s.of[0].form != formUint {
		later = bytes.Replace(key, []byte("a"), []byte("b"), 1)
	}
	sorted := s.form == formSortedMap
	item = definite(5, key, value)
	special := map[uint64]bool{}
	for _, v := range s.of[2:] {
		special[v.n] = true
		b, o := v.of[0].forms()
		add(true, "special value", definite(5, cbor.AppendUint(nil, v.n), b)...)
		for _, f := range o {
			add(f.ok, f.what+" as a special value", definite(5, cbor.AppendUint(nil, v.n), f.item)...)
		}
	}
	if special[1] { // the first key is one of those
		key, keys = []byte{0}, []otherForm{{"wider number", []byte{0x18, 0}, true}, {"number too large", []byte{0x19, 1, 0}, false}}
		item = definite(5, key, value)
	}
	for _, f := range keys {
		add(f.ok, f.what+" as a key", definite(5, f.item, value)...)
	}
	for _, f := range values {
		add(f.ok, f.what+" as a value", definite(5, key, f.item)...)
	}
	add(true, "empty map", 0xa0)
	add(true, "two keys", definite(5, key, value, later, value)...)
	add(!sorted, "two keys in another order", definite(5, later, value, key, value)...)
	add(!sorted, "the same key twice", definite(5, key, value, key, value)...)
	add(true, "map with a wider head", slices.Concat(wideHead(5, 2, 1), key, value)...)
	add(false, "indefinite map", indefinite(5, key, value)...)
	add(false, "key without value", append([]byte{0xa1}, key...)...)
	add(false, "array for a map", definite(4, key, value)...)
	add(false, "null for a map", 0xf6)
	return item, others
}

// wideHead returns a head whose argument has size bytes.
func wideHead(major byte, size int, n uint64) []byte {
	b := []byte{major<<5 | map[int]byte{1: 24, 2: 25, 4: 26, 8: 27}[size]}
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

// withHead puts the head of a string before its content: a shortest one if size
// is 0.
func withHead(major byte, size int, content []byte) []byte {
	head := wideHead(major, 8, uint64(len(content)))
	if size == 0 {
		head = cbor.AppendUint(nil, uint64(len(content)))
		head[0] |= major << 5
	}
	return append(head, content...)
}

// definite and indefinite put items into an array (major type 4), a map (5), in
// which keys and values take turns, or a string (2).
func definite(major byte, items ...[]byte) []byte {
	n := len(items)
	if major == 5 {
		n /= 2
	}
	head := cbor.AppendUint(nil, uint64(n))
	head[0] |= major << 5
	return append(head, slices.Concat(items...)...)
}

func indefinite(major byte, items ...[]byte) []byte {
	return slices.Concat([]byte{major<<5 | 31}, slices.Concat(items...), []byte{0xff})
}

// Each place of each part of a Byron block in each other form has the verdict of
// the Haskell node's decoder.
func TestByronForms(t *testing.T) {
	for name, s := range map[string]*shape{
		"header": &byronHeaderShape, "body": &byronBodyShape, "extra data": &byronExtraShape,
		"boundary header": &boundaryHeaderShape, "boundary body": &boundaryBodyShape, "boundary extra data": &boundaryExtraShape,
	} {
		t.Run(name, func(t *testing.T) {
			item, others := s.forms()
			t.Logf("%d forms", len(others))
			for _, f := range append(others, otherForm{"the item", item, true}) {
				r := cbor.NewReader(f.item)
				s.read(&r)
				if err := r.Close(); (err == nil) != f.ok {
					t.Errorf("%s: %v, want it taken: %t\n%x", f.what, err, f.ok, f.item)
				} else if err != nil && len(err.Error()) > 200 {
					t.Errorf("%s: a long reason: %v", f.what, err)
				}
				if err := inPlace(name, f.item); (err == nil) != f.ok {
					t.Errorf("%s: in its place: %v, want it taken: %t\n%x", f.what, err, f.ok, f.item)
				}
			}
		})
	}
}

// inPlace reads a part of a block as ParseHeader or CheckBody does. The proof is
// that of another body.
func inPlace(name string, item []byte) error {
	boundary := strings.HasPrefix(name, "boundary")
	if strings.HasSuffix(name, "header") {
		raw := RawHeader{Era: Byron, EBB: boundary, Bytes: item}
		h, err := Network{}.ParseHeader(raw) // an epoch of no slots has any
		if err != nil {
			return err
		}
		if no, err := raw.BlockNo(); err != nil || no != h.BlockNo {
			return fmt.Errorf("block number %d, %v, in the header %d", no, err, h.BlockNo)
		}
		if _, ok := h.Byron(); !ok {
			return errors.New("fields cannot be read")
		}
		return nil
	}
	whole, body, extra := byronTestBlock(0), []byte{0x84, 0x9f, 0xff, 0x82, 3, 0xc1, 0x80, 0x9f, 0xff, 0x82, 0x80, 0x9f, 0xff}, []byte{0x81, 0xa0}
	if boundary {
		whole, body = mustUnhex(ebbB5), []byte{0x9f, 0xff}
	}
	if strings.HasSuffix(name, "body") {
		body = item
	} else {
		extra = item
	}
	b, err := Mainnet.ParseBlock(slices.Concat(headerAndBefore(whole), body, extra))
	if err != nil {
		return err
	}
	if err := b.CheckBody(); err != nil && !errors.As(err, new(*BodyError)) {
		return err
	}
	return nil
}

// Amounts in fees are rounded to lovelace and then cut to 64 bits.
func TestFeeAmounts(t *testing.T) {
	big := func(negative bool, content ...byte) []byte {
		tag := byte(0xc2)
		if negative {
			tag = 0xc3
		}
		return append([]byte{tag}, withHead(2, 0, content)...)
	}
	for _, tt := range []struct {
		what string
		item []byte
		ok   bool
	}{
		{"0", []byte{0}, true},
		{"45e24", big(false, 0x25, 0x39, 0x1e, 0xe3, 0x5a, 0x05, 0xc5, 0x4d, 0x00, 0x00, 0x00), true},
		{"45e24 + 5e8, whose half is rounded to the even number", big(false, 0x25, 0x39, 0x1e, 0xe3, 0x5a, 0x05, 0xc5, 0x6a, 0xcd, 0x65, 0x00), true},
		{"45e24 + 5e8 + 1", big(false, 0x25, 0x39, 0x1e, 0xe3, 0x5a, 0x05, 0xc5, 0x6a, 0xcd, 0x65, 0x01), false},
		{"45e24 + 1e9", big(false, 0x25, 0x39, 0x1e, 0xe3, 0x5a, 0x05, 0xc5, 0x88, 0x9a, 0xca, 0x00), false},
		{"2^64 * 1e9, which is cut to 0", big(false, 0x3b, 0x9a, 0xca, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00), true},
		{"(2^64 - 1) * 1e9", big(false, 0x3b, 0x9a, 0xc9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc4, 0x65, 0x36, 0x00), false},
		{"(2^64 - 1) * 1e9 + 5e8, which is rounded to 2^64", big(false, 0x3b, 0x9a, 0xc9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe2, 0x32, 0x9b, 0x00), true},
		{"-(2^64 + 1) * 1e9", big(true, 0x3b, 0x9a, 0xca, 0x00, 0x00, 0x00, 0x00, 0x00, 0x3b, 0x9a, 0xc9, 0xff), false},
		{"-(2^64 - 1) * 1e9, which is cut to 1", big(true, 0x3b, 0x9a, 0xc9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc4, 0x65, 0x35, 0xff), true},
		{"-1, which rounds to 0", []byte{0x20}, true},
		{"-5e8, half a lovelace, which rounds to 0", wideHead(1, 4, 5e8-1), true},
		{"-5e8 - 1, which rounds to -1", wideHead(1, 4, 5e8), false},
		{"-1e9", wideHead(1, 4, 1e9-1), false},
	} {
		r := cbor.NewReader(tt.item)
		amountShape.read(&r)
		if err := r.Close(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}
