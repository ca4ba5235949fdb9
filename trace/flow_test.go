package trace

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

// Only what waits at the same time is bounded: however often segments change
// places, nothing of a long capture is lost.
func TestFlowTakesReordering(t *testing.T) {
	const pairs = 2 * maxAhead / aheadCost
	f := &flows{byKey: make(map[flowKey]*flow)}
	src, dst := netip.MustParseAddrPort("10.0.0.1:3000"), netip.MustParseAddrPort("10.0.0.2:3001")
	segment := func(seq uint32, flags byte, data ...byte) {
		f.segment(time.Time{}, tcpSegment{src: src, dst: dst, seq: seq, flags: flags, data: data})
	}
	segment(0, flagSYN)
	var want, got []byte
	for n := range uint32(pairs) {
		segment(3*n+2, flagACK, byte(n), byte(n>>8))
		segment(3*n+1, flagACK, 'a')
		want = append(want, 'a', byte(n), byte(n>>8))
	}
	for r, ok := f.pop(); ok; r, ok = f.pop() {
		if r.Kind == Truncated {
			t.Fatalf("truncated after %d of %d bytes", len(got), len(want))
		}
		got = append(got, r.Data...)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, or others", len(got), len(want))
	}
}
