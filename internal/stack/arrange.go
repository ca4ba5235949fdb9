package stack

import (
	"encoding/binary"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/mux"
)

// segmentHead is the size of a segment's header.
const segmentHead = 8

// arrange is [mux.Arrange] with each message in segments of its own, so that the
// receiver is woken for one message at a time. A session goes on with the next
// message while others deal with the one before, and how far it gets is chance;
// free-running networks are where that is tried.
func arrange(sent []byte) (chunks [][]byte, rest int) {
	segments, rest := mux.Arrange(sent)
	var scan cbor.Scanner
	var open []byte // the segment under way
	flush := func() {
		if len(open) > segmentHead {
			binary.BigEndian.PutUint16(open[6:], uint16(len(open)-segmentHead))
			chunks = append(chunks, open)
		}
		open = nil
	}
	for _, segment := range segments {
		head, payload := segment[:segmentHead:segmentHead], segment[segmentHead:]
		if open != nil && (open[4] != head[4] || open[5] != head[5]) {
			scan = cbor.Scanner{} // the message before has no end
		}
		flush()
		for len(payload) > 0 {
			n, done, err := scan.Scan(payload)
			if err != nil {
				n, scan = len(payload), cbor.Scanner{}
			}
			open = append(append(open, head...), payload[:n]...)
			if payload = payload[n:]; done {
				flush()
			}
		}
	}
	flush()
	return chunks, rest
}
