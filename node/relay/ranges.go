package relay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// inFolder reports whether p is a block in the folder. The origin is if the folder
// begins there: who starts at the origin needs all blocks after it.
func (s *store) inFolder(p ledger.Point) (bool, error) {
	if s.db == nil {
		return false, nil
	}
	return s.db.Contains(p)
}

// turnBytes is after how much of a range from the folder others have their turn. Where
// the kernel takes all at once, only the end of a time slice of 10 ms would stop one that
// is being sent, and with 64 of them each would wait for 0.6 s and then get 10 MB.
const turnBytes = 32 << 10

// Range implements blockfetch.Source. The blocks may be on a fork that was
// abandoned a short time ago. (relay-behaviour, 7.2)
//
// A range under way keeps points, not blocks, so a slow reader pins no memory.
// A block that goes to the folder meanwhile is read from there; one of a fork
// that is forgotten meanwhile ends the range with an error.
func (s *store) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	part := s.walk(from, to)
	var older iter.Seq2[ledger.RawBlock, error]
	if !part.whole {
		// The rest, or all of it, can only be in the folder.
		if s.db == nil {
			return nil, nil
		}
		var err error
		if older, err = s.db.Range(ctx, from, part.below); older == nil || err != nil {
			return nil, err
		}
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		if older != nil {
			turn := 0
			for raw, err := range older {
				if turn += len(raw); turn > turnBytes {
					turn = 0
					runtime.Gosched()
				}
				if !yield(raw, err) || err != nil {
					return
				}
			}
		}
		next, points := part.first, part.points
		for last := part.below; last != to; {
			if len(points) == 0 {
				if points = s.more(next, to); len(points) == 0 {
					s.rest(ctx, last, to, yield)
					return
				}
			}
			last = points[0]
			raw, err := s.block(last)
			if !yield(raw, err) || err != nil {
				return
			}
			points = points[1:]
			next++
		}
	}, nil
}

// rest yields what follows a block of a range, when the next one is not in memory
// any more: it went to the folder, with the one before it, or was of a fork.
func (s *store) rest(ctx context.Context, last, to ledger.Point, yield func(ledger.RawBlock, error) bool) {
	blocks, err := s.Range(ctx, last, to)
	if blocks == nil && err == nil {
		err = fmt.Errorf("%w: %v", errForkGone, to)
	}
	if err != nil {
		yield(nil, err)
		return
	}
	skipped := false
	for raw, err := range blocks {
		if !skipped && err == nil {
			skipped = true // last itself
			continue
		}
		if !yield(raw, err) || err != nil {
			return
		}
	}
}

// errForkGone ends a range that its reader takes too slowly.
var errForkGone = errors.New("relay: a block of the range was on a fork that is forgotten by now")

// part is the end of a range that is in memory, maybe none of it.
type part struct {
	whole  bool           // it is all of the range
	below  ledger.Point   // the block before it
	first  int64          // position of its first block
	points []ledger.Point // of its first blocks
}

// walk finds what is in memory of a range. It looks at no more blocks than were
// abandoned, however long the range is: everybody waits meanwhile.
func (s *store) walk(from, to ledger.Point) (p part) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p.below = to
	e := s.shown(to)
	for ; e != nil && e.state == abandoned && !p.whole; e = s.shown(p.below) {
		p.first, p.below = e.pos, e.before
		p.whole = e.point == from
	}
	if e != nil && !p.whole {
		// What is below e is adopted.
		p.first, p.below = s.basePos, s.base.Point
		if f := s.shown(from); f != nil && f.state == adopted && f.pos <= e.pos {
			p.first, p.below, p.whole = f.pos, f.before, true
		}
	}
	if p.below != to {
		p.points = s.stretch(p.first, to)
	}
	return p
}

// shown returns a block that is or was adopted and is in memory, nil if it is not.
// s.mu is held.
func (s *store) shown(p ledger.Point) *entry {
	if e := s.entries[p]; e != nil && e.state != held {
		return e
	}
	return nil
}

// more continues a range with the block at a position.
func (s *store) more(at int64, to ledger.Point) []ledger.Point {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stretch(at, to)
}

// stretch collects up to s.batch points of the blocks in memory from a position on
// the chain of to, oldest first, and none after to. There are none if the first is
// not in memory. s.mu is held.
func (s *store) stretch(at int64, to ledger.Point) (points []ledger.Point) {
	var fork []ledger.Point
	e := s.shown(to)
	for ; e != nil && e.state == abandoned; e = s.shown(e.before) {
		fork = append(fork, e.point)
	}
	next := at
	if e != nil && at >= s.basePos {
		for ; next <= e.pos && len(points) < s.batch; next++ {
			points = append(points, s.chain[next-s.basePos].point)
		}
	}
	for _, p := range slices.Backward(fork) {
		if s.entries[p].pos == next && len(points) < s.batch {
			points = append(points, p)
			next++
		}
	}
	return points
}

// block returns a block from memory or one of the folders.
func (s *store) block(p ledger.Point) (ledger.RawBlock, error) {
	s.mu.RLock()
	e := s.shown(p)
	s.mu.RUnlock()
	if e != nil {
		b, err := s.body(e)
		if !errors.Is(err, errGone) {
			return b.Raw, err
		}
	}
	return s.older(p)
}

// older reads a block that has gone from memory to one of the folders.
func (s *store) older(p ledger.Point) (ledger.RawBlock, error) {
	if s.db == nil {
		return nil, fmt.Errorf("%w: %v", errForkGone, p)
	}
	raw, err := s.db.Block(p)
	if errors.Is(err, immutable.ErrNotFound) {
		err = fmt.Errorf("%w: %v", errForkGone, p)
	}
	return raw, err
}
