package mux

import (
	"encoding/binary"
	"errors"

	"github.com/ouronet/ouronet/protocol"
)

const (
	headerSize = 8

	// maxPayload is the most a segment can carry, by its length field.
	maxPayload = 65535

	// 12,288 is cardano-node's egress segment size. Smaller segments let
	// other mini-protocols in sooner. (mux, 2)
	defaultSegment = 12288

	responderBit = 0x8000
)

// errEmptySegment refuses a length of zero. (mux, 1)
var errEmptySegment = errors.New("segment without payload")

// header is the head of a segment.
type header struct {
	time   uint32        // sender's clock in microseconds, low 32 bits
	role   protocol.Role // the role of the sender in the mini-protocol
	id     uint16        // mini-protocol number
	length int           // bytes of payload that follow
}

// append encodes the header: time, mode bit and number, length, big endian.
// The mode bit is 0 when the initiator of the mini-protocol sends, whoever
// opened the connection. (mux, 1)
func (h header) append(dst []byte) []byte {
	id := h.id
	if h.role == protocol.Responder {
		id |= responderBit
	}
	dst = binary.BigEndian.AppendUint32(dst, h.time)
	dst = binary.BigEndian.AppendUint16(dst, id)
	return binary.BigEndian.AppendUint16(dst, uint16(h.length))
}

// parseHeader decodes the first headerSize bytes of b.
func parseHeader(b []byte) (header, error) {
	id := binary.BigEndian.Uint16(b[4:])
	h := header{
		time:   binary.BigEndian.Uint32(b),
		role:   protocol.Initiator,
		id:     id &^ responderBit,
		length: int(binary.BigEndian.Uint16(b[6:])),
	}
	if id&responderBit != 0 {
		h.role = protocol.Responder
	}
	if h.length == 0 {
		return h, errEmptySegment
	}
	return h, nil
}
