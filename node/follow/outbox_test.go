package follow

import (
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// What is pushed comes out in order, whatever the pace; a long queue leaves no
// memory behind, and a short one makes none.
func TestOutbox(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	o := outbox{ready: make(chan struct{}, 1)}
	pushed, popped, most := 0, 0, 0
	for range 2000 {
		for range r.IntN(40) {
			o.push(item{isForward: true, bytes: pushed})
			pushed++
		}
		most = max(most, pushed-popped)
		for range r.IntN(42) {
			i, more, ok := o.pop()
			if ok != (popped < pushed) || ok && i.bytes != popped || more != (popped+1 < pushed) {
				t.Fatalf("item %d of %d: got %d, more %t, ok %t", popped, pushed, i.bytes, more, ok)
			}
			if ok {
				popped++
			}
		}
		if cap(o.items) > 4*most+idleItems { // twice for append, twice for those taken
			t.Fatalf("room for %d, with %d in it at most", cap(o.items), most)
		}
		for _, i := range o.items[:o.first] {
			if i.isForward {
				t.Fatal("holds what was taken")
			}
		}
	}
	for popped < pushed {
		o.pop()
		popped++
	}
	if cap(o.items) > idleItems {
		t.Errorf("room for %d when empty", cap(o.items))
	}
	block := RollForward{Block: ledger.Block{}}
	o.push(item{isForward: true, forward: block})
	o.pop()
	if n := testing.AllocsPerRun(100, func() {
		o.push(item{isForward: true, forward: block})
		o.pop()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
