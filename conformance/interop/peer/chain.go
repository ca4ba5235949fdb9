package peer

import (
	"fmt"
	"slices"
	"sync"

	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
)

// ParseBlocks parses the headers of a chain's blocks.
func ParseBlocks(network ledger.Network, raws []ledger.RawBlock) ([]ledger.Block, error) {
	blocks := make([]ledger.Block, len(raws))
	for i, raw := range raws {
		b, err := network.ParseBlock(raw)
		if err != nil {
			return nil, fmt.Errorf("peer: block %d: %w", i, err)
		}
		blocks[i] = b
	}
	return blocks, nil
}

// Chain is what a [Server] serves. It may grow and roll back while it is being
// served; followers hear of it. Its methods may be called concurrently.
type Chain struct {
	mu        sync.Mutex
	blocks    []ledger.Block
	followers map[*Follower]struct{}
	changed   wake.All
}

// NewChain returns a chain of blocks, oldest first.
func NewChain(blocks []ledger.Block) *Chain {
	return &Chain{
		blocks:    slices.Clone(blocks),
		followers: make(map[*Follower]struct{}),
	}
}

// Append adds blocks at the tip.
func (c *Chain) Append(blocks ...ledger.Block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = append(c.blocks, blocks...)
	c.changed.Wake()
}

// Rollback drops all blocks but the first n.
func (c *Chain) Rollback(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = slices.Clone(c.blocks[:n])
	for f := range c.followers {
		if f.next > n {
			f.next, f.rollback = n, true
		}
	}
	c.changed.Wake()
}

// Len returns the number of blocks.
func (c *Chain) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.blocks)
}

// Tip returns the end of the chain.
func (c *Chain) Tip() ledger.Tip {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tip()
}

// Range returns the blocks from one point to another, both included, or
// false if they are not a piece of the chain.
func (c *Chain) Range(from, to ledger.Point) ([]ledger.Block, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.find(from)
	j, ok2 := c.find(to)
	if !ok || !ok2 || i > j {
		return nil, false
	}
	return c.blocks[i : j+1 : j+1], true
}

// find searches by slot; a few blocks may share one in Byron.
func (c *Chain) find(p ledger.Point) (int, bool) {
	i, _ := slices.BinarySearchFunc(c.blocks, p.Slot, func(b ledger.Block, s ledger.Slot) int {
		return int(int64(b.Header.Slot) - int64(s))
	})
	for ; i < len(c.blocks) && c.blocks[i].Header.Slot == p.Slot; i++ {
		if c.blocks[i].Header.Hash == p.Hash {
			return i, true
		}
	}
	return 0, false
}

func (c *Chain) tip() ledger.Tip {
	if len(c.blocks) == 0 {
		return ledger.Tip{}
	}
	return c.blocks[len(c.blocks)-1].Header.Tip()
}

// point returns the point before which n blocks end.
func (c *Chain) point(n int) ledger.Point {
	if n == 0 {
		return ledger.Origin
	}
	return c.blocks[n-1].Header.Point()
}

// Follower is a read pointer on a chain, for one chain-sync session.
type Follower struct {
	chain    *Chain
	next     int  // index of the next block to send
	rollback bool // a rollback to next is owed first
}

// Follow adds a follower that stands at the origin and is owed a rollback to
// it. (miniprotocols, Chain-sync, read pointer)
func (c *Chain) Follow() *Follower {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &Follower{chain: c, rollback: true}
	c.followers[f] = struct{}{}
	return f
}

// Close ends following.
func (f *Follower) Close() {
	f.chain.mu.Lock()
	defer f.chain.mu.Unlock()
	delete(f.chain.followers, f)
}

// Intersect moves to the first of points on the chain.
func (f *Follower) Intersect(points []ledger.Point) (p ledger.Point, tip ledger.Tip, ok bool) {
	c := f.chain
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range points {
		n := 0
		if !p.IsOrigin() {
			i, ok := c.find(p)
			if !ok {
				continue
			}
			n = i + 1
		}
		f.next, f.rollback = n, true
		return p, c.tip(), true
	}
	return ledger.Point{}, c.tip(), false
}

// Change is what a follower hears: a block, or if Block is nil a rollback to
// Point.
type Change struct {
	Block *ledger.Block
	Point ledger.Point
	Tip   ledger.Tip
}

// Advance returns the next change, or a channel closed at the next one if there
// is none.
func (f *Follower) Advance() (u Change, wait <-chan struct{}) {
	c := f.chain
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.rollback:
		f.rollback = false
		return Change{Point: c.point(f.next), Tip: c.tip()}, nil
	case f.next < len(c.blocks):
		f.next++
		return Change{Block: &c.blocks[f.next-1], Tip: c.tip()}, nil
	}
	return Change{}, c.changed.Next()
}
