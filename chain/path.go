package chain

// setTarget rebuilds path to end at b, nil for none. What it has in common with the
// old path stays.
func (pl *planner) setTarget(b *block) {
	if pl.path.Len() > 0 && pl.path.Last() == b {
		return
	}
	if b == nil {
		pl.cut(0)
		return
	}
	route := pl.route[:0]
	x := b
	for ; !x.onPath && !x.adopted; x = x.parent {
		route = append(route, x)
	}
	if x.onPath {
		pl.cut(pl.index(x) + 1)
	} else {
		pl.cut(0)
	}
	for i := len(route) - 1; i >= 0; i-- {
		b := route[i]
		route[i] = nil
		b.onPath = true
		if !b.held {
			pl.lacking++
		}
		pl.path.Push(b)
	}
	pl.route = route
}

// cut shortens path to n blocks.
func (pl *planner) cut(n int) {
	pl.pathNo++
	for pl.path.Len() > n {
		b := pl.path.PopLast()
		b.onPath = false
		if !b.held {
			pl.lacking--
		}
	}
	pl.cursor = min(pl.cursor, n)
	pl.readyN = min(pl.readyN, n)
}

// index returns b's place on path.
func (pl *planner) index(b *block) int { return int(b.height - pl.path.At(0).height) }

// rewind has the planner look at b again, a block on path.
func (pl *planner) rewind(b *block) {
	if b.onPath {
		pl.cursor = min(pl.cursor, pl.index(b))
	}
}

// countReady counts the blocks at the start of path that are ready.
func (pl *planner) countReady() {
	for pl.readyN < pl.path.Len() && pl.path.At(pl.readyN).ready {
		pl.readyN++
	}
}

// popReady takes the blocks that were counted off path, which are on our chain now.
func (pl *planner) popReady() { pl.pop(pl.readyN) }

// pop takes n of the blocks that were counted off path, which are on our chain now.
func (pl *planner) pop(n int) {
	for ; n > 0; n-- {
		pl.path.PopFirst().onPath = false
		pl.readyN--
		pl.cursor = max(0, pl.cursor-1)
	}
}
