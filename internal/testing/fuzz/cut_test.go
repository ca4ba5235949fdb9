package fuzz_test

import (
	"bytes"
	"io"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

// conversation is what both sides said on one connection.
type conversation struct {
	// wire are the bytes of each side, segments' heads included: of the side
	// that recorded, and of its peer.
	wire [2][]byte

	// streams are the payloads, joined.
	streams map[stream][]byte
}

// stream is one direction of a mini-protocol.
type stream struct {
	protocol uint16
	from     protocol.Role
}

// cutRecording reads a recording and takes its connections apart. What is no segment, or
// not a whole one, is not part of a stream.
func cutRecording(r io.Reader) ([]conversation, error) {
	recording, err := trace.Load(r)
	if err != nil {
		return nil, err
	}
	var all []conversation
	for _, conn := range recording.Conns {
		c := conversation{streams: make(map[stream][]byte)}
		for _, chunk := range conn.Chunks {
			side := 0
			if !chunk.Sent {
				side = 1
			}
			c.wire[side] = append(c.wire[side], chunk.Data...)
		}
		for _, wire := range c.wire {
			for h, payload := range segment.All(wire) {
				s := stream{h.ID, h.Role}
				c.streams[s] = append(c.streams[s], payload...)
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// messages cuts a stream into CBOR items; what is none, and all after it, is
// the last element.
func messages(stream []byte) (items [][]byte) {
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
