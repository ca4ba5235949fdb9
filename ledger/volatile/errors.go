package volatile

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound says that a block is not there, or was dropped.
	ErrNotFound = errors.New("volatile: block is not stored")

	// ErrReadOnly says that the DB was opened with Options.ReadOnly.
	ErrReadOnly = errors.New("volatile: opened for reading only")

	// ErrClosed says that the DB is closed.
	ErrClosed = errors.New("volatile: closed")
)

// DamageError says that a file does not hold any more what it did when it was
// opened or written.
type DamageError struct {
	File   string // its name
	Offset int64  // bytes
	Reason string // what is wrong there
}

// Error names the file, the place and the reason.
func (e *DamageError) Error() string {
	return fmt.Sprintf("volatile: %s is damaged at byte %d: %s: open the folder again to cut it there", e.File, e.Offset, e.Reason)
}

// RemoveError says that a file which is not needed any more cannot be removed. The next
// [DB.Drop] tries again; nothing else is wrong.
type RemoveError struct {
	Err error // of the operating system
}

// Error names the file.
func (e *RemoveError) Error() string {
	return fmt.Sprintf("volatile: cannot remove what was dropped, and try again: %v", e.Err)
}

// Unwrap returns what failed.
func (e *RemoveError) Unwrap() error { return e.Err }
