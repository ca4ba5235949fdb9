package chain

import "testing"

// A queue holds on to nothing that was taken from it, and a queue that stays short
// stays small however much passes through it.
func TestQueueLetsGo(t *testing.T) {
	var q queue[*int]
	for i := range 10_000 {
		q.push(&i)
		switch {
		case q.len() < 10:
		case i%3 == 0:
			q.popLast()
		default:
			q.popFirst()
		}
		held := 0
		for _, p := range q.buf[:cap(q.buf)] {
			if p != nil {
				held++
			}
		}
		if held != q.len() || cap(q.buf) > 200 {
			t.Fatalf("%d elements, %d held, room for %d", q.len(), held, cap(q.buf))
		}
	}
}
