package sim

// content looks whether n could do better now: there is a candidate, longer than
// all others, which is better than what n has, and either all bodies of it are
// there or nothing is on its way. Where several are equally long it depends on
// who came first, and a chain that was left is not gone back to before it grows. A
// node may wait for room with one that was asked for as many ranges as it may be,
// although all are given up: what is better may be a late peer's, see patient.
func (o *watch) content(n *node) {
	m, t := o.model(n), o.w.tree
	if m.Bare {
		return
	}
	var best *conn
	var end blockID // of its chain, as far as it may be adopted now
	waits := len(n.owed) > 0
	for _, c := range n.conns {
		for _, a := range c.asks {
			waits = waits || !a.cancelled
		}
		if !c.seen.active {
			continue
		}
		at := o.open(n, c.seen.at)
		waits = waits || len(c.asks) >= o.w.limits.ranges && o.better(m, at)
		switch {
		case best == nil || t.height(at) > t.height(end):
			best, end = c, at
		case t.height(at) == t.height(end) && at != end:
			return
		}
	}
	if best == nil || len(best.asks) > 0 || !o.better(m, end) || n.asked != 0 {
		return
	}
	there, id := true, end
	for there && !m.has(id) {
		m.room(id)
		there = n.holds(id) && m.sound[id]
		id = t.blocks[id].parent
	}
	switch {
	case there && t.height(id) >= m.fixed:
		o.w.fail("best", "%v stays with block %d, and has all of the better chain of %v", n, m.Tip(), best.server)
	case !there && !waits && !best.refusing && best.restTill <= o.w.now:
		o.w.fail("best", "%v stays with block %d, and does not ask for the better chain of %v", n, m.Tip(), best.server)
	}
}

// better reports whether the chain that ends with id is better than a node's, and
// none that it has left. What does not verify is never told to a core.
func (o *watch) better(m *model, id blockID) bool {
	t := o.w.tree
	m.room(id)
	return !m.abandoned[id] && !t.blocks[id].bad && o.valid(m, id) == id && t.better(m.Tip(), id)
}
