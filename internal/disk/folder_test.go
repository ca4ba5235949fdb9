package disk_test

import (
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
)

// A folder lasts once MakeFolder returned, whoever made it or those above it.
func TestMakeFolder(t *testing.T) {
	done := false
	trial := disktest.Trial{
		Run: func(f *disktest.FS) {
			done = false
			first, second := disk.MakeFolder(f, "/a/b/c"), disk.MakeFolder(f, "/a/b/c/")
			done = first == nil && second == nil
		},
		Check: func(c *disktest.Crash) error {
			if _, err := c.Stat("a/b/c"); done && err != nil {
				return err
			}
			// Goes on from what there is, and that lasts, too.
			if err := disk.MakeFolder(c, "a/b/c"); err != nil {
				return err
			}
			for _, again := range c.Crashed(20, 1) {
				if _, err := again.Stat("a/b/c"); err != nil {
					return fmt.Errorf("made again: %w", err)
				}
			}
			return nil
		},
	}
	disktest.Crashes(t, trial)
	disktest.Faults(t, trial)
}
