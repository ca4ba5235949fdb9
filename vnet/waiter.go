package vnet

import (
	"sync"
	"time"
)

// waiter is where the readers, or the writers, of one end wait. They wait on
// channels, as testing/synctest does not take waiting for a mutex for being
// blocked. The mutex of the pair guards its fields.
type waiter struct {
	deadline time.Duration // or never

	busy   bool          // somebody reads
	queued int           // how many others wait for their turn
	turn   chan struct{} // capacity 1; nil before the first does

	waiting bool
	alarm   alarm
}

func newWaiter() waiter { return waiter{deadline: never, alarm: alarm{at: never}} }

// acquire waits until nobody else is reading.
func (w *waiter) acquire(mu *sync.Mutex) {
	for w.busy {
		if w.turn == nil {
			w.turn = make(chan struct{}, 1)
		}
		w.queued++
		mu.Unlock()
		<-w.turn
		mu.Lock()
		w.queued--
	}
	w.busy = true
}

func (w *waiter) release() {
	w.busy = false
	if w.queued > 0 {
		poke(w.turn)
	}
}

// poke makes somebody who receives from c, a channel of capacity 1, go on.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // they will
	}
}

// wait waits, without the mutex, for a wake-up or the time at. It may return
// early.
func (w *waiter) wait(mu *sync.Mutex, alarms *alarms, at time.Duration) {
	if w.alarm.wake == nil {
		w.alarm.wake = make(chan struct{}, 1)
	}
	w.waiting = true
	alarms.arm(&w.alarm, at)
	mu.Unlock()
	<-w.alarm.wake
	mu.Lock()
	w.waiting = false
}

// signal wakes whoever waits and reports whether somebody does.
func (w *waiter) signal() bool {
	if !w.waiting {
		return false
	}
	poke(w.alarm.wake)
	return true
}
