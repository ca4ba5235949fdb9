package chain

// A claim on a block is a range that may still bring it, cancelled or not.

// claim and disclaim count claims on b. Of what is to come for it all is of no use
// when it is held, else all but one.
func (pl *planner) claim(b *block) {
	if b.held || b.claims > 0 {
		pl.spare += b.size
	}
	b.claims++
}

func (pl *planner) disclaim(b *block) {
	b.claims--
	if b.held || b.claims > 0 {
		pl.spare -= b.size
	}
}

// held records that the body of b has come.
func (pl *planner) held(b *block) {
	if b.onPath {
		pl.lacking--
	}
	if b.claims > 0 {
		pl.spare += b.size
	}
}

// unheld records that the body of b was let go.
func (pl *planner) unheld(b *block) {
	if b.onPath {
		pl.lacking++
	}
	if b.claims > 0 {
		pl.spare -= b.size
	}
}

// ghost stands for blocks that left the tree while ranges may still bring them.
// Headers can come again, if the chain they are on was not known to its start,
// see Config.Points; then what these ranges bring are bodies of blocks that are
// there.
type ghost struct {
	claims int    // on blocks that are gone
	again  *block // in the tree, nil for none
}

// rememberClaims keeps count of the ranges that may still bring b, which has left the
// tree.
func (pl *planner) rememberClaims(b *block) {
	g := pl.ghosts[b.point.Hash]
	switch {
	case g != nil:
		g.claims += b.claims
		g.again = nil
	case b.claims > 0:
		pl.ghosts[b.point.Hash] = &ghost{claims: b.claims}
	}
}

// comeBack finds what ranges may still bring for x, which is new to the tree, if it was
// there before.
func (pl *planner) comeBack(x *block) {
	if g := pl.ghosts[x.point.Hash]; g != nil {
		g.again = x
	}
}

// unclaim takes back a claim on b, and returns the block that it is on now: b,
// or the one that came for it; gone if there is none.
func (pl *planner) unclaim(b *block) *block {
	pl.disclaim(b)
	if !b.gone {
		return b
	}
	g := pl.ghosts[b.point.Hash]
	if g.claims--; g.claims == 0 {
		delete(pl.ghosts, b.point.Hash)
	}
	if g.again != nil {
		return g.again
	}
	return b
}
