package ledger

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/ouronet/ouronet/internal/cbor"
)

// shape says in which form a decoder takes a CBOR item. Shapes make a finite
// tree, so reading nests no deeper than the tree.
//
// They follow the decoders of the Haskell node at the version by which it reads
// Byron: an integer may be wider than it need be, and so may the head of a
// string, array, map or tag, but for the forms whose names say "short"; no
// string, record or map is indefinite; lists always are. (IntersectMBO/cardano-ledger,
// cardano-ledger-binary, Decoding/{Decoder,Drop}.hs below version 2; well-typed/cborg,
// Codec/CBOR/Read.hs)
type shape struct {
	form form
	n    uint64 // largest value, length in bytes, or kind
	of   []shape
}

type form uint8

const (
	formUint        form = iota // unsigned integer of at most n
	formShortUint               // the same in the shortest form
	formAddressKind             // 0 or 2 in the shortest form
	formInt32                   // integer of 32 bits with sign
	formInteger                 // integer of any size
	formNatural                 // the same, not negative
	formAmount                  // integer, 10^-9 lovelace, that rounds to an amount
	formBool
	formBytes        // byte string of any length
	formBytesLen     // of n bytes
	formShortBytes   // of any length, its head in the shortest form
	formShortBytesOf // of n bytes, its head in the shortest form
	formText         // UTF-8 text
	formRecord       // array of one item for each of of
	formVariant      // array: a kind of at most 255, then the items of that alternative in of
	formAlternative  // of a variant: n is the kind
	formList         // indefinite array of items of[0]
	formNonEmpty     // the same with at least one
	formArray        // definite array of items of[0]
	formOption       // definite array of at most one item of[0]
	formSet          // any tag before a definite array of items of[0]
	formMap          // map of keys of[0] to values of[1] in any order
	formSortedMap    // keys strictly increase; a value may have a shape of its own
	formValue        // in a sorted map: the shape of[0] of the value of key n
	formEmptyMap
	formEncoded     // item of[0] in a byte string in tag 24
	formContent     // item of[0] in a byte string
	formChecksummed // record: item of[0] encoded, CRC-32 of the encoding
)

func uintMax(n uint64) shape             { return shape{form: formUint, n: n} }
func shortUintMax(n uint64) shape        { return shape{form: formShortUint, n: n} }
func bytesLen(n uint64) shape            { return shape{form: formBytesLen, n: n} }
func shortBytesLen(n uint64) shape       { return shape{form: formShortBytesOf, n: n} }
func record(of ...shape) shape           { return shape{form: formRecord, of: of} }
func variant(of ...shape) shape          { return shape{form: formVariant, of: of} }
func kind(n uint64, of ...shape) shape   { return shape{form: formAlternative, n: n, of: of} }
func list(of shape) shape                { return shape{form: formList, of: []shape{of}} }
func nonEmptyList(of shape) shape        { return shape{form: formNonEmpty, of: []shape{of}} }
func array(of shape) shape               { return shape{form: formArray, of: []shape{of}} }
func option(of shape) shape              { return shape{form: formOption, of: []shape{of}} }
func set(of shape) shape                 { return shape{form: formSet, of: []shape{of}} }
func mapOf(key, value shape) shape       { return shape{form: formMap, of: []shape{key, value}} }
func encoded(of shape) shape             { return shape{form: formEncoded, of: []shape{of}} }
func content(of shape) shape             { return shape{form: formContent, of: []shape{of}} }
func checksummed(of shape) shape         { return shape{form: formChecksummed, of: []shape{of}} }
func valueOf(key uint64, of shape) shape { return shape{form: formValue, n: key, of: []shape{of}} }

// sortedMap is of keys to values, but for the keys that special has shapes for.
func sortedMap(key, value shape, special ...shape) shape {
	return shape{form: formSortedMap, of: append([]shape{key, value}, special...)}
}

var (
	uint8Shape  = uintMax(math.MaxUint8)
	uint16Shape = uintMax(math.MaxUint16)
	uint32Shape = uintMax(math.MaxUint32)
	uint64Shape = uintMax(math.MaxUint64)

	addressKindShape = shape{form: formAddressKind}
	int32Shape       = shape{form: formInt32}
	integerShape     = shape{form: formInteger}
	naturalShape     = shape{form: formNatural}
	amountShape      = shape{form: formAmount}
	boolShape        = shape{form: formBool}
	bytesShape       = shape{form: formBytes}
	shortBytesShape  = shape{form: formShortBytes}
	textShape        = shape{form: formText}
	emptyMapShape    = shape{form: formEmptyMap}
)

// part reads an item of shape s and returns its bytes, part of the input.
func part(r *cbor.Reader, s *shape) []byte {
	from := r.Rest()
	s.read(r)
	return taken(r, from)
}

// read reads an item of shape s.
func (s *shape) read(r *cbor.Reader) {
	switch s.form {
	case formUint:
		r.UintMax(s.n)
	case formShortUint:
		start := r.Pos()
		shortest(r, start, cbor.HeadLen(r.UintMax(s.n)))
	case formAddressKind:
		start := r.Pos()
		kind := r.UintMax(2)
		if shortest(r, start, 1); kind == 1 {
			r.Fail("kind 0 or 2 before this")
		}
	case formInt32:
		if v, _ := r.Int(); v > math.MaxInt32 {
			r.Fail("integer of 32 bits before this")
		}
	case formInteger:
		readInteger(r)
	case formNatural:
		if v := readInteger(r); v.Sign() < 0 {
			r.Fail("natural number before this")
		}
	case formAmount:
		if v := readInteger(r); !isAmount(&v) {
			r.Fail("amount of lovelace before this")
		}
	case formBool:
		r.Bool()
	case formBytes:
		r.Bytes()
	case formBytesLen:
		r.BytesLen(int(s.n))
	case formShortBytes, formShortBytesOf:
		start := r.Pos()
		b := r.Bytes()
		shortest(r, start, cbor.HeadLen(uint64(len(b)))+len(b))
		if s.form == formShortBytesOf && len(b) != int(s.n) {
			r.Fail(fmt.Sprintf("byte string of %d bytes before this", s.n))
		}
	case formText:
		if !utf8.Valid(r.TextBytes()) {
			r.Fail("UTF-8 before this")
		}
	case formRecord:
		r.ArrayLen(len(s.of))
		readAll(r, s.of)
	case formVariant:
		s.readVariant(r)
	case formList, formNonEmpty:
		n := r.ArrayIndefinite()
		if s.form == formNonEmpty && !r.More(&n) {
			r.Fail("item of a list that is not empty")
			return
		}
		for r.More(&n) {
			s.of[0].read(r)
		}
	case formSet:
		r.TagAny()
		s.readItems(r)
	case formArray:
		s.readItems(r)
	case formOption:
		if n := r.Array(); n > 1 {
			r.Fail("array of at most one item before this")
		} else if n == 1 {
			s.of[0].read(r)
		}
	case formMap:
		for n := r.Map(); r.More(&n); {
			readAll(r, s.of)
		}
	case formSortedMap:
		s.readSorted(r)
	case formEmptyMap:
		if r.Map() != 0 {
			r.Fail("empty map before this")
		}
	case formEncoded:
		s.of[0].readContent(r, r.Encoded())
	case formContent:
		s.of[0].readContent(r, r.Bytes())
	case formChecksummed:
		r.ArrayLen(2)
		b := r.Encoded()
		if sum := r.UintMax(math.MaxUint32); sum != uint64(crc32.ChecksumIEEE(b)) {
			r.Fail("checksum of the item before it, before this")
		}
		s.of[0].readContent(r, b)
	}
}

func readAll(r *cbor.Reader, of []shape) {
	for i := range of {
		of[i].read(r)
	}
}

func (s *shape) readItems(r *cbor.Reader) {
	for n := r.Array(); r.More(&n); {
		s.of[0].read(r)
	}
}

func (s *shape) readVariant(r *cbor.Reader) {
	n := r.Array()
	kind := r.UintMax(math.MaxUint8)
	for i := range s.of {
		if a := &s.of[i]; a.n == kind {
			if n != 1+len(a.of) {
				r.Fail(fmt.Sprintf("rest of an array of %d", 1+len(a.of)))
			}
			readAll(r, a.of)
			return
		}
	}
	r.Fail("known kind before this")
}

func (s *shape) readSorted(r *cbor.Reader) {
	var last mapKey
	first := true
	for n := r.Map(); r.More(&n); first = false {
		key := readKey(r, &s.of[0])
		if !first && !last.less(key) {
			r.Fail("keys in increasing order")
		}
		last = key
		value := &s.of[1]
		for i := range s.of[2:] {
			if special := &s.of[2+i]; special.n == key.number {
				value = &special.of[0]
			}
		}
		value.read(r)
	}
}

// mapKey is a number or a text.
type mapKey struct {
	number uint64
	text   []byte
}

func readKey(r *cbor.Reader, s *shape) (k mapKey) {
	if s.form != formText {
		k.number = r.UintMax(s.n)
		return k
	}
	if k.text = r.TextBytes(); !utf8.Valid(k.text) {
		r.Fail("UTF-8 before this")
	}
	return k
}

func (k mapKey) less(other mapKey) bool {
	return k.number < other.number || bytes.Compare(k.text, other.text) < 0
}

// readContent reads what a byte string that ends at r's position has in it.
func (s *shape) readContent(r *cbor.Reader, b []byte) {
	if r.Err() != nil {
		return
	}
	in := cbor.NewReader(b)
	s.read(&in)
	switch err := in.Close().(type) {
	case nil:
	case *cbor.Error:
		r.Fail(fmt.Sprintf("%s at byte %d of the byte string that ends", err.Want, err.Offset))
	default:
		r.Fail("well-formed content of the byte string that ends")
	}
}

// shortest checks that what was read from start on took n bytes.
func shortest(r *cbor.Reader, start, n int) {
	if r.Pos()-start != n {
		r.Fail("shortest form before this")
	}
}

// Tags of big integers. (RFC 8949, 3.4.3)
const bigPositive, bigNegative = 0xc2, 0xc3

// readInteger reads an integer of any size. As in the Haskell node, the tag of
// a big one has one byte, its bytes need not be few.
func readInteger(r *cbor.Reader) (v big.Int) {
	if tag := next(r); tag == bigPositive || tag == bigNegative {
		r.TagAny()
		v.SetBytes(r.Bytes())
		if tag == bigNegative {
			v.Not(&v)
		}
		return v
	}
	u, negative := r.Int()
	v.SetUint64(u)
	if negative {
		v.Not(&v)
	}
	return v
}

// maxLovelace is all that there can be.
const maxLovelace = 45e15

// isAmount reports whether v 10^-9 lovelace is an amount of lovelace when it is
// rounded, halves to the even neighbour, and cut to 64 bits.
func isAmount(v *big.Int) bool {
	const nano = 1e9
	var q, r big.Int
	q.DivMod(v, big.NewInt(nano), &r) // 0 <= r < nano
	if rest := r.Int64(); rest > nano/2 || rest == nano/2 && q.Bit(0) == 1 {
		q.Add(&q, big.NewInt(1))
	}
	var low big.Int
	low.And(&q, new(big.Int).SetUint64(math.MaxUint64))
	return low.Uint64() <= maxLovelace
}
