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

func (f *fetchState) rangeDone(_ blockfetch.CallbackContext, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending--
	if err != nil || f.pending == 0 {
		f.finish(err)
	}
	return nil
}

// Fetch requests all ranges, as many at once as the library allows, and calls
// each with the blocks in order. It is blockfetch.ErrNoBlocks if the server
// lacks one of the ranges. [ErrStop] from each is not an error.
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
	var asking sync.WaitGroup
	asking.Go(func() {
		for _, r := range ranges {
			_, err := c.conn.BlockFetch().Client.RequestRange(ctx, blockfetch.RangeRequest{
				Start: toPoint(r.From), End: toPoint(r.To), ExpectedBytes: r.Size,
			})
			if err != nil {
				return // the connection or the context ended
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
