package chaintest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Chain is a chain that is in memory, grows, and switches to forks: that of a
// [Peer], or of several. Its methods may overlap.
type Chain struct {
	network ledger.Network

	mu        sync.Mutex
	gen       *Generator // at the end of blocks; nil if Of made the chain
	blocks    []ledger.Block
	old       map[ledger.Point]ledger.Block // rolled back; ranges of them are served
	followers map[*follower]struct{}
	changed   chan struct{} // closed at the next change
}

// New returns an empty chain.
func New(cfg Config) *Chain {
	gen := NewGenerator(cfg)
	return newChain(gen.Network(), gen, nil)
}

// Of returns a chain of blocks that are there, oldest first, such as real ones. It
// grows with [Chain.Append] instead of [Chain.Grow].
func Of(n ledger.Network, blocks ...ledger.Block) *Chain {
	return newChain(n, nil, slices.Clone(blocks))
}

func newChain(n ledger.Network, gen *Generator, blocks []ledger.Block) *Chain {
	return &Chain{
		network: n, gen: gen, blocks: blocks,
		old:       make(map[ledger.Point]ledger.Block),
		followers: make(map[*follower]struct{}),
		changed:   make(chan struct{}),
	}
}

// Network returns the network of the chain, for a node.Config.
func (c *Chain) Network() ledger.Network { return c.network }

// Fork returns a chain of its own that has all but the last back blocks of c.
// What it grows are other blocks than c's: Fork(0) has the blocks of c, but not
// those that c grows later (see [Chain.Become]).
func (c *Chain) Fork(back int) *Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.left(back)
	return newChain(c.network, c.fork(n), slices.Clone(c.blocks[:n]))
}

// left returns how many blocks are left without the last back ones.
func (c *Chain) left(back int) int {
	if back < 0 || back > len(c.blocks) {
		panic(fmt.Sprintf("chaintest: %d blocks back on a chain of %d", back, len(c.blocks)))
	}
	return len(c.blocks) - back
}

func (c *Chain) fork(n int) *Generator {
	if c.gen == nil {
		return nil
	}
	gen, err := c.gen.Fork(c.tip(n).Point)
	if err != nil {
		panic(err) // the generator has made all of c.blocks
	}
	return gen
}

// Grow adds n new blocks.
func (c *Chain) Grow(n int) *Chain { return c.Switch(0, n) }

// Append adds blocks to a chain that [Of] made.
func (c *Chain) Append(blocks ...ledger.Block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gen != nil {
		panic("chaintest: Append to a chain that grows blocks of its own")
	}
	c.blocks = append(c.blocks, blocks...)
	c.notify()
}

// RollBack drops the last n blocks. What grows then are other blocks. Followers
// see a rollback at once; ranges of blocks that were dropped are still served.
//
// An application on package node/follow keeps its chain, which is longer, until
// the peer's is longer again: use [Chain.Switch] to make it roll back.
func (c *Chain) RollBack(n int) *Chain { return c.Switch(n, 0) }

// Switch drops the last back blocks and adds forward others in one change.
func (c *Chain) Switch(back, forward int) *Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.left(back)
	if back > 0 {
		c.gen = c.fork(n)
	}
	c.cut(n)
	if forward > 0 {
		if c.gen == nil {
			panic("chaintest: a chain of given blocks grows with Append")
		}
		c.blocks = append(c.blocks, c.gen.Blocks(forward)...)
	}
	c.notify()
	return c
}

// Become makes c's chain that of other, in one change.
func (c *Chain) Become(other *Chain) {
	copied := other.Fork(0)
	blocks, gen := copied.blocks, copied.gen
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

// Point returns the point of the block back blocks before the tip, which is
// Point(0). Point(n) of a chain of n blocks is the origin.
func (c *Chain) Point(back int) ledger.Point {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tip(c.left(back)).Point
}

// Sources are the sources of an honest peer with the chain.
func (c *Chain) Sources() *node.Sources { return Peer{Chain: c}.Sources() }

// follow returns the view of a follower, until ctx ends.
func (c *Chain) follow(ctx context.Context) *follower {
	f := &follower{c: c, back: true}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.followers[f] = struct{}{}
	context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.followers, f)
	})
	return f
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
