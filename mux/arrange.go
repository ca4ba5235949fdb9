package mux

import (
	"maps"
	"slices"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/segment"
)

// Arrange is for virtual networks whose runs are to be equal, as the Arrange of
// a vnet.Config: sent is what one side wrote to a bearer at one instant, and in
// which order the goroutines that wrote it ran is chance. It returns segments
// sorted by mini-protocol and role. Each message has segments of its own, so
// that the other side deals with one before the next comes: how far a session
// gets with the next meanwhile would be chance, too. rest bytes at the end of
// sent are an incomplete segment and no part of chunks.
//
// There are more and smaller segments than a [Mux] makes; free-running networks
// are where that is tried.
func Arrange(sent []byte) (chunks [][]byte, rest int) {
	streams := make(map[uint16][]byte) // by tag: the first head, then payloads
	for h, payload := range segment.All(sent) {
		tag := h.Tag()
		if streams[tag] == nil {
			streams[tag] = slices.Clone(sent[:segment.HeadSize])
		}
		streams[tag] = append(streams[tag], payload...)
		sent = sent[segment.HeadSize+h.Length:]
	}
	for _, tag := range slices.Sorted(maps.Keys(streams)) {
		head, payload := streams[tag][:segment.HeadSize:segment.HeadSize], streams[tag][segment.HeadSize:]
		for len(payload) > 0 {
			message := cutMessage(payload)
			payload = payload[len(message):]
			for part := range slices.Chunk(message, segment.Usual) {
				segment.SetLength(head, len(part))
				chunks = append(chunks, slices.Concat(head, part))
			}
		}
	}
	return chunks, len(sent)
}

// cutMessage returns the first message of payload. It is all of it, if that does
// not begin with a message, which all mini-protocols have as an array, or does
// not have its end.
func cutMessage(payload []byte) []byte {
	var scan cbor.Scanner
	if payload[0]>>5 == cborArray {
		if n, done, err := scan.Scan(payload); err == nil && done {
			return payload[:n]
		}
	}
	return payload
}

const cborArray = 4 // major type
