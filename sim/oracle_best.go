package sim

// content looks whether n could have a better chain now: the candidate of a
// peer, longer than all others, which is better than what n has, and of which
// all bodies are there. Where several are equally long it depends on who came
// first, and a chain that was left is not gone back to before it grows.
func (o *watch) content(n *node) {
	m, t := o.model(n), o.w.tree
	if m.bare {
		return
	}
	var best *conn
	for _, c := range n.conns {
		if !c.seen.active {
			continue
		}
		switch {
		case best == nil || t.height(c.seen.at) > t.height(best.seen.at):
			best = c
		case t.height(c.seen.at) == t.height(best.seen.at) && c.seen.at != best.seen.at:
			return
		}
	}
	tip := len(m.line) - 1
	if best == nil || t.height(best.seen.at) < tip || len(best.asks) > 0 {
		return
	}
	id := best.seen.at
	if m.room(id); m.left[id] || t.height(id) == tip && !prefer(&t.blocks[m.line[tip]].h, &t.blocks[id].h) {
		return
	}
	for h := t.height(id); h > tip || m.line[h] != id; h-- {
		if m.room(id); !n.holds(id) || !m.sound[id] {
			return
		}
		id = t.blocks[id].parent
	}
	if t.height(id) >= m.fixed {
		o.w.fail("best", "%v stays with block %d, and has all of the better chain of %v", n, m.line[tip], best.server)
	}
}
