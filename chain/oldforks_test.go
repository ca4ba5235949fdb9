package chain

import "testing"

// A fork that we left twice is forgotten from its end, like others. Its first
// blocks must not go while later ones stay: they would be headers that no peer
// and no bound accounts for.
func TestForkLeftTwice(t *testing.T) {
	w := newWorld(t, 1, Config{K: 10})
	w.connect(w.grow(nil, 0, 1), false) // stays the oldest
	w.playOut()
	a := w.grow(nil, 0, 2)
	b := w.grow(nil, 0, 3)
	w.connect(a, false)
	w.playOut()
	w.connect(b, false)
	w.playOut()
	for range 2 {
		a, b = w.grow(a, 0, 2), w.grow(b, 0, 2)
		w.switchChain(w.peers[1], a)
		w.playOut()
		w.switchChain(w.peers[2], b)
		w.playOut()
	}
	for n := range 2 {
		w.connect(w.grow(b, 3, 4+n), false)
		w.playOut()
	}
	for len(w.peers) > 0 {
		id := w.peers[0].id
		w.lose(id)
		w.step(PeerGone{id})
	}
	if s := w.core.Stats(); s != (Stats{OldForks: 10}) {
		t.Errorf("left behind: %+v", s)
	}
}

// Headers after a block that is not ready are not looked at when one before it is
// forgotten: there may be as many as peers send.
func TestForgetLooksAtReady(t *testing.T) {
	c, err := New(Config{K: 5})
	if err != nil {
		t.Fatal(err)
	}
	add := func(parent *block, held bool) *block {
		x := &block{parent: parent, next: parent.child, held: held, ready: held}
		parent.child = x
		return x
	}
	old := add(c.tree.anchor, true)
	a := add(old, true)
	b := add(a, true)
	x := add(b, false)
	for range 1000 {
		add(x, false)
	}
	c.tree.unhold(old)
	if a.ready || b.ready {
		t.Error("what follows is still ready")
	}
	if n := cap(c.tree.stack); n > 100 {
		t.Errorf("room for %d blocks was needed", n)
	}
}

// A range is cancelled when its blocks fall out of the tree, here with a fork
// that our chain leaves k blocks behind: another peer may bring the headers
// again.
func TestRangeOfLostFork(t *testing.T) {
	w := newWorld(t, 2, Config{K: 2, FetchPeers: 2})
	fork := w.grow(nil, 0, 4)
	w.connect(fork, false)
	for len(w.peers[0].asks) == 0 {
		w.act(w.peers[0], false)
	}
	w.connect(w.grow(nil, 0, 6), false)
	for w.core.Tip().BlockNo < 5 && w.act(w.peers[1], true) {
	}
	for _, s := range w.core.planner.peers[0].spans {
		if !s.cancelled {
			t.Errorf("range %d is not cancelled", s.id)
		}
	}
	if at := w.core.Tip().BlockNo; at != 5 {
		t.Errorf("at block %d, want 5", at)
	}
}
