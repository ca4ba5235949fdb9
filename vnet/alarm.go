package vnet

import (
	"container/heap"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/wake"
)

// alarms wake those who wait, each at its time. One timer for a whole network
// costs less than one for each of its connections.
type alarms struct {
	epoch time.Time

	mu    sync.Mutex // no other is locked under it
	list  alarmHeap
	timer *time.Timer
	set   time.Duration // what timer is set to, or never
}

// alarm is one of alarms. Its owner's mutex guards at; that of alarms the rest.
type alarm struct {
	at    time.Duration // or never
	rings wake.One
	due   time.Duration
	slot  int // in the list, from 1, or 0
}

// arm sets an alarm, if it is not set so already; never takes it away.
func (a *alarms) arm(e *alarm, at time.Duration) {
	if e.at == at {
		return
	}
	e.at = at
	a.mu.Lock()
	defer a.mu.Unlock()
	e.due = at
	switch {
	case at == never && e.slot != 0:
		heap.Remove(&a.list, e.slot-1)
	case at == never:
	case e.slot != 0:
		heap.Fix(&a.list, e.slot-1)
	default:
		heap.Push(&a.list, e)
	}
	a.reset()
}

// reset sets the timer to the first alarm. It leaves it alone where it is set
// too early: that is cheaper than setting it twice.
func (a *alarms) reset() {
	if len(a.list) == 0 || a.list[0].due >= a.set {
		return
	}
	a.set = a.list[0].due
	wait := max(0, a.set-time.Since(a.epoch))
	if a.timer == nil {
		a.timer = time.AfterFunc(wait, a.ring)
	} else {
		a.timer.Reset(wait)
	}
}

// ring wakes whom it is time to wake.
func (a *alarms) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Since(a.epoch)
	for len(a.list) > 0 && a.list[0].due <= now {
		heap.Pop(&a.list).(*alarm).rings.Wake()
	}
	a.set = never
	a.reset()
}

type alarmHeap []*alarm

// Len implements heap.Interface.
func (h alarmHeap) Len() int { return len(h) }

// Less orders by the time that is due.
func (h alarmHeap) Less(i, j int) bool { return h[i].due < h[j].due }

// Swap keeps the slots, which count from 1.
func (h alarmHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i+1, j+1
}

// Push implements heap.Interface.
func (h *alarmHeap) Push(x any) {
	e := x.(*alarm)
	*h = append(*h, e)
	e.slot = len(*h)
}

// Pop implements heap.Interface.
func (h *alarmHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.slot = 0
	return e
}
