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
	wake    chan struct{} // capacity 1; nil before the first wait, as is
	timer   *time.Timer
	armed   time.Duration // what timer is set to, or never
}

func newWaiter() waiter { return waiter{armed: never, deadline: never} }

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

// begin gets ready to wait until a wake-up or the time at.
func (w *waiter) begin(now, at time.Duration) {
	w.waiting = true
	if w.timer == nil {
		w.wake = make(chan struct{}, 1)
		w.timer = time.NewTimer(time.Hour)
		w.timer.Stop()
	}
	w.arm(now, at)
}

// wait follows begin, without the mutex. It may return early.
func (w *waiter) wait() (fired bool) {
	select {
	case <-w.wake:
		return false
	case <-w.timer.C:
		return true
	}
}

// end follows wait.
func (w *waiter) end(fired bool) {
	w.waiting = false
	if fired {
		w.armed = -1 // it may have been set again meanwhile
	}
}

// arm sets the timer, if it is not set so already.
func (w *waiter) arm(now, at time.Duration) {
	if at == w.armed {
		return
	}
	w.armed = at
	if at == never {
		w.timer.Stop()
	} else {
		w.timer.Reset(max(0, at-now))
	}
}

// signal wakes whoever waits and reports whether somebody does.
func (w *waiter) signal() bool {
	if !w.waiting {
		return false
	}
	poke(w.wake)
	return true
}
