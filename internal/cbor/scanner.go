package cbor

import "errors"

const (
	// MaxDepth is how deep arrays, maps, tags and indefinite strings may
	// nest in a message. The deepest legal node-to-node message, a Byron
	// transaction, stays far below it; later transactions, headers and
	// blocks travel as byte strings.
	MaxDepth = 64

	// MaxRawDepth is the same bound for [Reader.Raw], which also walks over
	// what those byte strings hold. Plutus data may nest as deep as its
	// transaction is long: 16,384 bytes on the public networks.
	MaxRawDepth = 1 << 16

	// MaxLength bounds what one head may announce: bytes of a string, or
	// items of an array or map. No message may be larger than 2,500,000
	// bytes, so this only keeps the arithmetic from overflowing.
	MaxLength = 1 << 31
)

// Errors of [Scanner.Scan]. All mean that the bytes cannot become a
// well-formed item, or not one within the bounds above.
var (
	ErrDepth    = errors.New("cbor: nested too deep")
	ErrLength   = errors.New("cbor: announced length out of bounds")
	ErrReserved = errors.New("cbor: reserved or misplaced head byte")
	ErrChunk    = errors.New("cbor: wrong chunk in an indefinite string")
	ErrMap      = errors.New("cbor: key without value in an indefinite map")
)

// An open container is the count of its items still to come, the unfinished
// one included, or one of these.
const (
	openNone    = 0
	openArray   = -1 // indefinite array
	openMapKey  = -2 // indefinite map, a key or the break comes next
	openMapVal  = -3 // indefinite map, a value comes next
	openByteStr = -4 // indefinite byte string
	openTextStr = -5 // indefinite text string
)

// Scanner finds where a CBOR item ends when its bytes arrive in pieces. It
// looks at each byte once however the input is cut, and steps over strings
// without looking at them at all.
//
// The zero value is ready for the first byte of an item. A Scanner that
// reported done is ready for the next one; after an error it is of no use.
// A Scanner must not be copied while an item is open.
type Scanner struct {
	skip uint64 // bytes of a string still to step over
	arg  uint64 // argument of the head being read
	left uint8  // bytes of arg still to come; 0 between heads
	head byte   // the head byte arg belongs to

	top   int64 // the innermost open container
	outer stack // those around it
	limit int   // how many may be open; 0 means MaxDepth
}

// Scan looks at p, the bytes that follow those of earlier calls, up to the end
// of the item. It returns how many bytes of p belong to the item and whether
// the item is complete. All of p belongs to an item that is not. With an
// error, n is the number of bytes up to the one that cannot be.
func (s *Scanner) Scan(p []byte) (n int, done bool, err error) {
	for n < len(p) {
		if s.skip > 0 {
			step := min(s.skip, uint64(len(p)-n))
			s.skip -= step
			n += int(step)
			if s.skip == 0 && s.finish() {
				return n, true, nil
			}
			continue
		}
		b := p[n]
		n++
		if s.left > 0 {
			s.arg = s.arg<<8 | uint64(b)
			if s.left--; s.left > 0 {
				continue
			}
		} else {
			s.head = b
			switch info := b & 0x1f; {
			case info < 24:
				s.arg = uint64(info)
			case info < 28:
				s.arg, s.left = 0, 1<<(info-24)
				continue
			case info == 31:
				if done, err = s.indefinite(b); done || err != nil {
					return n, done, err
				}
				continue
			default:
				return n, false, ErrReserved
			}
		}
		if done, err = s.definite(); done || err != nil {
			return n, done, err
		}
	}
	return n, false, nil
}

// Pending returns a lower bound of the bytes that must still follow: 0 only
// when no item is open. A caller with a size limit can refuse an item as soon
// as its head announces too much.
//
// Between heads it is the least that can complete the item; within a head it
// leaves out what the head may announce.
func (s *Scanner) Pending() uint64 {
	n := s.skip + uint64(s.left)
	n += pendingIn(s.top, n > 0)
	for i := range s.outer.n {
		n += pendingIn(s.outer.at(i), true)
	}
	return n
}

// pendingIn returns the least bytes that complete an open container, not
// counting those of an item begun inside it.
func pendingIn(open int64, begun bool) uint64 {
	switch {
	case open > 0 && begun:
		return uint64(open) - 1
	case open >= 0:
		return uint64(open)
	case open == openMapKey && begun, open == openMapVal && !begun:
		return 2 // a value and the break
	}
	return 1 // the break
}

// definite acts on a complete head: s.head with argument s.arg.
func (s *Scanner) definite() (done bool, err error) {
	major := s.head >> 5
	if s.top == openByteStr && major != majorBytes || s.top == openTextStr && major != majorText {
		return false, ErrChunk
	}
	switch major {
	case majorUint, majorNegative:
		return s.finish(), nil
	case majorSimple:
		// A simple value below 32 has only the one-byte form.
		if s.head == 0xf8 && s.arg < 32 {
			return false, ErrReserved
		}
		return s.finish(), nil
	case majorTag:
		return false, s.push(1)
	}
	if s.arg > MaxLength {
		return false, ErrLength
	}
	if s.arg == 0 {
		return s.finish(), nil
	}
	switch major {
	case majorArray:
		return false, s.push(int64(s.arg))
	case majorMap:
		return false, s.push(2 * int64(s.arg))
	}
	s.skip = s.arg
	return false, nil
}

// indefinite acts on a head with additional information 31.
func (s *Scanner) indefinite(b byte) (done bool, err error) {
	if b == breakByte {
		switch s.top {
		case openMapVal:
			return false, ErrMap
		case openArray, openMapKey, openByteStr, openTextStr:
			s.top = s.outer.pop()
			return s.finish(), nil
		}
		return false, ErrReserved
	}
	if s.top == openByteStr || s.top == openTextStr {
		return false, ErrChunk
	}
	switch b >> 5 {
	case majorBytes:
		return false, s.push(openByteStr)
	case majorText:
		return false, s.push(openTextStr)
	case majorArray:
		return false, s.push(openArray)
	case majorMap:
		return false, s.push(openMapKey)
	}
	return false, ErrReserved
}

// push opens a container inside the innermost one.
func (s *Scanner) push(open int64) error {
	if s.top != openNone {
		limit := s.limit
		if limit == 0 {
			limit = MaxDepth
		}
		if s.outer.n+1 == limit {
			return ErrDepth
		}
		s.outer.push(s.top)
	}
	s.top = open
	return nil
}

// finish counts a complete item in the containers around it and reports
// whether it was the outermost one.
func (s *Scanner) finish() bool {
	for {
		switch {
		case s.top == openNone:
			return true
		case s.top > 1:
			s.top--
			return false
		case s.top == openMapKey:
			s.top = openMapVal
			return false
		case s.top == openMapVal:
			s.top = openMapKey
			return false
		case s.top < 0:
			return false
		}
		s.top = s.outer.pop() // its last item is complete, so it is too
	}
}
