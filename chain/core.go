package chain

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Core is the state of the decisions. Make one with [New]. Its methods must
// not overlap.
type Core struct {
	cfg Config
	now time.Duration
	out effects

	tree    tree
	planner planner
	credits credits
	court   court

	byID map[PeerID]*peer

	yield bool // our chain gives way to any part of path, see overdue
	aside bool // blocks beside path became ready
}

// effects are those of a step so far.
type effects []Effect

func (e *effects) emit(x Effect) { *e = append(*e, x) }

// New returns a Core. It fails if cfg lacks something or cfg.Adopted is not a
// chain that starts at cfg.Anchor.
func New(cfg Config) (*Core, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	c := &Core{
		cfg: cfg, tree: newTree(&cfg), credits: credits{maxLead: cfg.MaxLead, maxSide: cfg.MaxSideHeaders},
		byID: make(map[PeerID]*peer),
	}
	c.planner = planner{cfg: &c.cfg, out: &c.out, ghosts: make(map[ledger.Hash]*ghost)}
	t := &c.tree
	if err := t.resume(cfg.Points); err != nil {
		return nil, err
	}
	c.forget(t.advance())
	for i := range cfg.Adopted {
		b, _, err := t.extend(t.tip, &cfg.Adopted[i])
		if err != nil {
			return nil, fmt.Errorf("chain: Config.Adopted[%d]: %w", i, err)
		}
		b.held, b.ready, b.valid = true, true, true
		t.adopt(b)
		c.forget(t.advance())
	}
	c.cfg.Adopted, c.cfg.Points = nil, nil
	t.moved = false
	if cfg.Judge {
		t.stands = t.tip
	}
	return c, nil
}

// Step takes what happened, now being the time since some fixed start, and
// returns what to do about it. The slice is valid until the next call.
func (c *Core) Step(now time.Duration, ev Event) []Effect {
	c.now = max(c.now, now)
	c.planner.before, c.planner.now = c.planner.now, c.now
	clear(c.out)
	c.out = c.out[:0]
	if _, ok := ev.(Consumed); !ok {
		c.planner.noPeer.of = nil
	}
	switch ev := ev.(type) {
	case PeerConnected:
		c.peerConnected(ev)
	case PeerGone:
		c.forgetPeer(c.byID[ev.Peer])
	case Intersected:
		c.intersected(ev)
	case NoIntersection:
		c.noIntersection(ev)
	case Headers:
		c.headers(ev)
	case RolledBack:
		c.rolledBack(ev)
	case BadHeader:
		c.disconnect(c.byID[ev.Peer], &HeaderError{ev.Point, ev.Err})
	case BlockFetched:
		c.blockFetched(ev)
	case RangeDone:
		c.rangeDone(ev)
	case NoBlocks:
		c.noBlocks(ev)
	case FetchFailed:
		c.fetchFailed(ev)
	case Judged:
		c.judged(ev)
	case Consumed:
		c.planner.backlog = max(0, c.planner.backlog-max(0, ev.Bytes))
	}
	c.decide()
	return c.out
}

func (c *Core) emit(e Effect) { c.out.emit(e) }

// decide does what depends on the state only, whatever event led to it.
func (c *Core) decide() {
	c.wake()
	c.aim()
	aside := false
	if c.cfg.Judge {
		aside = c.adoptJudged()
	} else {
		c.adoptPath()
		aside = c.aside && c.adoptAside()
	}
	c.evict()
	if c.tree.moved {
		c.tree.moved = false
		c.emit(Immutable{c.tree.anchor.tip()})
	}
	if c.tree.lost {
		c.tree.lost = false
		c.planner.cancelGone()
		c.wake()
	}
	if aside {
		c.aim()
		c.planner.countReady()
	}
	if c.cfg.Judge {
		c.ask()
	}
	c.planner.run(c.tree.tip.point.Slot, c.tree.heldBytes)
	c.grant()
}

// Tip returns the tip of the adopted chain.
func (c *Core) Tip() ledger.Tip { return c.tree.tip.tip() }

// Anchor returns the tip of the part of the adopted chain that can no longer
// change, as far as the core is concerned.
func (c *Core) Anchor() ledger.Tip { return c.tree.anchor.tip() }
