package sim

import (
	"time"

	"github.com/ouronet/ouronet/chain"
)

// start gives n a core that resumes from what it saved; from points only, if
// bare, as a follower that keeps no blocks.
func (n *node) start(bare bool) {
	w := n.w
	cfg := w.plot.Config(n.index)
	line := w.tree.line(n.saved)
	n.chain = line
	root := max(0, len(line)-1-cfg.K)
	if bare {
		for i := len(line) - 1; i > root; i -= 1 + i%3 {
			cfg.Points = append(cfg.Points, w.tree.point(line[i]))
		}
		cfg.Points = append(cfg.Points, w.tree.point(line[root]))
	} else {
		cfg.Anchor = w.tree.tip(line[root])
		for _, id := range line[root+1:] {
			cfg.Adopted = append(cfg.Adopted, w.tree.blocks[id].h)
		}
	}
	clear(n.held)
	n.store = nil
	if bare {
		n.store = append(n.store, line...)
	} else {
		for _, id := range line {
			n.hold(id, true)
		}
	}
	n.owed, n.late, n.tickAt, n.deadline, n.asked = nil, nil, 0, 0, 0
	core, err := chain.New(cfg)
	if err != nil {
		w.fail("restart", "node %d: %v", n.index, err)
		return
	}
	n.core = core
	w.watch.started(n, bare, root)
}

// restart is a crash: all that was not saved is lost.
func (n *node) restart(bare bool) {
	w := n.w
	n.late = nil
	for _, side := range [][]*conn{n.conns, n.followers} {
		for _, c := range append([]*conn(nil), side...) {
			w.end(c)
		}
	}
	for _, u := range w.ups {
		if u.client == n {
			u.restarted()
		}
	}
	n.alive++
	n.frozen = w.now + 2*time.Second
	n.start(bare)
}
