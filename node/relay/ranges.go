package relay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// inFolder reports whether p is a block in the folder, or the origin.
func (s *store) inFolder(p ledger.Point) (bool, error) {
	if p.IsOrigin() {
		return true, nil // the origin is on every chain
	}
	if s.db == nil {
		return false, nil
	}
	return s.db.Contains(p)
}

// Range implements blockfetch.Source. The blocks may be on a fork that was
// abandoned a short time ago. (relay-behaviour, 7.2)
//
// A range under way keeps points, not blocks, so a slow reader pins no memory.
// A block that goes to the folder meanwhile is read from there; one of a fork
// that is forgotten meanwhile ends the range with an error.
func (s *store) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	points, below := s.walk(from, to)
	var older iter.Seq2[ledger.RawBlock, error]
	if len(points) == 0 || points[0] != from {
		// The rest, or all of it, can only be in the folder.
		if s.db == nil {
			return nil, nil
		}
		var err error
		if older, err = s.db.Range(ctx, from, below); older == nil || err != nil {
			return nil, err
		}
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		if older != nil {
			for raw, err := range older {
				if !yield(raw, err) || err != nil {
					return
				}
			}
		}
		for _, p := range points {
			raw, err := s.block(p)
			if !yield(raw, err) || err != nil {
				return
			}
		}
	}, nil
}

// errForkGone ends a range that its reader takes too slowly.
var errForkGone = errors.New("relay: a block of the range was on a fork that is forgotten by now")

// walk collects the points of the blocks in memory from to downwards, until
// from, oldest first; below is the point before them.
func (s *store) walk(from, to ledger.Point) (points []ledger.Point, below ledger.Point) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for below = to; ; {
		e := s.entries[below]
		if e == nil || below.Slot < from.Slot {
			break
		}
		points = append(points, below)
		below = e.before
		if e.point == from {
			break
		}
	}
	slices.Reverse(points)
	return points, below
}

// block returns a block from memory or the folder.
func (s *store) block(p ledger.Point) (ledger.RawBlock, error) {
	s.mu.RLock()
	e := s.entries[p]
	var raw ledger.RawBlock
	if e != nil {
		raw = e.block.Raw
	}
	s.mu.RUnlock()
	switch {
	case raw != nil:
		return raw, nil
	case s.db == nil:
		return nil, fmt.Errorf("%w: %v", errForkGone, p)
	}
	raw, err := s.db.Block(p)
	if errors.Is(err, immutable.ErrNotFound) {
		err = fmt.Errorf("%w: %v", errForkGone, p)
	}
	return raw, err
}
