package peer

import (
	"context"
	"errors"
	"sync"

	"github.com/blinklabs-io/gouroboros/protocol/blockfetch"

	"github.com/ouronet/ouronet/ledger"
)

// Range is a range of blocks, both ends included.
type Range struct {
	From, To ledger.Point

	// Size is what the blocks take together, in bytes; a guess will do, and
	// zero is one block of the largest size.
	Size uint64
}

// Ranges cuts a chain into ranges of n blocks.
func Ranges(blocks []ledger.Block, n int) []Range {
	var out []Range
	for len(blocks) > 0 {
		part := blocks[:min(n, len(blocks))]
		blocks = blocks[len(part):]
		r := Range{From: part[0].Header.Point(), To: part[len(part)-1].Header.Point()}
		for _, b := range part {
			r.Size += uint64(len(b.Raw))
		}
		out = append(out, r)
	}
	return out
}

// fetchState carries blocks from the library's callbacks to Fetch's.
type fetchState struct {
	mu      sync.Mutex
	each    func(ledger.RawBlock) error
	pending int
	done    chan error
	batch   chan struct{} // capacity 1: a batch has ended, without pipelining
}

func (f *fetchState) finish(err error) {
	if f.done != nil {
		f.done <- err
	}
	f.each, f.done = nil, nil
}

func (f *fetchState) block(_ blockfetch.CallbackContext, blockType uint, inner []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.each == nil {
		return nil
	}
	if err := f.each(fromBlock(blockType, inner)); err != nil {
		f.finish(err)
	}
	return nil
}

func (f *fetchState) batchDone(ctx blockfetch.CallbackContext) error {
	err := f.rangeDone(ctx, nil)
	select {
	case f.batch <- struct{}{}:
	default:
	}
	return err
}

func (f *fetchState) rangeDone(_ blockfetch.CallbackContext, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending--
	if err != nil || f.pending == 0 {
		f.finish(err)
	}
	return nil
}

// Fetch requests the ranges in order and calls each with the blocks. It is
// blockfetch.ErrNoBlocks if the server lacks one of the ranges. [ErrStop] from
// each is not an error.
func (c *Client) Fetch(ctx context.Context, ranges []Range, each func(ledger.RawBlock) error) error {
	if len(ranges) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	c.fetch.mu.Lock()
	c.fetch.each, c.fetch.done, c.fetch.pending = each, done, len(ranges)
	c.fetch.mu.Unlock()
	ask := c.askOne
	if c.ahead {
		ask = c.askAhead
	}
	var asking sync.WaitGroup
	asking.Go(func() {
		for _, r := range ranges {
			if ask(ctx, r) != nil {
				return
			}
		}
	})
	err := c.wait(ctx, done)
	cancel()
	asking.Wait()
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

// askOne asks for a range and waits for its end.
func (c *Client) askOne(ctx context.Context, r Range) error {
	select {
	case <-c.fetch.batch: // left by a Fetch that was stopped
	default:
	}
	if err := c.conn.BlockFetch().Client.GetBlockRange(toPoint(r.From), toPoint(r.To)); err != nil {
		_ = c.fetch.rangeDone(blockfetch.CallbackContext{}, err)
		return err
	}
	select {
	case <-c.fetch.batch:
		return nil
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askAhead asks for a range as soon as the library allows.
func (c *Client) askAhead(ctx context.Context, r Range) error {
	_, err := c.conn.BlockFetch().Client.RequestRange(ctx, blockfetch.RangeRequest{
		Start: toPoint(r.From), End: toPoint(r.To), ExpectedBytes: r.Size,
	})
	return err
}
