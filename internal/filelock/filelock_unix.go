//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Ends says whether a lock ends with the process that has it, so that a file of
// another program can be locked.
const Ends = true

// Try locks a file, which it makes if it is not there, until unlock is called or the
// process ends. It does not wait: the error is [ErrBusy] while another process or
// another call has the lock.
//
// The file stays when it is unlocked: removing it could remove one that another
// process has just locked.
func Try(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
		err = lockRecords(f)
	}
	if err == nil {
		return f.Close, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EACCES) {
		err = ErrBusy
	}
	return nil, err
}
