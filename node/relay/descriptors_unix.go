//go:build unix

package relay

import (
	"math"
	"syscall"
)

// descriptorLimit returns how many files the process may have open, 0 if that
// is not known. Go has raised it to the hard limit at the start.
func descriptorLimit() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return int(min(uint64(l.Cur), math.MaxInt32))
}
