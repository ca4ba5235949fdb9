package vnet

import (
	"math"
	"math/rand/v2"
	"time"
)

// Link describes how bytes travel in one direction of a connection. The zero value has
// no delay and a window of [DefaultWindow].
//
// Each connection has a link of its own in each direction: connections do not
// take bandwidth from each other.
type Link struct {
	// Latency is the time from leaving to arriving, one way.
	Latency time.Duration

	// Jitter is the most by which a chunk is later than that. Each chunk's is
	// drawn evenly; none overtakes another.
	Jitter time.Duration

	// Bandwidth is in bytes a second; 0 has no limit.
	Bandwidth int64

	// Window is how many bytes may be under way or waiting to be read before Write
	// waits; 0 is [DefaultWindow]. A byte that was read makes room one latency of the
	// other direction later, so at most a window is sent in each round trip, as over
	// TCP.
	Window int

	// Unbuffered makes Write wait until all its bytes have been read and word of that has
	// come back, as over net.Pipe. Two sides that both write before they read then block
	// each other at once, however little they write: a deadlock that buffers would hide
	// until they are full. Bytes of a Write that ended with an error may still be read.
	// Config.Arrange is not asked about what is written.
	Unbuffered bool

	// Chunk is the most bytes that arrive at one instant because they were
	// sent at one instant, when bandwidth, jitter or lockstep make a
	// difference between them; 0 is [DefaultChunk].
	Chunk int

	// Ragged makes each Read return a random part of the available bytes, at least one,
	// so that messages come in pieces of any size.
	Ragged bool

	// ResetAfter, if not 0, is the number of bytes after which the connection
	// breaks. The receiver can read them all, then it gets ECONNRESET.
	ResetAfter int64

	// StallAfter, if not 0, is the number of bytes after which no more arrive,
	// though the connection stays open.
	StallAfter int64
}

const (
	// DefaultWindow is the window of a [Link] whose Window is 0, in bytes. At a round
	// trip of 50 ms it allows 20 MiB/s.
	DefaultWindow = 1 << 20

	// DefaultChunk is the chunk of a [Link] whose Chunk is 0, in bytes.
	DefaultChunk = 1 << 14
)

// maxDelay bounds all times of a link, so that sums of them do not overflow.
const maxDelay = 100 * 365 * 24 * time.Hour

// never is later than everything.
const never = time.Duration(math.MaxInt64)

// complete fills in what has a default and cuts off what has no meaning.
func (l Link) complete() Link {
	l.Latency = min(max(l.Latency, 0), maxDelay)
	l.Jitter = min(max(l.Jitter, 0), maxDelay)
	l.Bandwidth = max(l.Bandwidth, 0)
	if l.Window <= 0 {
		l.Window = DefaultWindow
	}
	if l.Chunk <= 0 {
		l.Chunk = DefaultChunk
	}
	return l
}

// uniform reports whether all bytes that are sent at one instant arrive at one
// instant.
func (l Link) uniform() bool { return l.Bandwidth == 0 && l.Jitter == 0 }

// pacer tells when chunks arrive. Times are those since the network was made.
type pacer struct {
	link Link
	rand *rand.Rand
	busy time.Duration // when the last bit of the last chunk leaves
	last time.Duration // when the last chunk arrives
}

// due returns when a chunk of n bytes that is sent now arrives. It leaves after
// those before it, at the rate of the link, and arrives whole.
func (p *pacer) due(now time.Duration, n int) time.Duration {
	p.busy = min(max(now, p.busy)+transmission(n, p.link.Bandwidth), maxDelay)
	due := p.busy + p.link.Latency
	if p.link.Jitter > 0 {
		due += time.Duration(p.rand.Int64N(int64(p.link.Jitter) + 1))
	}
	p.last = max(p.last, due)
	return p.last
}

// transmission returns how long n bytes take at a rate in bytes a second,
// rounded up.
func transmission(n int, rate int64) time.Duration {
	if rate == 0 || n == 0 {
		return 0
	}
	second := int64(time.Second)
	whole, part := int64(n)/rate, int64(n)%rate
	if whole >= int64(maxDelay/time.Second) {
		return maxDelay
	}
	if part > (math.MaxInt64-rate)/second { // only at rates above 9 GB/s
		return time.Duration(whole*second) + time.Duration(math.Ceil(float64(part)/float64(rate)*float64(second)))
	}
	return time.Duration(whole*second + (part*second+rate-1)/rate)
}
