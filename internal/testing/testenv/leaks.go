package testenv

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is how long goroutines may take to end after a test, on a machine
// that is busy with other things.
const patience = time.Minute

// module is what the stack of a goroutine of ours contains.
const module = "github.com/ouronet/ouronet"

// CheckLeaks fails t if, when it ends, goroutines of this module run that did not
// run when CheckLeaks was called. Call it first, so that it looks after all other
// cleanups, and not in tests that run in parallel.
func CheckLeaks(t testing.TB) {
	t.Helper()
	before := ours()
	t.Cleanup(func() {
		if t.Failed() {
			return // often the cause, and the first failure tells more
		}
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			left := ours()
			for id := range before {
				delete(left, id)
			}
			if len(left) == 0 {
				return
			}
			if time.Now().After(end) {
				for _, stack := range left {
					t.Errorf("goroutine left behind:\n%s", stack)
				}
				return
			}
		}
	})
}

// ours returns the stacks of the goroutines of this module, but the calling
// one, by the line that identifies them.
func ours() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	found := make(map[string]string)
	all := strings.Split(string(buf), "\n\n")
	for _, stack := range all[1:] { // the first is the caller's
		head, frames, _ := strings.Cut(stack, "\n")
		id, _, _ := strings.Cut(head, " [")
		// Other tests of a package wait in testing.tRunner.
		if strings.Contains(frames, module) && !strings.Contains(frames, "testing.tRunner(") {
			found[id] = stack
		}
	}
	return found
}
