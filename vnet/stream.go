package vnet

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ouronet/ouronet/internal/queue"
)

// What a chunk is, beside bytes.
const (
	data  = iota
	end   // the sender sends no more
	reset // the sender gave the connection up
	cut   // the network broke the connection: the sender learns of it later
)

// chunk is what arrives at one instant.
type chunk struct {
	kind int
	n    int // bytes
	due  time.Duration
}

// credit is room in the window, on its way back to the sender.
type credit struct {
	n   int // bytes
	due time.Duration
}

// Bounds of the lists of a stream. When one is full, its last element takes
// what is added and is as late as that.
const (
	maxChunks  = 1 << 12
	maxCredits = 1 << 8
)

// stream is one direction of a connection. The mutex of its pair guards it.
//
// Its bytes are, in order: ready to be read; under way, as the chunks say; and
// pending, which have no time yet.
type stream struct {
	pacer
	buf   []byte // from at on
	at    int
	ready int
	older int // of ready, those that were there before the last chunk arrived

	lastPut int // bytes

	chunks  queue.Queue[chunk]
	credits queue.Queue[credit]
	stalls  []span     // when nothing arrives
	cuts    *rand.Rand // for ragged reads

	used    int   // bytes of the window
	sent    int64 // bytes that have a time
	pending int   // bytes
	unread  bool  // a Write waits until used is 0, see Link.Unbuffered
	held    int   // of these, the last ones wait for what follows
	owed    int   // bytes read whose credit has no time yet
	ending  int   // end or reset, to be sent after what is pending, or 0
	closed  bool  // no more bytes are taken from the sender
	severed bool  // by ResetAfter; what is sent is lost
	ended   bool  // the end has arrived
}

// put takes bytes from the sender.
func (s *stream) put(b []byte) {
	if s.at > len(s.buf)/2 && len(s.buf)+len(b) > cap(s.buf) {
		s.buf = s.buf[:copy(s.buf, s.buf[s.at:])]
		s.at = 0
	}
	s.buf = append(s.buf, b...)
	s.lastPut = len(b)
	s.pending += len(b)
	s.used += len(b)
}

// restSize is how much memory an empty stream keeps, in bytes, after a write of
// no more than that.
const restSize = 512

// take gives bytes to the receiver.
func (s *stream) take(b []byte) int {
	n := min(len(b), s.ready)
	if s.link.Ragged {
		n = 1 + s.cuts.IntN(n)
	}
	copy(b[:n], s.buf[s.at:])
	s.discard(n)
	s.ready -= n
	s.older = max(0, s.older-n)
	s.owed += n
	return n
}

// retract takes back what was put since the last schedule.
func (s *stream) retract() {
	n := s.pending - s.held
	s.buf = s.buf[:len(s.buf)-n]
	s.pending -= n
	s.used -= n
}

// discard lets go of the first n bytes.
func (s *stream) discard(n int) {
	s.at += n
	if s.at == len(s.buf) {
		s.at, s.buf = 0, s.buf[:0]
		if cap(s.buf) > restSize && s.lastPut <= restSize {
			s.buf = nil
		}
	}
}

// drop loses all that is not ready.
func (s *stream) drop() {
	s.buf = s.buf[:s.at+s.ready]
	s.chunks = queue.Queue[chunk]{}
	s.credits = queue.Queue[credit]{}
	s.pending, s.held, s.owed, s.ending = 0, 0, 0, 0
}

// schedule gives a time to all that has none yet. back is the latency of the
// other direction.
func (s *stream) schedule(now, back time.Duration, net *Network) {
	lockstep := net.lockstep()
	if arrange := net.cfg.Arrange; lockstep && arrange != nil && s.pending > 0 && !s.link.Unbuffered {
		s.arrange(now, arrange)
	}
	if s.held == 0 || s.ending != 0 || s.used >= s.link.Window {
		s.held = 0
		for s.pending > 0 {
			n := s.pending
			if lockstep || !s.link.uniform() {
				n = min(n, s.link.Chunk)
			}
			s.send(now, n, lockstep)
		}
	}
	if s.ending != 0 && !s.severed {
		due := s.due(now, 0)
		if s.link.StallAfter > 0 && s.sent >= s.link.StallAfter {
			due = never
		}
		s.push(chunk{s.ending, 0, due}, lockstep)
	}
	s.ending = 0
	if s.owed > 0 {
		s.giveBack(credit{s.owed, now + back})
		s.owed = 0
	}
}

// arrange sends what is pending, as the network's Arrange says. What that leaves
// is held.
func (s *stream) arrange(now time.Duration, arrange func([]byte) ([][]byte, int)) {
	start := len(s.buf) - s.pending
	chunks, rest := arrange(s.buf[start:])
	if chunks == nil && rest == 0 || rest < 0 || rest > s.pending {
		s.held = 0
		return
	}
	all := slices.Concat(chunks...)
	if len(all) > 0 && rest == s.pending { // out of nothing
		s.held = 0
		return
	}
	tail := slices.Clone(s.buf[len(s.buf)-rest:])
	s.buf = append(append(s.buf[:start], all...), tail...)
	s.used -= s.pending - rest - len(all)
	s.pending, s.held = len(all)+rest, rest
	for _, c := range chunks {
		for left := len(c); left > 0 && s.pending > rest; {
			left -= s.send(now, left, true)
		}
	}
}

// send gives a time to the next n pending bytes, or to fewer if something
// happens after those, and returns how many they are.
func (s *stream) send(now time.Duration, n int, lockstep bool) int {
	if s.severed {
		s.lose(n)
		return n
	}
	stalled := false
	if limit := s.link.StallAfter; limit > 0 {
		if stalled = s.sent >= limit; !stalled {
			n = int(min(int64(n), limit-s.sent))
		}
	}
	limit := s.link.ResetAfter
	if limit > 0 {
		n = int(min(int64(n), limit-s.sent))
	}
	due := s.due(now, n)
	if stalled {
		due = never
	}
	s.push(chunk{data, n, due}, lockstep)
	s.pending -= n
	s.sent += int64(n)
	if limit > 0 && s.sent >= limit {
		s.severed = true
		s.push(chunk{cut, 0, due}, lockstep)
	}
	return n
}

// lose drops the next n pending bytes.
func (s *stream) lose(n int) {
	start := len(s.buf) - s.pending
	s.buf = append(s.buf[:start], s.buf[start+n:]...)
	s.pending -= n
	s.used -= n
}

func (s *stream) push(c chunk, lockstep bool) {
	if last := s.chunks.Back(); last != nil && c.kind == data && last.kind == data {
		if s.chunks.Len() >= maxChunks || !lockstep && last.due == c.due {
			last.n += c.n
			last.due = c.due
			return
		}
	}
	s.chunks.Push(c)
}

func (s *stream) giveBack(c credit) {
	if last := s.credits.Back(); last != nil && (last.due == c.due || s.credits.Len() >= maxCredits) {
		last.n += c.n
		last.due = c.due
		return
	}
	s.credits.Push(c)
}

// arrival returns when the next chunk arrives, or never.
func (s *stream) arrival() time.Duration {
	if c := s.chunks.Front(); c != nil {
		return delayed(c.due, s.stalls)
	}
	return never
}

// room returns when the next credit comes back, or never. back are the stalls
// of the other direction.
func (s *stream) room(back []span) time.Duration {
	if c := s.credits.Front(); c != nil {
		return delayed(c.due, back)
	}
	return never
}
