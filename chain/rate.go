package chain

import "time"

// rate estimates how much to have in flight with a peer. Integers only, so
// that all machines decide the same.
type rate struct {
	rtt  time.Duration // 0 is unknown
	perS int64         // bytes a second, 0 is unknown
}

const (
	// minWindow is the high mark of the Haskell node at low latency, twice
	// 196,608 bytes. (relay-behaviour, 6.1)
	minWindow = 2 * 196_608

	// What is assumed of an unknown peer. 2 µs a byte is the Haskell node's
	// assumption.
	assumedRTT  = 100 * time.Millisecond
	assumedPerS = 500_000

	// minSample is the least number of bytes that tells something about
	// bandwidth.
	minSample = 64 << 10
	maxPerS   = 1 << 34
)

// sawRTT notes the time from a request on an idle connection to the first block.
func (r *rate) sawRTT(d time.Duration) { r.rtt = ewma(r.rtt, max(d, time.Microsecond)) }

// sawBytes notes that n bytes took d.
func (r *rate) sawBytes(n int, d time.Duration) {
	if n < minSample {
		return
	}
	perS := int64(min(uint64(n)*uint64(time.Second)/uint64(max(d, 1)), maxPerS))
	r.perS = ewma(r.perS, perS)
}

// ewma moves an average a quarter of the way to a sample.
func ewma[T int64 | time.Duration](avg, sample T) T {
	if avg == 0 {
		return sample
	}
	return max(1, avg+(sample-avg)/4)
}

// window returns the bytes to have in flight: twice what the peer sends in a
// round trip, so that it never waits for us.
func (r rate) window(limit int) int {
	w := int64(minWindow)
	if r.rtt > 0 && r.perS > 0 {
		// At most 2^34 bytes times 10^7 µs, twice: below 2^59.
		us := min((r.rtt + time.Microsecond - 1).Microseconds(), 10_000_000)
		w = max(w, 2*r.perS*us/1_000_000)
	}
	return int(min(w, int64(limit)))
}

// expect returns how long n bytes will take.
func (r rate) expect(n int) time.Duration {
	rtt, perS := r.rtt, r.perS
	if rtt == 0 {
		rtt = assumedRTT
	}
	if perS == 0 {
		perS = assumedPerS
	}
	return rtt + time.Duration(uint64(n)*uint64(time.Second)/uint64(perS))
}
