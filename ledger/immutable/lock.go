package immutable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ouronet/ouronet/internal/filelock"
)

// ownPrefix begins the names of files that cardano-node has no use for and leaves
// alone: the lock, and the relay's state.
const ownPrefix = "ouronet."

const lockName = ownPrefix + "lock"

// lock locks the folder until unlock is called or the process ends; if it is in a
// folder of cardano-node that nobody has locked for it, the node is kept out as well.
func lock(dir string, owned bool) (unlock func() error, err error) {
	own, err := lockFile(filepath.Join(dir, lockName))
	if err != nil || owned || !filelock.Ends {
		return own, err
	}
	above := filepath.Dir(filepath.Clean(dir))
	for _, name := range []string{markerFile, nodeLock} {
		if _, err := os.Stat(filepath.Join(above, name)); err != nil {
			return own, nil // not of a node, or of one that never ran
		}
	}
	nodes, err := lockFile(filepath.Join(above, nodeLock))
	if err != nil {
		return nil, errors.Join(err, own())
	}
	return func() error { return errors.Join(nodes(), own()) }, nil
}

// lockFile locks a file.
func lockFile(name string) (unlock func() error, err error) {
	unlock, err = filelock.Try(name)
	switch {
	case errors.Is(err, filelock.ErrBusy):
		return nil, fmt.Errorf("%w (%s)", ErrLocked, name)
	case err != nil:
		return nil, fmt.Errorf("immutable: cannot lock %s: %w", name, err)
	}
	return unlock, nil
}
