package cli

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What is waited for is said after three seconds, and once.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // of both
		var errs bytes.Buffer
		var lines []string
		c := &Command{Stderr: &errs, program: Program{Name: "tip"}}
		set := func(to ...string) {
			mu.Lock()
			defer mu.Unlock()
			lines = to
			errs.Reset()
		}
		set("a is away")
		w := c.Watch(func() []string {
			mu.Lock()
			defer mu.Unlock()
			return lines
		})
		after := func(d time.Duration, want string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if got := errs.String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		after(DefaultPatience-1, "")
		after(1, "tip: a is away\n")
		after(time.Hour, "tip: a is away\n")
		set("a is away", "b is away")
		after(DefaultPatience, "tip: b is away\n")
		for range 10 {
			w.Moved()
			set("waiting for the next")
			after(DefaultPatience-1, "")
		}
		after(1, "tip: waiting for the next\n")
		set("a is away") // again
		after(DefaultPatience, "tip: a is away\n")
		set()
		w.Stop()
		w.Moved()
		after(time.Hour, "")
	})
}
