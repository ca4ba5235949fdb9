package testnode

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/chaingen"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Chain is the chain of an upstream node. Its methods may overlap.
type Chain struct {
	hooks Hooks

	mu        sync.Mutex
	gen       *chaingen.Generator // at the end of blocks
	blocks    []ledger.Block
	old       map[ledger.Point]ledger.Block // rolled back; ranges of them are served
	followers map[*follower]struct{}
	changed   chan struct{} // closed at the next change
}

// New returns an empty chain.
func New(cfg chaingen.Config) *Chain { return newChain(chaingen.New(cfg), nil) }

func newChain(gen *chaingen.Generator, blocks []ledger.Block) *Chain {
	return &Chain{
		gen: gen, blocks: blocks,
		old:       make(map[ledger.Point]ledger.Block),
		followers: make(map[*follower]struct{}),
		changed:   make(chan struct{}),
	}
}

// Fork returns a chain of its own that has all but the last back blocks of c.
// What it grows are other blocks than c's.
func (c *Chain) Fork(back int) *Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.blocks) - back
	return newChain(c.fork(n), slices.Clone(c.blocks[:n]))
}

// Copy returns a chain of its own with the blocks of c. It cannot grow the
// blocks that c grows later: see [Chain.Become].
func (c *Chain) Copy() *Chain { return c.Fork(0) }

func (c *Chain) fork(n int) *chaingen.Generator {
	var at ledger.Point
	if n > 0 {
		at = c.blocks[n-1].Header.Point()
	}
	gen, err := c.gen.Fork(at)
	if err != nil {
		panic(err) // the generator has made all of c.blocks
	}
	return gen
}

// Lie makes the chain answer with hooks from now on; call it before it is
// served.
func (c *Chain) Lie(hooks Hooks) *Chain {
	c.hooks = hooks
	return c
}

// Grow adds n new blocks.
func (c *Chain) Grow(n int) *Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = append(c.blocks, c.gen.Blocks(n)...)
	c.notify()
	return c
}

// RollBack drops the last n blocks. What grows then are other blocks.
func (c *Chain) RollBack(n int) *Chain { return c.Switch(n, 0) }

// Switch drops the last back blocks and adds forward others in one change.
func (c *Chain) Switch(back, forward int) *Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.blocks) - back
	if back > 0 {
		c.gen = c.fork(n)
	}
	c.cut(n)
	c.blocks = append(c.blocks, c.gen.Blocks(forward)...)
	c.notify()
	return c
}

// Become makes c's chain that of other, in one change.
func (c *Chain) Become(other *Chain) {
	blocks, gen := other.Blocks(), other.Copy().gen
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(blocks) && n < len(c.blocks) && blocks[n].Header.Hash == c.blocks[n].Header.Hash {
		n++
	}
	c.cut(n)
	c.blocks, c.gen = append(c.blocks, blocks[n:]...), gen
	c.notify()
}

// cut shortens the chain to n blocks.
func (c *Chain) cut(n int) {
	for _, b := range c.blocks[n:] {
		c.old[b.Header.Point()] = b
	}
	c.blocks = slices.Clip(c.blocks[:n])
	for f := range c.followers {
		if f.n > n {
			f.n, f.back = n, true
		}
	}
}

func (c *Chain) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Blocks returns the blocks of the chain.
func (c *Chain) Blocks() []ledger.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.blocks)
}

// Tip returns the end of the chain.
func (c *Chain) Tip() ledger.Tip {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tip(len(c.blocks))
}

func (c *Chain) tip(n int) ledger.Tip {
	if n == 0 {
		return ledger.Tip{}
	}
	return c.blocks[n-1].Header.Tip()
}

// Point returns the point of the block back blocks before the tip.
func (c *Chain) Point(back int) ledger.Point {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tip(len(c.blocks) - back).Point
}

// Sources answer from the chain.
func (c *Chain) Sources() *node.Sources {
	return &node.Sources{
		ChainSync: func(ctx context.Context, _ *node.Conn) chainsync.Source {
			f := &follower{c: c, back: true}
			c.mu.Lock()
			c.followers[f] = struct{}{}
			c.mu.Unlock()
			context.AfterFunc(ctx, func() {
				c.mu.Lock()
				delete(c.followers, f)
				c.mu.Unlock()
			})
			return f
		},
		BlockFetch: c,
	}
}

// Range implements blockfetch.Source.
func (c *Chain) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	blocks := c.between(from, to)
	if c.hooks.Range != nil {
		blocks = c.hooks.Range(ctx, blocks)
	}
	if blocks == nil {
		return nil, nil
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range blocks {
			if c.hooks.Block != nil {
				c.hooks.Block(ctx, b)
			}
			if err := context.Cause(ctx); err != nil {
				yield(nil, err)
				return
			}
			if !yield(b.Raw, nil) {
				return
			}
		}
	}, nil
}

// between walks back from to to from, over blocks that were rolled back, too.
func (c *Chain) between(from, to ledger.Point) []ledger.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	var blocks []ledger.Block
	for at := to; ; {
		b, ok := c.find(at)
		if !ok || b.Header.Slot < from.Slot {
			return nil
		}
		blocks = append(blocks, b)
		if at == from {
			slices.Reverse(blocks)
			return blocks
		}
		at = c.before(b)
	}
}

func (c *Chain) find(p ledger.Point) (ledger.Block, bool) {
	if n, ok := c.position(p); ok && n > 0 {
		return c.blocks[n-1], true
	}
	b, ok := c.old[p]
	return b, ok
}

// before returns the point of the block before b.
func (c *Chain) before(b ledger.Block) ledger.Point {
	for _, x := range c.old {
		if x.Header.Hash == b.Header.Prev {
			return x.Header.Point()
		}
	}
	n, _ := slices.BinarySearchFunc(c.blocks, b.Header.Slot, func(x ledger.Block, s ledger.Slot) int { return int(x.Header.Slot) - int(s) })
	for n = min(n+1, len(c.blocks)); n > 0; n-- {
		if x := c.blocks[n-1]; x.Header.Hash == b.Header.Prev {
			return x.Header.Point()
		}
	}
	return ledger.Origin
}

// position returns how many blocks the chain has up to p.
func (c *Chain) position(p ledger.Point) (n int, ok bool) {
	if p.IsOrigin() {
		return 0, true
	}
	n, _ = slices.BinarySearchFunc(c.blocks, p.Slot, func(b ledger.Block, s ledger.Slot) int { return int(b.Header.Slot) - int(s) })
	for ; n < len(c.blocks) && c.blocks[n].Header.Slot == p.Slot; n++ { // two if one is a boundary block
		if c.blocks[n].Header.Hash == p.Hash {
			return n + 1, true
		}
	}
	return 0, false
}

var _ blockfetch.Source = (*Chain)(nil)

// Same reports the first block in which got differs from want, nil if there is none.
func Same(got, want []ledger.Block) error {
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i].Raw, want[i].Raw) {
			return fmt.Errorf("block %d differs", i)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d blocks, want %d", len(got), len(want))
	}
	return nil
}
