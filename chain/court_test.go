package chain

import (
	"testing"
)

// checkJudged is the part of check that is about the judge.
func (c *Core) checkJudged(bad func(string, ...any), b *block) {
	var want *block
	if b.parent != nil {
		want = b.parent.barrier // which was looked at before
	}
	if b.invalid && (want == nil || !want.invalid) || b.deferred && want == nil {
		want = b
	}
	switch {
	case b.barrier != want:
		bad("%v is behind a barrier %v, want %v", b.point, b.barrier != nil, want != nil)
	case b.falsified() && (b.held || b.adopted || b.kept || b.onPath):
		bad("%v is falsified, and held %v, adopted %v, kept %v, on path %v", b.point, b.held, b.adopted, b.kept, b.onPath)
	case !c.cfg.Judge && (b.barrier != nil || c.court.asked != nil):
		bad("%v is judged without a judge", b.point)
	case c.cfg.Judge && b.adopted && !b.valid && !b.bare && b.h != nil:
		bad("%v was adopted without a judgement", b.point)
	}
	if b != c.tree.anchor {
		return
	}
	// Once a step is enough.
	if !c.cfg.Judge {
		if c.tree.stands != nil {
			bad("a block stays in memory for a judge that there is not")
		}
		return
	}
	if s := c.tree.stands; s == nil || s.gone || !s.valid && !s.adopted && s.h != nil {
		bad("the judge stands nowhere")
	}
	if x := c.court.asked; x != nil && !x.gone && x.parent != c.tree.stands {
		bad("the judge is asked about %v, and stands at %v", x.point, c.tree.stands.point)
	}
	if len(c.court.invalid) > c.cfg.K || len(c.court.invalid) != c.court.oldest.Len() {
		bad("%d invalid blocks are remembered, and %d", len(c.court.invalid), c.court.oldest.Len())
	}
	for _, w := range c.court.waits {
		if !w.b.gone && !w.b.deferred {
			bad("%v waits and is not deferred", w.b.point)
		}
	}
}

// What is known to be invalid has a bound; what was forgotten counts as unknown.
func TestInvalidBlocksAreForgotten(t *testing.T) {
	var x court
	for i := range byte(20) {
		x.remember(hash(i), 5)
		x.remember(hash(i), 5)
	}
	if len(x.invalid) != 5 || x.oldest.Len() != 5 {
		t.Fatalf("%d and %d are remembered, want 5", len(x.invalid), x.oldest.Len())
	}
	for i := range byte(20) {
		if _, known := x.invalid[hash(i)]; known != (i >= 15) {
			t.Errorf("block %d is known: %v", i, known)
		}
	}
}
