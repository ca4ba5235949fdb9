package disktest

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
)

// Trial is a test of what is on a disk.
type Trial struct {
	// Run uses an empty file system, which is ready for it, in any number of
	// goroutines. It keeps for Check what it has acknowledged so far.
	Run func(f *FS)

	// Check recovers from a crash, and compares with what Run had acknowledged by
	// then; its error ends the trial. It may be called while an operation of Run
	// waits for it, so it must not need anything that Run may hold.
	Check func(c *Crash) error

	// PerOp is how many crashes are tried after each operation, at most; zero means
	// 12.
	PerOp int

	// Again has one of so many calls of Check be crashed itself, at each of its
	// operations; Check must then hold for what that leaves. Zero is never.
	Again int
}

func (tr *Trial) perOp() int {
	if tr.PerOp == 0 {
		return 12
	}
	return tr.PerOp
}

// Crashes runs a trial once, and checks the crashes after each operation that
// changes something while that operation is under way. It returns how many there
// were.
func Crashes(t *testing.T, tr Trial) (crashes int) {
	t.Helper()
	f := New()
	var failed error
	check := func(what string) {
		for i, c := range f.crashed(tr.perOp(), 1) {
			if failed != nil {
				return
			}
			crashes++
			if tr.Again > 0 && (crashes+i)%tr.Again == 0 {
				c.after = func(op Op) {
					if !op.Changes() || failed != nil {
						return
					}
					for _, again := range c.crashed(3, 2) {
						crashes++
						again.lost = slices.Concat(c.lost, again.lost)
						if err := tr.Check(again); err != nil && failed == nil {
							failed = fmt.Errorf("crash %s, %v, then during recovery after its operation %d (%s %s), %v: %w",
								what, c, op.N, op.Kind, op.Name, again, err)
						}
					}
				}
			}
			err := tr.Check(c)
			c.mu.Lock()
			c.after = nil
			c.mu.Unlock()
			if err != nil && failed == nil {
				failed = fmt.Errorf("crash %s, %v: %w", what, c, err)
			}
		}
	}
	f.mu.Lock()
	check("before all")
	f.after = func(op Op) {
		if op.Changes() {
			check(fmt.Sprintf("after operation %d (%s %s)", op.N, op.Kind, op.Name))
		}
	}
	f.mu.Unlock()
	tr.Run(f)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = nil
	if failed != nil {
		t.Error(failed)
	}
	t.Logf("%d operations, %d crashes", f.ops, crashes)
	return crashes
}

// faults are the errors that an operation can have.
func faults(op Op) []error {
	switch op.Kind {
	case "open", "openTruncate", "openDir":
		return []error{syscall.EMFILE, syscall.EIO}
	case "create":
		return []error{syscall.EMFILE, syscall.ENOSPC}
	case "write", "truncate", "mkdir", "rename":
		return []error{syscall.ENOSPC, syscall.EIO}
	}
	return []error{syscall.EIO}
}

// Faults runs a trial for each operation and each error that it can have, once with
// that operation failing and once with all later ones of its kind as well, and then
// checks crashes. Run must go on or end in spite of errors, the same way each time,
// and close what it has opened.
func Faults(t *testing.T, tr Trial) (faulty int) {
	t.Helper()
	var ops []Op
	f := New()
	f.Fail(func(op Op) error { ops = append(ops, op); return nil })
	tr.Run(f)
	for _, at := range ops {
		for _, fault := range faults(at) {
			for _, lasts := range []bool{false, true} {
				what := fmt.Sprintf("operation %d (%s %s) fails, %v, later ones %t", at.N, at.Kind, at.Name, fault, lasts)
				f := New()
				f.Fail(func(op Op) error {
					if op.N == at.N || lasts && op.N > at.N && slices.Contains(faults(op), fault) && op.Kind == at.Kind {
						return fault
					}
					return nil
				})
				tr.Run(f)
				f.Fail(nil)
				faulty++
				if now, _ := f.OpenFiles(); now != 0 {
					t.Errorf("%s: %d files are still open", what, now)
					return faulty
				}
				for _, c := range f.Crashed(tr.perOp(), 3) {
					if err := tr.Check(c); err != nil {
						t.Errorf("%s; then a crash, %v: %v", what, c, err)
						return faulty
					}
				}
			}
		}
	}
	t.Logf("%d operations, %d faults", len(ops), faulty)
	return faulty
}
