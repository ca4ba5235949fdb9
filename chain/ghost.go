package chain

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
func (c *Core) rememberClaims(b *block) {
	g := c.ghosts[b.point.Hash]
	switch {
	case g != nil:
		g.claims += b.claims
		g.again = nil
	case b.claims > 0:
		c.ghosts[b.point.Hash] = &ghost{claims: b.claims}
	}
}

// comeBack finds what ranges may still bring for x, which is new to the tree, if it was
// there before.
func (c *Core) comeBack(x *block) {
	if g := c.ghosts[x.point.Hash]; g != nil {
		g.again = x
	}
}

// unclaim takes back a claim on b, and returns the block that it is on now: b,
// or the one that came for it; gone if there is none.
func (c *Core) unclaim(b *block) *block {
	c.disclaim(b)
	if !b.gone {
		return b
	}
	g := c.ghosts[b.point.Hash]
	if g.claims--; g.claims == 0 {
		delete(c.ghosts, b.point.Hash)
	}
	if g.again != nil {
		return g.again
	}
	return b
}
