//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package immutable

import (
	"errors"
	"os"
	"syscall"
)

// locksGo says whether a lock goes with the process that has it, so that a file of
// another program can be locked.
const locksGo = true

// The file stays when it is unlocked: removing it could remove one that another
// process has just locked.
func lockFile(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f.Close, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errBusy
	}
	return nil, err
}
