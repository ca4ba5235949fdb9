package trace

import "github.com/ouronet/ouronet/internal/segment"

// side is one end of a connection.
type side uint8

const (
	ours side = iota
	theirs
)

func (s side) other() side { return 1 - s }

// String is how decoded recordings name the side.
func (s side) String() string { return [...]string{"our side", "the peer"}[s] }

// segments cuts the bytes of one direction into segments as they come.
type segments struct {
	head []byte // of the current segment
	left int    // bytes of payload still to come
	now  segment.Head
}

// feed calls begin for each head and payload for each piece of what follows.
// If either reports false, the rest is left out.
func (s *segments) feed(b []byte, begin func(segment.Head) bool, payload func(segment.Head, []byte) bool) bool {
	for len(b) > 0 {
		if s.left == 0 {
			n := min(segment.HeadSize-len(s.head), len(b))
			s.head = append(s.head, b[:n]...)
			if b = b[n:]; len(s.head) < segment.HeadSize {
				return true
			}
			s.now, _ = segment.Parse(s.head)
			s.head, s.left = s.head[:0], s.now.Length
			if !begin(s.now) {
				return false
			}
			continue
		}
		n := min(s.left, len(b))
		if !payload(s.now, b[:n]) {
			return false
		}
		s.left -= n
		b = b[n:]
	}
	return true
}
