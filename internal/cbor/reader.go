package cbor

import "fmt"

// Indefinite is the length that [Reader.ArrayAny] and [Reader.MapAny] return
// for a container that ends with a break.
const Indefinite = -1

// Error says what a [Reader] wanted and where it did not find it.
type Error struct {
	Offset int // bytes from the start of the Reader's input
	Want   string
}

// Error says what was expected, and at which byte of the item.
func (e *Error) Error() string { return fmt.Sprintf("cbor: want %s at byte %d", e.Want, e.Offset) }

// Reader walks over CBOR items held in memory. The first thing that does not
// fit is kept as the Reader's error; from then on every method returns a zero
// value, so a decoder may read a whole structure and ask [Reader.Err] once.
type Reader struct {
	b   []byte
	pos int
	err error
}

// NewReader returns a Reader over b, which must not change while it is used.
func NewReader(b []byte) Reader { return Reader{b: b} }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Fail records that what was wanted is not at the current position. It does
// nothing after an earlier error.
func (r *Reader) Fail(want string) {
	if r.err == nil {
		r.err = &Error{r.pos, want}
	}
}

// Abort records an error that is not about CBOR. It does nothing after an
// earlier one.
func (r *Reader) Abort(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Pos returns the offset of the next byte.
func (r *Reader) Pos() int { return r.pos }

// Rest returns the bytes not yet read. They are part of the input.
func (r *Reader) Rest() []byte { return r.b[r.pos:] }

// Close returns the first error, or an error if input is left over.
func (r *Reader) Close() error {
	if r.err == nil && r.pos < len(r.b) {
		r.Fail("end of input")
	}
	return r.err
}

// head reads a head of the given major type with a definite argument.
func (r *Reader) head(major byte, want string) uint64 {
	if r.err != nil {
		return 0
	}
	if r.pos < len(r.b) && r.b[r.pos]>>5 == major {
		info := r.b[r.pos] & 0x1f
		if info < 24 {
			r.pos++
			return uint64(info)
		}
		if info < 28 {
			size := 1 << (info - 24)
			if len(r.b)-r.pos > size {
				var v uint64
				for _, b := range r.b[r.pos+1 : r.pos+1+size] {
					v = v<<8 | uint64(b)
				}
				r.pos += 1 + size
				return v
			}
		}
	}
	r.Fail(want)
	return 0
}

// Uint reads an unsigned integer of any width.
func (r *Reader) Uint() uint64 { return r.head(majorUint, "unsigned integer") }

// Int reads an integer of any width: v, or -1-v if it is negative.
func (r *Reader) Int() (v uint64, negative bool) {
	if r.err == nil && r.pos < len(r.b) && r.b[r.pos]>>5 == majorNegative {
		return r.head(majorNegative, "integer"), true
	}
	return r.head(majorUint, "integer"), false
}

// UintMax reads an unsigned integer that is at most limit.
func (r *Reader) UintMax(limit uint64) uint64 {
	start := r.pos
	v := r.Uint()
	if v > limit && r.err == nil {
		r.pos = start
		r.Fail(fmt.Sprintf("integer of at most %d", limit))
		return 0
	}
	return v
}

// Bytes reads a definite byte string. The result is part of the input.
func (r *Reader) Bytes() []byte {
	return r.take(r.head(majorBytes, "definite byte string"))
}

// BytesLen reads a definite byte string of n bytes, part of the input.
func (r *Reader) BytesLen(n int) []byte {
	start := r.pos
	b := r.Bytes()
	if len(b) != n && r.err == nil {
		r.pos = start
		r.Fail(fmt.Sprintf("byte string of %d bytes", n))
		return nil
	}
	return b
}

// BytesAny reads a byte string, definite or in chunks. The result is part of the
// input, or a copy if it came in chunks.
func (r *Reader) BytesAny() []byte {
	if !r.indefinite(0x5f) {
		return r.take(r.head(majorBytes, "byte string"))
	}
	var b []byte
	for n := Indefinite; r.More(&n); {
		b = append(b, r.Bytes()...)
	}
	return b
}

// Text reads a definite text string without checking that it is UTF-8.
func (r *Reader) Text() string { return string(r.TextBytes()) }

// TextBytes is [Reader.Text] with a result that is part of the input.
func (r *Reader) TextBytes() []byte {
	return r.take(r.head(majorText, "definite text string"))
}

func (r *Reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.b)-r.pos) {
		r.Fail("string content")
		return nil
	}
	b := r.b[r.pos : r.pos+int(n) : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// Array reads the head of a definite array and returns its length.
func (r *Reader) Array() int { return r.count(majorArray, "definite array") }

// ArrayLen reads the head of a definite array of exactly n items.
func (r *Reader) ArrayLen(n int) {
	start := r.pos
	if got := r.Array(); got != n && r.err == nil {
		r.pos = start
		r.Fail(fmt.Sprintf("definite array of %d", n))
	}
}

// ArrayAny reads the head of an array and returns its length, or [Indefinite].
func (r *Reader) ArrayAny() int {
	if r.indefinite(0x9f) {
		return Indefinite
	}
	return r.count(majorArray, "array")
}

// ArrayIndefinite reads the head of an indefinite array.
func (r *Reader) ArrayIndefinite() int {
	if !r.indefinite(0x9f) {
		r.Fail("indefinite array")
	}
	return Indefinite
}

// Map reads the head of a definite map and returns its number of pairs.
func (r *Reader) Map() int { return r.count(majorMap, "definite map") }

// MapAny reads the head of a map and returns its number of pairs, or
// [Indefinite].
func (r *Reader) MapAny() int {
	if r.indefinite(0xbf) {
		return Indefinite
	}
	return r.count(majorMap, "map")
}

// More drives a loop over a container whose head returned *n:
//
//	for n := r.ArrayAny(); r.More(&n); {
//		…
//	}
//
// It reads the break of an indefinite one, and ends the loop at an error.
func (r *Reader) More(n *int) bool {
	if r.err != nil || *n == 0 {
		return false
	}
	if *n > 0 {
		*n--
		return true
	}
	if r.pos < len(r.b) && r.b[r.pos] == breakByte {
		r.pos++
		*n = 0
		return false
	}
	if r.pos == len(r.b) {
		r.Fail("item or break")
		return false
	}
	return true
}

// Message reads the start of a mini-protocol message: the head of a definite
// array of n items, and the first of them, which is the message's tag.
func (r *Reader) Message(n int, tag uint64) {
	r.ArrayLen(n)
	start := r.pos
	if got := r.Uint(); got != tag && r.err == nil {
		r.pos = start
		r.Fail(fmt.Sprintf("message tag %d", tag))
	}
}

// Tag reads a tag that must be the given one; the tagged item follows.
func (r *Reader) Tag(tag uint64) {
	start := r.pos
	if got := r.TagAny(); got != tag && r.err == nil {
		r.pos = start
		r.Fail(fmt.Sprintf("tag %d", tag))
	}
}

// TagAny reads a tag; the tagged item follows.
func (r *Reader) TagAny() uint64 { return r.head(majorTag, "tag") }

// Encoded reads a tag-24 byte string and returns its content, part of the
// input. That the content is one CBOR item is not checked here.
func (r *Reader) Encoded() []byte {
	r.Tag(TagEncoded)
	return r.Bytes()
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	if r.err == nil && r.pos < len(r.b) && (r.b[r.pos] == 0xf4 || r.b[r.pos] == 0xf5) {
		r.pos++
		return r.b[r.pos-1] == 0xf5
	}
	r.Fail("bool")
	return false
}

// Null reads a null if one is next and reports whether it was.
func (r *Reader) Null() bool { return r.indefinite(0xf6) }

// Raw reads one item of any kind and returns its bytes, part of the input. It
// may nest as deep as [MaxRawDepth]; the errors are those of [Scanner.Scan].
func (r *Reader) Raw() []byte {
	if r.err != nil {
		return nil
	}
	s := Scanner{limit: MaxRawDepth}
	n, done, err := s.Scan(r.b[r.pos:])
	if err != nil {
		r.err = fmt.Errorf("%w at byte %d", err, r.pos+n-1)
		return nil
	}
	if !done {
		r.Fail("complete item")
		return nil
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// RawLen is [Reader.Raw] for an item that the caller knows to have n bytes.
func (r *Reader) RawLen(n int) []byte { return r.take(uint64(n)) }

// Read lets decode read one value from r's position. decode returns the bytes
// after the value.
func Read[T any](r *Reader, decode func([]byte) (v T, rest []byte, err error)) T {
	var zero T
	if r.err != nil {
		return zero
	}
	v, rest, err := decode(r.b[r.pos:])
	if err != nil {
		r.err = err
		return zero
	}
	r.pos = len(r.b) - len(rest)
	return v
}

// count reads the definite head of a container.
func (r *Reader) count(major byte, want string) int {
	start := r.pos
	n := r.head(major, want)
	room := len(r.b) - r.pos
	if major == majorMap {
		room /= 2 // a key and a value
	}
	// Every item takes a byte, so a larger count cannot be honest; this also
	// lets callers allocate by it.
	if n > uint64(room) && r.err == nil {
		r.pos = start
		r.Fail(want + " that fits its input")
		return 0
	}
	return int(n)
}

// indefinite consumes the byte b if it is next.
func (r *Reader) indefinite(b byte) bool {
	if r.err == nil && r.pos < len(r.b) && r.b[r.pos] == b {
		r.pos++
		return true
	}
	return false
}
