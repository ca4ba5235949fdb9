package filelock

import (
	"errors"
	"syscall"
)

// Ends says whether a lock ends with the process that has it, so that a file of
// another program can be locked.
const Ends = true

// Try locks a file, which it makes if it is not there, until unlock is called or the
// process ends. It does not wait: the error is [ErrBusy] while another process or
// another call has the lock.
//
// Sharing nothing is a lock: cardano-node opens the file before it locks it.
func Try(name string) (unlock func() error, err error) {
	p, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	const sharingViolation = syscall.Errno(32)
	h, err := syscall.CreateFile(p, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return func() error { return syscall.CloseHandle(h) }, nil
}
