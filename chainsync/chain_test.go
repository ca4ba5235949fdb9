package chainsync_test

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
)

// chain is a chain that commands change, as one follower sees it.
type chain struct {
	mu     sync.Mutex
	blocks []string
	read   int    // blocks that the follower has
	back   string // where it has to be told to roll back to, or ""
	news   chan struct{}
	broken error
}

func (c *chain) tip() ledger.Tip {
	if len(c.blocks) == 0 {
		return ledger.Tip{}
	}
	return tip(c.blocks[len(c.blocks)-1])
}

func (c *chain) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(points) > chainsync.MaxPoints {
		return ledger.Point{}, ledger.Tip{}, errors.New("looked up too many points")
	}
	for _, p := range points {
		if p.IsOrigin() {
			c.read, c.back = 0, "origin"
			return p, c.tip(), nil
		}
		for n, b := range c.blocks {
			if point(b) == p {
				c.read, c.back = n+1, b
				return p, c.tip(), nil
			}
		}
	}
	return ledger.Point{}, c.tip(), chainsync.ErrNoIntersect
}

func (c *chain) Next(context.Context) (chainsync.Update, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return nil, c.broken
	}
	if b := c.back; b != "" {
		c.back = ""
		return chainsync.RollBackward{Point: point(b), Tip: c.tip()}, nil
	}
	if c.read == len(c.blocks) {
		return nil, nil
	}
	c.read++
	return chainsync.RollForward{Header: header(c.blocks[c.read-1]), Tip: c.tip()}, nil
}

func (c *chain) Wait(ctx context.Context) error {
	select {
	case <-c.news:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// change does one of: extend BLOCKS, switch POINT BLOCKS (to a fork after
// POINT), wake, break.
func (c *chain) change(_ context.Context, command string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := strings.Fields(command)
	switch f[0] {
	case "extend":
		c.blocks = append(c.blocks, f[1:]...)
	case "switch":
		n := 0
		for n < len(c.blocks) && (n == 0 || c.blocks[n-1] != f[1]) {
			n++
		}
		if c.read > n {
			c.read, c.back = n, f[1]
		}
		c.blocks = append(c.blocks[:n:n], f[2:]...)
	case "break":
		c.broken = errors.New("disk on fire")
	}
	select {
	case c.news <- struct{}{}:
	default:
	}
}
