package follow

import (
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
)

// What is pushed comes out in order, whatever the pace, and a short queue allocates nothing.
func TestOutbox(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	o := outbox{ready: wake.NewOne()}
	pushed, popped := 0, 0
	for range 2000 {
		for range r.IntN(40) {
			o.push(item{isForward: true, bytes: pushed})
			pushed++
		}
		for range r.IntN(42) {
			i, more, ok := o.pop()
			if ok != (popped < pushed) || ok && i.bytes != popped || more != (popped+1 < pushed) {
				t.Fatalf("item %d of %d: got %d, more %t, ok %t", popped, pushed, i.bytes, more, ok)
			}
			if ok {
				popped++
			}
		}
	}
	for popped < pushed {
		o.pop()
		popped++
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
