//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package filelock

import (
	"errors"
	"io/fs"
	"os"
)

// Ends says whether a lock ends with the process that has it, so that a file of
// another program can be locked.
const Ends = false

// Try makes a file that is not there, and removes it to unlock: where files cannot be
// locked, the file itself is the lock. After a crash it is for the operator to remove.
// The error is [ErrBusy] if the file is there.
func Try(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(f.Close(), os.Remove(name)) }, nil
}
