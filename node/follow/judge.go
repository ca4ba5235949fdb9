package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// Judge decides which blocks are valid. With a Judge, a block is adopted only after it
// and all blocks before it were found valid; the descendants of an invalid block are
// given up, and the next best chain is taken.
type Judge interface {
	// Judge says whether q.Block may follow q.After. It returns nil if so, an
	// [*InvalidBlockError] if not, and a [*LaterError] if it cannot decide yet. Any
	// other error ends the run, which returns it.
	//
	// Blocks are judged one at a time. Judge may take any time: only adopting waits for
	// it. ctx ends with the run, and the run waits for Judge to return.
	Judge(ctx context.Context, q Question) error
}

// Question is a block for a [Judge] to decide on.
//
// Questions lead along one chain, block by block, from the start of the run. After is
// the block that was found valid last, or an older one to which the judge must go back:
// there another chain begins, which may be adopted much later, or left again. After may
// also be a point that the run began with, while that is on our chain. A judge can work
// in two ways:
//
//   - It keeps the state after each block from Anchor on, looks up the one after After,
//     and keeps the state after Block.
//   - It keeps one state, and the undo data of each block since Anchor. It drops a
//     state when it goes back from it, and is asked Again about blocks that it left.
type Question struct {
	Block ledger.Block // its header and the hash of its body are checked

	After  ledger.Tip // the block before it
	Anchor ledger.Tip // none below is gone back to

	// Again: the block was found valid in this run, or was adopted before, and has to be
	// applied once more because the judge has left it since.
	Again bool
}

// InvalidBlockError says that a block is not valid. The block and its descendants are
// given up. The last k invalid blocks are remembered; an older one that comes again is
// judged again.
type InvalidBlockError struct {
	// Impossible says that the block alone, without ledger state, shows that no chain
	// can have it. Its sender is blamed and disconnected then. For other invalid blocks
	// no peer is blamed: relays may pass on blocks that they do not judge.
	Impossible bool

	Err error // what is wrong with it
}

// Error says what is wrong with the block.
func (e *InvalidBlockError) Error() string { return fmt.Sprintf("follow: invalid block: %v", e.Err) }

// Unwrap returns Err.
func (e *InvalidBlockError) Unwrap() error { return e.Err }

// LaterError says that a block cannot be judged yet; chains without the block may be
// adopted meanwhile. From [Bodies].Get it says that the block cannot be read for now.
type LaterError struct {
	Retry time.Duration // when to ask again: 0 stands for a second, an hour is the most
}

// Error does not say when.
func (e *LaterError) Error() string { return "follow: the block cannot be had or judged yet" }

// judgement answers a question.
type judgement struct {
	block ledger.Tip
	again bool
	err   error
}

// bench is where the judge works: one question is under way at most.
type bench struct {
	questions chan Question  // capacity 1
	answers   chan judgement // capacity 1
}

func newBench() bench { return bench{make(chan Question, 1), make(chan judgement, 1)} }

// judge answers questions until ctx ends. It is a goroutine of its own.
func (e *Engine) judge(ctx context.Context) {
	for {
		select {
		case q := <-e.bench.questions:
			began := time.Now()
			err := e.cfg.Judge.Judge(ctx, q)
			if ctx.Err() != nil {
				return // it may have been interrupted
			}
			tip := q.Block.Header.Tip()
			if judged := e.cfg.Observer.Judged; judged != nil {
				judged(tip.Point, time.Since(began), err)
			}
			e.bench.answers <- judgement{tip, q.Again, err}
		case <-ctx.Done():
			return
		}
	}
}

// ask has the judge look at a block, whose body is held.
func (e *Engine) ask(j chain.Judge) {
	b, err := e.body(j.Header.Point())
	if err != nil {
		e.cancel(err)
		return
	}
	e.bench.questions <- Question{Block: b.Block, After: j.After, Anchor: e.core.Anchor(), Again: j.Again}
}

// judged tells the core what the judge says.
func (e *Engine) judged(j judgement) {
	ev := chain.Judged{Point: j.block.Point, Verdict: chain.Valid}
	var invalid *InvalidBlockError
	var later *LaterError
	switch {
	case j.err == nil:
	case errors.As(j.err, &invalid) && j.again:
		e.cancel(fmt.Errorf("follow: Config.Judge: block %v, which was found valid before: %w", j.block, j.err))
		return
	case errors.As(j.err, &invalid):
		ev.Verdict, ev.Err = chain.Invalid, invalid.Err
		if invalid.Impossible {
			ev.Verdict = chain.Impossible
		}
		e.log.LogAttrs(context.Background(), slog.LevelWarn, "invalid block",
			slog.String("block", j.block.String()), slog.Any("error", invalid.Err), slog.Bool("impossible", invalid.Impossible))
	case errors.As(j.err, &later):
		ev.Verdict, ev.Retry = chain.Later, later.Retry
	default:
		e.cancel(fmt.Errorf("follow: Config.Judge: block %v: %w", j.block, j.err))
		return
	}
	e.step(ev)
}
