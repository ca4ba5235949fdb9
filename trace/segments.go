package trace

import (
	"encoding/binary"

	"github.com/ouronet/ouronet/protocol"
)

// side is one end of a connection.
type side uint8

const (
	ours side = iota
	theirs
)

func (s side) other() side { return 1 - s }

// String is how decoded recordings name the side.
func (s side) String() string { return [...]string{"our side", "the peer"}[s] }

const segmentHead = 8

// segmentHeader is the head of a segment. (mux, 1)
type segmentHeader struct {
	id     uint16
	role   protocol.Role // of the sender
	length int
}

func parseSegment(b []byte) segmentHeader {
	id := binary.BigEndian.Uint16(b[4:])
	h := segmentHeader{id & 0x7fff, protocol.Initiator, int(binary.BigEndian.Uint16(b[6:]))}
	if id&0x8000 != 0 {
		h.role = protocol.Responder
	}
	return h
}

// segments cuts the bytes of one direction into segments as they come.
type segments struct {
	head []byte // of the current segment
	left int    // bytes of payload still to come
	now  segmentHeader
}

// feed calls begin for each head and payload for each piece of what follows.
// If either reports false, the rest is left out.
func (s *segments) feed(b []byte, begin func(segmentHeader) bool, payload func(segmentHeader, []byte) bool) bool {
	for len(b) > 0 {
		if s.left == 0 {
			n := min(segmentHead-len(s.head), len(b))
			s.head = append(s.head, b[:n]...)
			if b = b[n:]; len(s.head) < segmentHead {
				return true
			}
			s.now = parseSegment(s.head)
			s.head, s.left = s.head[:0], s.now.length
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
