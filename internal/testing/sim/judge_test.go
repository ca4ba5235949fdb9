package sim

import "testing"

// TestJudged plays nodes with judges among peers whose longest chains go over blocks that
// are not valid.
func TestJudged(t *testing.T) {
	sc, err := ByName("judged")
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(200)
	if testing.Short() {
		n = 30
	}
	asked, invalid, deferred, again := 0, 0, 0, 0
	for seed := range n {
		w := newWorld(sc, seed, false)
		w.play()
		if w.failure != nil && *first {
			t.Fatalf("seed %d: %v", seed, w.failure)
		}
		if w.failure != nil {
			t.Errorf("seed %d: %v", seed, w.failure)
		}
		for i := range w.models {
			x := &w.models[i].bench
			asked, invalid, deferred, again = asked+x.asked, invalid+len(x.invalid), deferred+x.deferred, again+x.repeated
		}
	}
	if k := int(n); asked < 200*k || invalid < 5*k || deferred < 10*k || again < 5*k {
		t.Errorf("%d questions, %d again, %d blocks invalid, %d answers to come later: too dull", asked, again, invalid, deferred)
	}
	t.Logf("%d questions, %d again, %d blocks invalid, %d answers to come later", asked, again, invalid, deferred)
}
