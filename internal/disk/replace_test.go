package disk_test

import (
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
)

// A replaced file has the old content or the new one, and the new one once Replace
// returned.
func TestReplace(t *testing.T) {
	const name = "folder/state"
	begun, done := 0, 0
	content := func(n int) []byte { return fmt.Appendf(nil, "content number %d", n) }
	trial := disktest.Trial{
		PerOp: 40,
		Run: func(f *disktest.FS) {
			begun, done = 0, 0
			if f.MkdirAll("folder", 0o755) != nil || disk.SyncDir(f, "/") != nil {
				return
			}
			for range 3 {
				begun++
				if err := disk.Replace(f, name, content(begun)); err != nil {
					return
				}
				done = begun
			}
		},
		Check: func(c *disktest.Crash) error {
			got, err := disk.ReadFile(c, name)
			if err != nil {
				if done == 0 {
					return nil
				}
				return err
			}
			for n := done; n <= begun; n++ {
				if string(got) == string(content(n)) {
					return nil
				}
			}
			return fmt.Errorf("it has %q after %d were done and %d begun", got, done, begun)
		},
	}
	disktest.Crashes(t, trial)
	disktest.Faults(t, trial)
}
