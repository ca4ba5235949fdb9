package sim

import "testing"

// Nothing is awaited, and one server has a longer chain than the other, which still owes
// ranges that were given up. The node may wait for it only if it has room for no more.
func TestContentWaitsForRoom(t *testing.T) {
	for _, test := range []struct {
		name   string
		ranges int // that a server may be asked for; it owes one
		faulty bool
	}{
		{"no room", 1, false},
		{"room", 2, true},
	} {
		w := newWorld(Scenario{Nodes: 1, Peers: 2, Blocks: 20}, 1, false)
		w.limits.ranges = test.ranges
		n := w.nodes[0]
		child := func(of blockID) blockID {
			for id := of + 1; ; id++ {
				if b := &w.tree.blocks[id]; b.parent == of && !b.bad {
					return id
				}
			}
		}
		short := child(n.tip())
		owing := &conn{client: n, server: w.nodes[1]}
		owing.seen = view{active: true, at: short}
		owing.asks = []*ask{{blocks: []blockID{short}, cancelled: true}}
		idle := &conn{client: n, server: w.nodes[2]}
		idle.seen = view{active: true, at: child(short)}
		n.conns = []*conn{owing, idle}
		w.watch.content(n)
		if f := w.failure; (f != nil) != test.faulty {
			t.Errorf("%s: found %v, want a fault: %t", test.name, f, test.faulty)
		}
	}
}
