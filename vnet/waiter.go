package vnet

import "time"

// waiter is where the readers, or the writers, of one end wait. It never waits
// for a mutex, which testing/synctest does not take for being blocked.
type waiter struct {
	turn chan struct{} // capacity 1: full while somebody is reading
	wake chan struct{} // capacity 1

	// The mutex of the pair guards what follows.
	waiting  bool
	timer    *time.Timer   // nil before the first wait
	armed    time.Duration // what timer is set to, or never
	deadline time.Duration // or never
}

func newWaiter() waiter {
	return waiter{turn: make(chan struct{}, 1), wake: make(chan struct{}, 1), armed: never, deadline: never}
}

// begin gets ready to wait until a wake-up or the time at.
func (w *waiter) begin(now, at time.Duration) {
	w.waiting = true
	if w.timer == nil {
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
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return true
}
