package chain

import "testing"

// A block that leaves the tree twice, each time with ranges that may still bring
// it, and comes a third time: their bodies are the third one's, or nobody's
// while there is none.
func TestGhost(t *testing.T) {
	h := line(1)[0]
	c, err := New(Config{K: 2})
	if err != nil {
		t.Fatal(err)
	}
	come := func(claims int) *block {
		b := c.tree.add(c.tree.anchor, &h)
		c.planner.comeBack(b)
		b.claims = claims
		return b
	}
	leave := func(b *block) {
		c.tree.removeTree(b)
		c.forget(c.tree.removed)
		c.tree.removed = nil
	}
	first := come(2)
	leave(first)
	second := come(1)
	if got := c.planner.unclaim(first); got != second {
		t.Error("a body of the first is not the second's")
	}
	leave(second)
	if got := c.planner.unclaim(first); !got.gone {
		t.Error("a body of the first is somebody's while there is none")
	}
	third := come(0)
	if got := c.planner.unclaim(second); got != third {
		t.Error("a body of the second is not the third's")
	}
	if len(c.planner.ghosts) != 0 {
		t.Errorf("%d ghosts are left", len(c.planner.ghosts))
	}
}
