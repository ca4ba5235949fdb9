package chain

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/internal/queue"
	"github.com/ouronet/ouronet/ledger"
)

// Verdict is what a judge says of a block.
type Verdict uint8

const (
	// Later: it cannot be told yet. The block is asked about again; meanwhile other
	// chains may be adopted.
	Later Verdict = iota

	// Valid: the block may follow the one before it.
	Valid

	// Invalid: it may not. Nobody is blamed: who sent it may not judge blocks, as a
	// relay without a ledger, or may not have judged this one yet.
	Invalid

	// Impossible: it may follow no block at all, which the block alone shows. The peer
	// that sent it is disconnected with an [*InvalidBlockError].
	//
	// The Haskell node also disconnects who sent an Invalid block, unless it is the end of
	// a chain and may have been announced before it was validated; and who has sent
	// headers after one. All its peers validate; ours need not. (ouroboros-consensus,
	// InvalidBlockPunishment.hs and invalidBlockRejector in ChainSync/Client.hs)
	Impossible
)

// String returns the verdict in a word.
func (v Verdict) String() string {
	switch v {
	case Later:
		return "later"
	case Valid:
		return "valid"
	case Invalid:
		return "invalid"
	case Impossible:
		return "impossible"
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// When the judge is asked again.
const (
	defaultRetry = time.Second
	maxRetry     = time.Hour
)

// court is what the judge was asked and what it said. Blocks that it found invalid stay
// marked in the tree; they are remembered by hash besides, for when their headers
// come again. One that was forgotten is fetched and judged again.
type court struct {
	asked   *block // about which it was asked, nil for none; it may have left the tree
	waits   []wait // blocks that are deferred
	invalid map[ledger.Hash]struct{}
	oldest  queue.Queue[ledger.Hash] // of invalid
}

type wait struct {
	b    *block
	till time.Duration
}

func (x *court) busy() int {
	if x.asked != nil {
		return 1
	}
	return 0
}

// remember keeps the hash of an invalid block, and forgets the oldest beyond limit.
func (x *court) remember(h ledger.Hash, limit int) {
	if _, known := x.invalid[h]; known {
		return
	}
	if x.invalid == nil {
		x.invalid = make(map[ledger.Hash]struct{})
	}
	x.invalid[h] = struct{}{}
	x.oldest.Push(h)
	if x.oldest.Len() > limit {
		delete(x.invalid, x.oldest.PopFirst())
	}
}

// falsified reports whether b or a block before it is invalid.
func (b *block) falsified() bool { return b.barrier != nil && b.barrier.invalid }

// sound returns the last block on the way to b that is not falsified.
func (b *block) sound() *block {
	if b.falsified() {
		return b.barrier.parent
	}
	return b
}

// open returns the last block on the way to b that is neither falsified nor behind a
// block that is deferred.
func (b *block) open() *block {
	if b = b.sound(); b.barrier != nil {
		return b.barrier.parent
	}
	return b
}

// bar finds the barriers anew of b and what follows it.
func (t *tree) bar(b *block) {
	stack := append(t.stack[:0], b)
	for len(stack) > 0 {
		b := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		b.barrier = nil
		if b.parent != nil {
			b.barrier = b.parent.barrier
		}
		if b.invalid && !b.falsified() || b.deferred && b.barrier == nil {
			b.barrier = b
		}
		for x := b.child; x != nil; x = x.next {
			stack = append(stack, x)
		}
	}
	t.stack = stack
}

// judged takes what the judge says of the block that it was asked about.
func (c *Core) judged(ev Judged) {
	b := c.court.asked
	if b == nil || b.point != ev.Point {
		return
	}
	c.court.asked = nil
	switch v := ev.Verdict; {
	case v == Valid:
		b.valid = true
		if !b.gone {
			c.tree.stands = b
		}
	case (v == Invalid || v == Impossible) && !b.adopted:
		c.court.remember(b.point.Hash, c.cfg.K)
		if !b.gone {
			c.falsify(b)
		}
		if v == Impossible && !b.valid {
			c.disconnect(c.byID[b.from], &InvalidBlockError{b.point, ev.Err})
		}
	case !b.gone: // our chain does not get shorter, whatever is said of it
		retry := min(ev.Retry, maxRetry)
		if retry <= 0 {
			retry = defaultRetry
		}
		b.deferred = true
		c.court.waits = append(c.court.waits, wait{b, c.now + retry})
		c.tree.bar(b)
	}
}

// falsify gives up b, which is invalid, and what follows it: the bodies are let go,
// and no more of them are waited for. The headers stay as long as a candidate has them.
func (c *Core) falsify(b *block) {
	b.invalid = true
	if b.onPath {
		c.planner.cut(c.planner.index(b))
	}
	c.tree.bar(b)
	all := []*block{b}
	for i := 0; i < len(all); i++ {
		for x := all[i].child; x != nil; x = x.next {
			all = append(all, x)
		}
	}
	for i := len(all) - 1; i >= 0; i-- { // leaf by leaf
		x := all[i]
		if x.kept {
			c.tree.unkeep(x)
		}
		if x.held {
			c.unhold(x)
		}
		c.prune(x)
	}
	c.planner.cancelFalsified()
}

// cancelFalsified cancels ranges that bring nothing but falsified blocks.
func (pl *planner) cancelFalsified() {
	for _, p := range pl.peers {
		for _, s := range p.spans {
			if s.next < len(s.blocks) && s.blocks[s.next].falsified() {
				pl.cancelSpan(p, s)
			}
		}
	}
}

// recognize marks b, which is new to the tree, if it is known to be invalid. If it was
// there before and the judge is asked about it still, the answer counts, as long as
// nothing else is missing before it: a judge may take longer than any connection lasts.
func (c *Core) recognize(b *block) {
	if x := c.court.asked; x != nil && x.gone && x.point == b.point && b.parent == c.tree.stands {
		b.from, b.valid = x.from, x.valid
		c.court.asked = b
	}
	if _, known := c.court.invalid[b.point.Hash]; known {
		b.invalid = true
		c.tree.bar(b)
	}
}

// recall lets blocks be judged again that were deferred until now.
func (c *Core) recall() {
	if len(c.court.waits) == 0 {
		return
	}
	left := c.court.waits[:0]
	for _, w := range c.court.waits {
		switch {
		case w.b.gone:
		case w.till > c.now:
			left = append(left, w)
		default:
			w.b.deferred = false
			c.tree.bar(w.b)
		}
	}
	clear(c.court.waits[len(left):])
	c.court.waits = left
}

// hopeless reports whether p's candidate is falsified and so long that no more of its
// headers may come: then a rollback could not come, either.
func (c *Core) hopeless(p *peer) bool {
	if p.phase != following || p.tip.gone || p.credit > 0 || !p.tip.falsified() {
		return false
	}
	n, _ := c.allowance(p)
	return n == 0
}
