package immutable

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound says that a point is not on the stored chain.
	ErrNotFound = errors.New("immutable: point is not on the stored chain")

	// ErrReadOnly says that the DB comes from [Open], or is closed.
	ErrReadOnly = errors.New("immutable: not open for appending")

	// ErrDoesNotFollow says that a block cannot come after the tip. The folder
	// is as before.
	ErrDoesNotFollow = errors.New("immutable: block does not follow the tip")

	// ErrLocked says that another process appends to the folder.
	ErrLocked = errors.New("immutable: another process appends to this folder: stop it first")
)

// DamageError says that a folder is damaged.
type DamageError struct {
	File   string
	Offset int64 // bytes from the start of File
	Reason string

	// Doubt says that a folder of another network, with other chunks, would look the
	// same: make sure of the network before you delete any file.
	Doubt bool
}

// Error gives the place and what to do about it.
func (e *DamageError) Error() string {
	advice := "restore the folder from a snapshot, or delete the files of this chunk and of all later ones"
	if e.Doubt {
		advice = "if it is not the folder of another network, restore it from a snapshot"
	}
	return fmt.Sprintf("immutable: %s is damaged at byte %d: %s: %s", e.File, e.Offset, e.Reason, advice)
}
