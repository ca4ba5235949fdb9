package immutable

import (
	"errors"
	"fmt"
	"path/filepath"
)

// lockName is a file that cardano-node has no use for and leaves alone.
const lockName = "ouronet.lock"

// errBusy is what lockFile returns when another holder has the file.
var errBusy = errors.New("locked")

// lock locks the folder until unlock is called or the process ends.
func lock(dir string) (unlock func() error, err error) {
	name := filepath.Join(dir, lockName)
	unlock, err = lockFile(name)
	switch {
	case errors.Is(err, errBusy):
		return nil, fmt.Errorf("%w (%s)", ErrLocked, name)
	case err != nil:
		return nil, fmt.Errorf("immutable: cannot lock %s: %w", name, err)
	}
	return unlock, nil
}
