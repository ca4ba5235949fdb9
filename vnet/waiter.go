package vnet

import (
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/wake"
)

// waiter is where the readers, or the writers, of one end wait. They wait on
// channels, as testing/synctest does not take waiting for a mutex for being
// blocked. The mutex of the pair guards its fields.
type waiter struct {
	deadline time.Duration // or never

	busy   bool     // somebody reads
	queued int      // how many others wait for their turn
	turn   wake.One // nil before the first does

	waiting bool
	alarm   alarm
}

func newWaiter() waiter { return waiter{deadline: never, alarm: alarm{at: never}} }

// acquire waits until nobody else is reading.
func (w *waiter) acquire(mu *sync.Mutex) {
	for w.busy {
		if w.turn == nil {
			w.turn = wake.NewOne()
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
		w.turn.Wake()
	}
}

// wait waits, without the mutex, for a wake-up or the time at. It may return
// early.
func (w *waiter) wait(mu *sync.Mutex, alarms *alarms, at time.Duration) {
	if w.alarm.rings == nil {
		w.alarm.rings = wake.NewOne()
	}
	w.waiting = true
	alarms.arm(&w.alarm, at)
	mu.Unlock()
	<-w.alarm.rings
	mu.Lock()
	w.waiting = false
}

// signal wakes whoever waits and reports whether somebody does.
func (w *waiter) signal() bool {
	if !w.waiting {
		return false
	}
	w.alarm.rings.Wake()
	return true
}
