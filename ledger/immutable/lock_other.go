//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package immutable

import (
	"errors"
	"io/fs"
	"os"
)

// locksGo: the files of other programs are no locks.
const locksGo = false

// Where files cannot be locked, the file itself is the lock. After a crash it
// is for the operator to remove.
func lockFile(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, errBusy
	}
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(f.Close(), os.Remove(name)) }, nil
}
