package relay

import (
	"context"
	"iter"

	"github.com/ouronet/ouronet/ledger"
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
func (s *store) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	blocks, below := s.walk(from, to)
	if len(blocks) > 0 && blocks[0].block.Header.Point() == from {
		return recent(blocks), nil
	}
	// The rest, or all of it, can only be in the folder.
	if s.db == nil {
		return nil, nil
	}
	older, err := s.db.Range(ctx, from, below)
	if older == nil || err != nil {
		return nil, err
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for raw, err := range older {
			if !yield(raw, err) || err != nil {
				return
			}
		}
		recent(blocks)(yield)
	}, nil
}

// walk collects the blocks in memory from to downwards, until from. They come
// oldest first; below is the point before them.
func (s *store) walk(from, to ledger.Point) (blocks []*entry, below ledger.Point) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	below = to
	for e := s.entries[to]; e != nil && e.state != stored && e.block.Header.Slot >= from.Slot; e = e.prev {
		blocks = append(blocks, e)
		below = e.before
		if e.block.Header.Point() == from {
			break
		}
	}
	for i, j := 0, len(blocks)-1; i < j; i, j = i+1, j-1 {
		blocks[i], blocks[j] = blocks[j], blocks[i]
	}
	return blocks, below
}

func recent(blocks []*entry) iter.Seq2[ledger.RawBlock, error] {
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, e := range blocks {
			if !yield(e.block.Raw, nil) {
				return
			}
		}
	}
}
