package filelock

import (
	"errors"
	"os"
	"syscall"
)

// setOpenFileLock is F_OFD_SETLK: the lock belongs to the open file. One that belongs
// to the process would end when anything in it closes the file, another Try for
// example; and NFS, where flock is such a lock too, would have us wait for ourselves.
const setOpenFileLock = 37

// lockRecords takes an fcntl write lock on all of the file.
func lockRecords(f *os.File) error {
	lock := func(command int) error {
		return syscall.FcntlFlock(f.Fd(), command, &syscall.Flock_t{Type: syscall.F_WRLCK})
	}
	err := lock(setOpenFileLock)
	if errors.Is(err, syscall.EINVAL) { // before Linux 3.15
		err = lock(syscall.F_SETLK)
	}
	return err
}
