package chain

import "time"

// rate estimates how much to have in flight with a peer. Integers only, so
// that all machines decide the same.
type rate struct {
	rtt  time.Duration // 0 is unknown
	perS int64         // bytes a second, 0 is unknown

	// lag is how long a block took, or was not there, when that was longer than
	// rtt: it decides who is asked first, and must not make the window larger.
	lag time.Duration
}

const (
	// minWindow is the high mark of the Haskell node at low latency, twice
	// 196,608 bytes. (relay-behaviour, 6.1)
	minWindow = 2 * 196_608

	// What is assumed of an unknown peer. 2 µs a byte is the Haskell node's
	// assumption.
	assumedRTT  = 100 * time.Millisecond
	assumedPerS = 500_000

	// maxRTT is the most that counts as distance; what takes longer is delay.
	maxRTT = time.Second

	// minSample is the least number of bytes that tells something about
	// bandwidth.
	minSample = 64 << 10
	maxPerS   = 1 << 34
)

// sawRTT averages the time from a request on an idle connection to the first block.
func (r *rate) sawRTT(d time.Duration) {
	r.rtt = ewma(r.rtt, min(max(d, time.Microsecond), maxRTT))
	switch {
	case d > maxRTT:
		r.lag = max(r.lag, d)
	case r.lag > 0:
		r.lag = ewma(r.lag, d)
	}
}

// sawLate records that a block of which n bytes were to come first, itself
// included, has not come in d: another peer was sooner. That counts in full, so
// that who holds back is asked last next time.
func (r *rate) sawLate(n int, d time.Duration) {
	if d > r.expect(n) {
		r.lag = max(r.lag, d-r.sending(n))
	}
}

// sawHangUp records that the connection ended when a block of n bytes had not come in d.
// To be asked once more costs that time again: it adds up from one connection to the
// next, up to maxRTT. What n bytes were measured to take is no delay.
func (r *rate) sawHangUp(n int, d time.Duration) {
	if r.perS > 0 {
		d -= r.sending(n)
	}
	if d > 0 {
		r.lag = max(r.lag, d, min(r.latency()+d, maxRTT))
	}
}

// sawBytes averages the bandwidth that n bytes in d make.
func (r *rate) sawBytes(n int, d time.Duration) {
	if n < minSample {
		return
	}
	perS := int64(min(uint64(n)*uint64(time.Second)/uint64(max(d, 1)), maxPerS))
	r.perS = ewma(r.perS, perS)
}

// ewma moves an average, 0 if there is none, a quarter of the way to a sample. Neither
// is negative, and an average does not come down to 0 again.
func ewma[T int64 | time.Duration](avg, sample T) T {
	if avg == 0 {
		return sample
	}
	return avg + (sample-avg)/4
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
func (r rate) expect(n int) time.Duration { return r.latency() + r.sending(n) }

// latency returns how long the first block will take on an idle connection.
func (r rate) latency() time.Duration {
	if r.rtt == 0 {
		return max(assumedRTT, r.lag)
	}
	return max(r.rtt, r.lag)
}

// sending returns how long n bytes take without what comes before the first.
func (r rate) sending(n int) time.Duration {
	perS := r.perS
	if perS == 0 {
		perS = assumedPerS
	}
	return time.Duration(uint64(n) * uint64(time.Second) / uint64(perS))
}
