package cbor

import "errors"

const (
	// MaxDepth is how deep arrays, maps, tags and indefinite strings may
	// nest. The deepest legal node-to-node message, a Byron transaction,
	// stays far below it.
	MaxDepth = 64

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

// Open containers on the scanner's stack: a count of items still to come, or
// one of these.
const (
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
type Scanner struct {
	stack []int64
	skip  uint64 // bytes of a string still to step over
	arg   uint64 // argument of the head being read
	left  uint8  // bytes of arg still to come; 0 between heads
	head  byte   // the head byte arg belongs to
	base  [8]int64
}

// Scan looks at p, the bytes that follow those of earlier calls, up to the end
// of the item. It returns how many bytes of p belong to the item and whether
// the item is complete. All of p belongs to an item that is not.
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
func (s *Scanner) Pending() uint64 {
	n := s.skip + uint64(s.left)
	for _, open := range s.stack {
		switch {
		case open > 0:
			n += uint64(open)
		default:
			n++ // the break
		}
	}
	if len(s.stack) > 0 && (s.skip > 0 || s.left > 0) && s.stack[len(s.stack)-1] > 0 {
		n-- // the open string or head is itself one of the counted items
	}
	return n
}

// definite acts on a complete head: s.head with argument s.arg.
func (s *Scanner) definite() (done bool, err error) {
	major := s.head >> 5
	if len(s.stack) > 0 {
		switch s.stack[len(s.stack)-1] {
		case openByteStr:
			if major != majorBytes {
				return false, ErrChunk
			}
		case openTextStr:
			if major != majorText {
				return false, ErrChunk
			}
		}
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
	case majorBytes, majorText:
		if s.arg > MaxLength {
			return false, ErrLength
		}
		if s.arg == 0 {
			return s.finish(), nil
		}
		s.skip = s.arg
		return false, nil
	case majorTag:
		return false, s.push(1)
	}
	if s.arg > MaxLength {
		return false, ErrLength
	}
	if s.arg == 0 {
		return s.finish(), nil
	}
	if major == majorMap {
		s.arg *= 2
	}
	return false, s.push(int64(s.arg))
}

// indefinite acts on a head with additional information 31.
func (s *Scanner) indefinite(b byte) (done bool, err error) {
	top := int64(0)
	if len(s.stack) > 0 {
		top = s.stack[len(s.stack)-1]
	}
	if b == breakByte {
		switch top {
		case openMapVal:
			return false, ErrMap
		case openArray, openMapKey, openByteStr, openTextStr:
			s.stack = s.stack[:len(s.stack)-1]
			return s.finish(), nil
		}
		return false, ErrReserved
	}
	if top == openByteStr || top == openTextStr {
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

func (s *Scanner) push(open int64) error {
	if len(s.stack) == MaxDepth {
		return ErrDepth
	}
	if s.stack == nil {
		s.stack = s.base[:0]
	}
	s.stack = append(s.stack, open)
	return nil
}

// finish counts a complete item in the containers around it and reports
// whether it was the outermost one.
func (s *Scanner) finish() bool {
	for {
		top := len(s.stack) - 1
		if top < 0 {
			return true
		}
		switch open := s.stack[top]; {
		case open > 1:
			s.stack[top]--
			return false
		case open == openMapKey:
			s.stack[top] = openMapVal
			return false
		case open == openMapVal:
			s.stack[top] = openMapKey
			return false
		case open < 0:
			return false
		}
		s.stack = s.stack[:top]
	}
}
