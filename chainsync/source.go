package chainsync

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ouronet/ouronet/ledger"
)

// Chain is own storage, as [NewSource] reads it. An *immutable.DB is one. Its methods may
// overlap, with each other and with changes of the chain.
type Chain interface {
	// Tip returns the end of the chain, the zero Tip if it is empty.
	Tip() ledger.Tip

	// Contains reports whether p is on the chain. The origin is on the chain unless
	// old blocks were removed.
	Contains(p ledger.Point) (bool, error)

	// NextHeaders returns headers that follow p on the chain, oldest first: at least
	// one if there are any, and up to n. What it returns must not change. If p is no
	// longer on the chain, it returns none, or any error.
	NextHeaders(p ledger.Point, n int) ([]ledger.Header, error)
}

// readAhead is how many headers a source reads at once, and keeps: 64 of 1 kB.
const readAhead = 64

// NewSource returns a view of chain for one follower. It holds a position and up to 64
// headers, and only while the follower is behind.
//
// Changes, which all sources of the chain share, wakes those that have reached the tip; nil
// if the chain never changes. If the chain loses the block that the follower is at, the
// next update is a rollback to the newest of its blocks that stayed on the chain, or an
// older one if it slept through 256 rollbacks.
//
// An error of chain ends the session. So does the removal of the block that the follower
// is at, such as an old one, once the source needs the headers after it: at once if
// changes is nil, and otherwise with the third change after it at the latest.
func NewSource(chain Chain, changes *Changes) Source {
	s := &source{chain: chain, changes: changes, back: true}
	_, _, s.seen = changes.since(0)
	return s
}

// unknown stands for the block number of a point that the follower named. A block in the
// same slot then counts as an earlier one, and the chain is asked whether it lost the point.
const unknown = ledger.BlockNo(math.MaxUint64)

// source is a read pointer on a [Chain].
type source struct {
	chain   Chain
	changes *Changes

	at    ledger.Tip      // the last block that the follower has
	back  bool            // the next update is a rollback to at
	ahead []ledger.Header // those after at, as far as they were read
	seen  uint64          // changes that all of this takes into account
	gone  int             // how often at was found to be gone, one after the other
}

var (
	errNoOrigin = errors.New("chainsync: the follower asked for the chain from the origin, and old blocks were removed")
	errGone     = errors.New("chainsync: the block that the follower is at was removed without a rollback")
)

// Intersect implements Source.
func (s *source) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	_, _, seen := s.changes.since(s.seen)
	for _, p := range points {
		ok, err := s.chain.Contains(p)
		if err != nil {
			return ledger.Point{}, ledger.Tip{}, err
		}
		if ok {
			s.at = ledger.Tip{Point: p, BlockNo: unknown}
			s.back, s.ahead, s.seen, s.gone = true, nil, seen, 0
			return p, s.chain.Tip(), nil
		}
	}
	return ledger.Point{}, s.chain.Tip(), ErrNoIntersect
}

// Next implements Source.
func (s *source) Next(context.Context) (Update, error) {
	if err := s.follow(); err != nil {
		return nil, err
	}
	if s.back {
		if s.at.Point.IsOrigin() {
			if ok, err := s.chain.Contains(s.at.Point); err != nil {
				return nil, err
			} else if !ok {
				return nil, errNoOrigin
			}
		}
		s.back = false
		return RollBackward{Point: s.at.Point, Tip: s.chain.Tip()}, nil
	}
	if len(s.ahead) == 0 {
		if err := s.read(); err != nil || len(s.ahead) == 0 {
			return nil, err
		}
	}
	h := &s.ahead[0]
	if s.ahead = s.ahead[1:]; len(s.ahead) == 0 {
		s.ahead = nil
	}
	s.at = h.Tip()
	return RollForward{Header: h.Raw, Tip: s.chain.Tip()}, nil
}

// follow moves the position back as far as the chain was rolled back since s.seen.
func (s *source) follow() error {
	to, back, count := s.changes.since(s.seen)
	if s.seen = count; !back {
		return nil
	}
	if s.ahead = nil; !before(to, s.at) {
		return nil
	}
	// The chain may have switched back, or its change may have been seen before it was told.
	ok, err := s.chain.Contains(s.at.Point)
	if err != nil {
		return err
	}
	if s.gone = 0; !ok {
		s.at, s.back = to, true
	}
	return nil
}

// read gets the headers after the position, none at the tip.
func (s *source) read() error {
	headers, err := s.chain.NextHeaders(s.at.Point, readAhead)
	if err == nil && (len(headers) > 0 || s.at.Point == s.chain.Tip().Point) {
		s.ahead, s.gone = headers, 0
		return nil
	}
	ok, bad := s.chain.Contains(s.at.Point)
	switch {
	case bad != nil:
		return bad
	case ok: // without an error, it has just grown
		s.gone = 0
		return err
	}
	// The position has left the chain, and its rollback has not reached changes yet: it
	// comes as the next change, or as the one after, if the next was made before it.
	if s.gone++; s.changes == nil || s.gone > 2 {
		return fmt.Errorf("%w: %v", errGone, s.at.Point)
	}
	return nil
}

// Wait implements Source.
func (s *source) Wait(ctx context.Context) error { return s.changes.wait(ctx, s.seen) }
