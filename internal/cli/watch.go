package cli

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/node/follow"
)

// DefaultPatience is how long a program waits in silence.
const DefaultPatience = 3 * time.Second

// Watch says on standard error what the program waits for, when nothing came for
// its [Program].Patience and then as often as that changes. waiting returns it, in
// lines; it is called from another goroutine.
func (c *Command) Watch(waiting func() []string) *Watch {
	w := &Watch{c: c, waiting: waiting, patience: c.program.Patience}
	if w.patience == 0 {
		w.patience = DefaultPatience
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.patience, w.say)
	return w
}

// Followed returns what a program that follows the peers of f waits for, where
// [Command.Lost] tells why peers are not followed.
func Followed(f *follow.Follower, atTip *atomic.Bool) func() []string {
	return func() (lines []string) {
		for _, p := range f.Peers() {
			switch {
			case p.Stopped != nil || !p.Connected && p.Err != nil: // told by Lost
			case p.Connected && atTip.Load():
				return []string{"at the tip, waiting for the next block"}
			default:
				lines = append(lines, "waiting: "+p.String())
			}
		}
		return lines
	}
}

// Watch says what a program waits for.
type Watch struct {
	c        *Command
	waiting  func() []string
	patience time.Duration
	timer    *time.Timer

	mu    sync.Mutex
	said  map[string]bool // of the lines of last time
	ended bool
}

// Moved is to be called when something came.
func (w *Watch) Moved() { w.timer.Reset(w.patience) }

// Stop ends the watch.
func (w *Watch) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.timer.Stop()
}

func (w *Watch) say() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	said := make(map[string]bool)
	for _, line := range w.waiting() {
		if said[line] = true; !w.said[line] {
			fmt.Fprintf(w.c.Stderr, "%s: %s\n", w.c.program.Name, line)
		}
	}
	w.said = said
	w.timer.Reset(w.patience)
}
