package node

import (
	"context"
	"iter"
	"net/netip"
	"sync"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/peersharing"
)

// What a peer may ask for on one connection before it waits, and how much more it
// gets in time. A node asks for an intersection of some 20 points when it connects
// or jumps, for peers every 900 s, and sends a keep-alive each 10 s, or some hundred
// at once where it measures; and it asks for ranges that we announced, of which few
// are gone by then. So honest ones never wait.
// (relay-behaviour, 3.5 and 5.1; miniprotocols, 4)
const (
	// Each point of MsgFindIntersect is looked up on disk, if it must be; the
	// message itself counts as some more. Two of the largest are free, and the next
	// is answered before the 10 s are over that the peer may wait.
	perPoint    = 8 * time.Millisecond
	perMessage  = 10 // points
	freePoints  = 2 * (chainsync.MaxPoints + perMessage)
	perSharing  = time.Second
	freeSharing = 10
	perPing     = 100 * time.Millisecond
	freePings   = 1000
	perRefusal  = 100 * time.Millisecond
	freeRefused = 100
)

// pace slows down a peer that asks in a loop. Asking is no fault, so the answer comes
// late, and the connection stays.
type pace struct {
	every time.Duration // for one unit, once the free ones are used up
	free  int           // units

	mu  sync.Mutex
	due time.Time // when all that was asked for is paid
}

// paces is how many a connection has.
const paces = 4

func (c *Conn) paces() [paces]*pace {
	return [paces]*pace{&c.intersecting, &c.sharing, &c.pinging, &c.refusing}
}

// owes returns until when what the peer has got is paid, by pace, on a connection that
// ends now. What it waited for, it has not got, and need not pay: all that it has got
// beyond its pace is what was free.
func (c *Conn) owes(now time.Time) (due [paces]time.Time) {
	for i, p := range c.paces() {
		p.mu.Lock()
		due[i] = p.due
		if most := now.Add(time.Duration(p.free) * p.every); due[i].After(most) {
			due[i] = most
		}
		p.mu.Unlock()
	}
	return due
}

// owe has the peer begin with what connections before this one owe, before it can ask.
func (c *Conn) owe(due [paces]time.Time) {
	for i, p := range c.paces() {
		p.due = due[i]
	}
}

// wait waits until n more units may be had.
func (p *pace) wait(ctx context.Context, n int) error {
	p.mu.Lock()
	now := time.Now()
	if p.due.Before(now) {
		p.due = now
	}
	p.due = p.due.Add(time.Duration(n) * p.every)
	left := p.due.Sub(now) - time.Duration(p.free)*p.every
	p.mu.Unlock()
	if left > 0 && !sleep(ctx, left) {
		return context.Cause(ctx)
	}
	return nil
}

// pacedChain is a chain whose follower may not look for intersections without end.
type pacedChain struct {
	chainsync.Source
	pace *pace
}

// Intersect waits longer for more points.
func (c pacedChain) Intersect(ctx context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	if err := c.pace.wait(ctx, len(points)+perMessage); err != nil {
		return ledger.Point{}, ledger.Tip{}, err
	}
	return c.Source.Intersect(ctx, points)
}

// pacedPeers is the same for addresses.
type pacedPeers struct {
	peersharing.Source
	pace *pace
}

// Peers waits until the peer may ask again.
func (p pacedPeers) Peers(ctx context.Context, amount int) ([]netip.AddrPort, error) {
	if err := p.pace.wait(ctx, 1); err != nil {
		return nil, err
	}
	return p.Source.Peers(ctx, amount)
}

// pacedBlocks are blocks of which those that are not there are not asked for
// without end; each is looked for on disk. What is there has its pace by being
// read.
type pacedBlocks struct {
	blockfetch.Source
	refusing *pace
}

// Range lets only refusals wait: blocks that are sent take their own time.
func (b pacedBlocks) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	blocks, err := b.Source.Range(ctx, from, to)
	if blocks == nil && err == nil {
		err = b.refusing.wait(ctx, 1)
	}
	return blocks, err
}
