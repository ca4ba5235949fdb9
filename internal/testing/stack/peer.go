package stack

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
)

// peer is a scripted participant: a chain that moves when it is told to, and
// what its manner makes of it. Its methods may overlap.
type peer struct {
	tree   *Tree
	manner sim.Manner
	seed   uint64
	fail   func(format string, args ...any)

	mu        sync.Mutex
	line      []int // the chain, by height
	followers map[*follower]struct{}
	changed   chan struct{} // closed at the next change
	streams   uint64        // followers there were
	ranges    uint64        // requests for ranges there were
	lies      int           // told in place of blocks, which are seen if they arrive
	txs       map[ledger.TxID]bool
}

func newPeer(t *Tree, manner sim.Manner, seed uint64, start int, fail func(string, ...any)) *peer {
	return &peer{
		tree: t, manner: manner, seed: seed, fail: fail, line: t.Line(start),
		followers: make(map[*follower]struct{}), changed: make(chan struct{}), txs: make(map[ledger.TxID]bool),
	}
}

// move gives the peer the chain that ends with a block.
func (p *peer) move(to int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = p.tree.Line(to)
	for f := range p.followers { // any order
		for !p.has(f.at) {
			f.at, f.back = p.tree.parents[f.at], true
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// has reports whether a block is on the chain. p.mu is held.
func (p *peer) has(i int) bool {
	h := p.height(i)
	return h < len(p.line) && p.line[h] == i
}

func (p *peer) height(i int) int {
	if i == 0 {
		return 0
	}
	return int(p.tree.Blocks[i].Header.BlockNo) + 1
}

func (p *peer) sources() *node.Sources {
	return &node.Sources{
		ChainSync: func(ctx context.Context, _ *node.Conn) chainsync.Source {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.streams++
			f := &follower{p: p, back: true, random: rand.New(rand.NewPCG(p.seed, p.streams))}
			if p.manner == sim.Silent {
				f.muteAt = time.Now().Add(time.Duration(f.random.IntN(60)) * time.Second)
			}
			p.followers[f] = struct{}{}
			context.AfterFunc(ctx, func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				delete(p.followers, f)
			})
			return f
		},
		BlockFetch: p,
		TxSubmission: func(context.Context, *node.Conn) txsubmission.Sink {
			return &sink{p: p, announced: make(map[ledger.TxID]bool), got: make(map[ledger.TxID]bool)}
		},
	}
}

// Range implements blockfetch.Source. Blocks of chains that the peer has left
// are still there.
func (p *peer) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	p.mu.Lock()
	p.ranges++
	random := rand.New(rand.NewPCG(p.seed, p.ranges<<32))
	p.mu.Unlock()
	first, ok1 := p.tree.Find(from)
	last, ok2 := p.tree.Find(to)
	if !ok1 || !ok2 {
		return nil, nil
	}
	line, start := p.tree.Line(last), p.height(first)
	if start >= len(line) || line[start] != first {
		return nil, nil
	}
	if p.manner == sim.Withholding && random.IntN(3) > 0 {
		if random.IntN(2) == 0 {
			return nil, nil
		}
		<-ctx.Done() // it never answers
		return nil, context.Cause(ctx)
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, i := range line[start:] {
			if d := p.delay(i, random); d > 0 {
				select {
				case <-time.After(d):
				case <-ctx.Done():
					yield(nil, context.Cause(ctx))
					return
				}
			}
			if p.manner == sim.Withholding && random.IntN(20) == 0 {
				<-ctx.Done()
				yield(nil, context.Cause(ctx))
				return
			}
			raw, more := p.body(i, random)
			if raw != nil && !yield(raw, nil) || !more {
				return
			}
		}
	}, nil
}

// delay returns how long the peer takes before it sends a block.
func (p *peer) delay(i int, random *rand.Rand) time.Duration {
	switch {
	case p.manner == sim.Dripping:
		perS := 200 + p.seed%1800
		return time.Duration(uint64(len(p.tree.Blocks[i].Raw)) * uint64(time.Second) / perS)
	case p.manner == sim.Hoarding && random.IntN(4) > 0:
		return time.Duration(1000+random.IntN(19_000)) * time.Millisecond
	}
	return 0
}

// body returns a block to send, or what a liar sends in place of it; more is
// false if it ends the range there.
func (p *peer) body(i int, random *rand.Rand) (raw ledger.RawBlock, more bool) {
	raw = p.tree.Blocks[i].Raw
	if p.manner != sim.Lying || random.IntN(12) > 0 {
		return raw, true
	}
	p.mu.Lock()
	p.lies++
	p.mu.Unlock()
	switch random.IntN(3) {
	case 0: // another body
		bad := append(ledger.RawBlock(nil), raw...)
		bad[len(bad)-1] ^= 1
		return bad, true
	case 1: // another block
		return p.tree.foreign[random.IntN(len(p.tree.foreign))].Raw, true
	}
	return nil, false
}

var _ blockfetch.Source = (*peer)(nil)
