package stack

import (
	"context"
	"errors"
	"time"

	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

var errFlaw = errors.New("the plot says so")

// plotJudge says of blocks what the plot does, after a time that follows from the block; of
// one in eight it cannot say it at once.
type plotJudge struct {
	s    *stage
	seen map[ledger.Hash]bool
}

func (j *plotJudge) Judge(ctx context.Context, q follow.Question) error {
	h := q.Block.Header.Hash
	// Up to 16 ms, so that nothing else happens at the same time; some take a second.
	d := moment + time.Duration(h[0])<<16 + time.Duration(h[3])<<8 + time.Duration(h[4])
	if h[1] < 8 {
		d *= 64
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return ctx.Err()
	}
	if h[2] < 32 && !j.seen[h] {
		j.seen[h] = true
		return &follow.LaterError{Retry: 5 * time.Second}
	}
	i, ok := j.s.tree.Find(q.Block.Header.Point())
	if !ok {
		return &follow.InvalidBlockError{Impossible: true, Err: errFlaw}
	}
	switch j.s.plot.Blocks[i].Flaw {
	case sim.Unfit:
		return &follow.InvalidBlockError{Err: errFlaw}
	case sim.Absurd:
		return &follow.InvalidBlockError{Impossible: true, Err: errFlaw}
	}
	return nil
}

// rotten reports whether the chain up to a block is not valid.
func (s *stage) rotten(i int) bool {
	for ; i != 0; i = s.plot.Blocks[i].Parent {
		if s.plot.Blocks[i].Flaw != sim.Sound {
			return true
		}
	}
	return false
}
