package mux

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Arrange is for virtual networks whose runs are to be equal, as the Arrange of
// a vnet.Config: sent is what one side wrote to a bearer at one instant, and in
// which order the goroutines that wrote it ran is chance. It returns one chunk
// for each segment, sorted by mini-protocol and role and cut as if all bytes had
// been queued before the first was written. rest bytes at the end of sent are
// an incomplete segment and no part of chunks.
func Arrange(sent []byte) (chunks [][]byte, rest int) {
	streams := make(map[uint16][]byte) // by number with mode bit: the first header, then payloads
	for len(sent) >= headerSize {
		size := headerSize + int(binary.BigEndian.Uint16(sent[6:]))
		if len(sent) < size {
			break
		}
		id := binary.BigEndian.Uint16(sent[4:])
		if streams[id] == nil {
			streams[id] = slices.Clone(sent[:headerSize])
		}
		streams[id] = append(streams[id], sent[headerSize:size]...)
		sent = sent[size:]
	}
	for _, id := range slices.Sorted(maps.Keys(streams)) {
		head := streams[id][:headerSize:headerSize]
		for payload := range slices.Chunk(streams[id][headerSize:], defaultSegment) {
			binary.BigEndian.PutUint16(head[6:], uint16(len(payload)))
			chunks = append(chunks, slices.Concat(head, payload))
		}
	}
	return chunks, len(sent)
}
