package queue

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A queue holds on to nothing that was taken from it, and its room is bounded by what it
// held at most, however much passes through it.
func TestQueueLetsGo(t *testing.T) {
	for _, most := range []int{1, 10, 1000} {
		var q Queue[*int]
		r := rand.New(rand.NewPCG(1, uint64(most)))
		for i := range 10_000 {
			if q.Len() < most && r.IntN(3) > 0 {
				q.Push(&i)
			} else if q.Len() > 0 && r.IntN(3) == 0 {
				q.PopLast()
			} else if q.Len() > 0 {
				q.PopFirst()
			}
			held := 0
			for _, p := range q.buf[:cap(q.buf)] {
				if p != nil {
					held++
				}
			}
			if held != q.Len() || cap(q.buf) > 4*most {
				t.Fatalf("%d elements, %d held, room for %d", q.Len(), held, cap(q.buf))
			}
		}
	}
}

// Elements come out at both ends in the order in which they went in.
func TestQueueOrder(t *testing.T) {
	var q Queue[int]
	var want []int
	for i := range 1000 {
		q.Push(i)
		want = append(want, i)
		if i%3 == 0 && q.PopFirst() != want[0] || i%5 == 0 && q.Len() > 0 && q.Last() != want[len(want)-1] {
			t.Fatal("an end is not what it should be after", i)
		}
		if i%3 == 0 {
			want = want[1:]
		}
		if i%7 == 0 && q.Len() > 0 {
			if q.PopLast() != want[len(want)-1] {
				t.Fatal("the last is another after", i)
			}
			want = want[:len(want)-1]
		}
		if !slices.Equal(q.Items(), want) || q.Len() != len(want) || q.Len() > 0 && q.At(0) != want[0] {
			t.Fatalf("%v, want %v", q.Items(), want)
		}
	}
	odd := func(i int) bool { return i%2 == 1 }
	q.DeleteFunc(odd)
	if want = slices.DeleteFunc(want, odd); !slices.Equal(q.Items(), want) {
		t.Fatalf("even ones are %v, want %v", q.Items(), want)
	}
	for q.Len() > 0 {
		q.PopFirst()
	}
	if cap(q.buf) > roomKept {
		t.Errorf("an empty queue keeps room for %d", cap(q.buf))
	}
}
