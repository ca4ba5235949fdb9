package folder

import (
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/internal/filelock"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// lockTimeout is how long another process may take to end, as in cardano-node.
// (ouroboros-consensus, Node/DbLock.hs)
const lockTimeout = 2 * time.Second

// lockPause is how often it is looked at meanwhile. Waiting in the kernel for the lock
// could not be given up: the thread would get it later, for nobody.
const lockPause = 50 * time.Millisecond

// lock locks the folder against cardano-node and our own kind, and where an earlier
// relay has left a lock file beside its chunks, against that one.
func (o *opening) lock() (unlock func() error, err error) {
	nodes, err := await(o.path(lockName))
	if err != nil {
		return nil, err
	}
	there, err := o.exists(oldLockName)
	if err != nil {
		return nil, errors.Join(wrap(err), nodes())
	}
	if !there || !filelock.Ends {
		return nodes, nil
	}
	old, err := await(o.path(oldLockName))
	if err != nil {
		return nil, errors.Join(err, nodes())
	}
	return func() error { return errors.Join(old(), nodes()) }, nil
}

// await locks a file, and gives up after a while.
func await(name string) (unlock func() error, err error) {
	for end := time.Now().Add(lockTimeout); ; time.Sleep(lockPause) {
		unlock, err = filelock.Try(name)
		switch {
		case err == nil:
			return unlock, nil
		case !errors.Is(err, filelock.ErrBusy):
			return nil, fmt.Errorf("folder: cannot lock %s: %w", name, err)
		case !time.Now().Before(end):
			return nil, fmt.Errorf("%w (%s)", immutable.ErrLocked, name)
		}
	}
}
