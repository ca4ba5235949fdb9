package fuzzseed

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

// Conversation is what both sides said on one connection.
type Conversation struct {
	// Wire are the bytes of each side, segments' heads included: of the side
	// that recorded, and of its peer.
	Wire [2][]byte

	// Streams are the payloads, joined.
	Streams map[Stream][]byte
}

// Stream is one direction of a mini-protocol.
type Stream struct {
	Protocol uint16
	From     protocol.Role
}

// Cut reads a recording and takes its connections apart. What is no segment, or
// not a whole one, is not part of a stream.
func Cut(r io.Reader) ([]Conversation, error) {
	recording, err := trace.Load(r)
	if err != nil {
		return nil, err
	}
	var all []Conversation
	for _, conn := range recording.Conns {
		c := Conversation{Streams: make(map[Stream][]byte)}
		for _, chunk := range conn.Chunks {
			side := 0
			if !chunk.Sent {
				side = 1
			}
			c.Wire[side] = append(c.Wire[side], chunk.Data...)
		}
		for _, wire := range c.Wire {
			c.split(wire)
		}
		all = append(all, c)
	}
	return all, nil
}

// split joins the payloads of segments. (mux, 2)
func (c *Conversation) split(wire []byte) {
	const head = 8
	for len(wire) >= head {
		id, n := binary.BigEndian.Uint16(wire[4:]), int(binary.BigEndian.Uint16(wire[6:]))
		if n == 0 || len(wire) < head+n {
			return
		}
		s := Stream{id & 0x7fff, protocol.Initiator}
		if id&0x8000 != 0 {
			s.From = protocol.Responder
		}
		c.Streams[s] = append(c.Streams[s], wire[head:head+n]...)
		wire = wire[head+n:]
	}
}

// Messages cuts a stream into CBOR items; what is none, and all after it, is
// the last element.
func Messages(stream []byte) (items [][]byte) {
	for len(stream) > 0 {
		var s cbor.Scanner
		n, done, _ := s.Scan(stream)
		if !done {
			n = len(stream)
		}
		items = append(items, bytes.Clone(stream[:n]))
		stream = stream[n:]
	}
	return items
}
