package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// What is waited for is said after three seconds, and once.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		c := &Command{Stderr: &errs, program: Program{Name: "tip"}}
		lines := []string{"a is away"}
		w := c.Watch(func() []string { return lines })
		after := func(d time.Duration, want string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := errs.String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			errs.Reset()
		}
		after(DefaultPatience-1, "")
		after(1, "tip: a is away\n")
		after(time.Hour, "")
		lines = []string{"a is away", "b is away"}
		after(DefaultPatience, "tip: b is away\n")
		for range 10 {
			w.Moved()
			lines = []string{"waiting for the next"}
			after(DefaultPatience-1, "")
		}
		after(1, "tip: waiting for the next\n")
		lines = []string{"a is away"} // again
		after(DefaultPatience, "tip: a is away\n")
		lines = nil
		w.Stop()
		w.Moved()
		after(time.Hour, "")
	})
}
