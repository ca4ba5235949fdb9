// Package segment has the head of a segment, the frame in which the multiplexer puts
// bytes of a mini-protocol on the wire.
package segment

import (
	"encoding/binary"
	"errors"
	"io"
	"iter"

	"github.com/ouronet/ouronet/protocol"
)

const (
	// HeadSize is the size of a head in bytes.
	HeadSize = 8

	// MaxPayload is the most bytes that a segment can carry, by its length field.
	MaxPayload = 65535

	// Usual is how many bytes cardano-node puts into a segment. Smaller segments let
	// other mini-protocols in sooner. (mux, 2)
	Usual = 12288

	responderBit = 0x8000
)

// ErrEmpty refuses a length of zero. (mux, 1)
var ErrEmpty = errors.New("segment without payload")

// Head is the head of a segment.
type Head struct {
	Time   uint32        // sender's clock in microseconds, low 32 bits
	Role   protocol.Role // the role of the sender in the mini-protocol
	ID     uint16        // mini-protocol number
	Length int           // bytes of payload that follow
}

// Tag returns mode bit and number as they are on the wire. The mode bit is 0 when the
// initiator of the mini-protocol sends, whoever opened the connection. (mux, 1)
func (h Head) Tag() uint16 {
	if h.Role == protocol.Responder {
		return h.ID | responderBit
	}
	return h.ID
}

// Append encodes the head: time, tag, length, big endian. (mux, 1)
func (h Head) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, h.Time)
	dst = binary.BigEndian.AppendUint16(dst, h.Tag())
	return binary.BigEndian.AppendUint16(dst, uint16(h.Length))
}

// SetLength changes the length in an encoded head.
func SetLength(head []byte, n int) { binary.BigEndian.PutUint16(head[6:], uint16(n)) }

// Parse decodes the first HeadSize bytes of b. A Length of 0 is [ErrEmpty], with the head
// as it stands.
func Parse(b []byte) (Head, error) {
	id := binary.BigEndian.Uint16(b[4:])
	h := Head{
		Time:   binary.BigEndian.Uint32(b),
		Role:   protocol.Initiator,
		ID:     id &^ responderBit,
		Length: int(binary.BigEndian.Uint16(b[6:])),
	}
	if id&responderBit != 0 {
		h.Role = protocol.Responder
	}
	if h.Length == 0 {
		return h, ErrEmpty
	}
	return h, nil
}

// Append appends a segment of at most MaxPayload bytes of payload, with the time 0. One
// without payload is illegal, and what tests send.
func Append(dst []byte, role protocol.Role, id uint16, payload []byte) []byte {
	return append(Head{Role: role, ID: id, Length: len(payload)}.Append(dst), payload...)
}

// All yields the segments that wire begins with, empty ones too, with their payloads,
// which are part of wire. It ends before an incomplete segment.
func All(wire []byte) iter.Seq2[Head, []byte] {
	return func(yield func(Head, []byte) bool) {
		for len(wire) >= HeadSize {
			h, _ := Parse(wire)
			if len(wire) < HeadSize+h.Length || !yield(h, wire[HeadSize:HeadSize+h.Length]) {
				return
			}
			wire = wire[HeadSize+h.Length:]
		}
	}
}

// Read reads one segment. An empty one is [ErrEmpty]; other errors are those of
// [io.ReadFull].
func Read(r io.Reader) (Head, []byte, error) {
	var head [HeadSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return Head{}, nil, err
	}
	h, err := Parse(head[:])
	if err != nil {
		return h, nil, err
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(r, payload)
	return h, payload, err
}
