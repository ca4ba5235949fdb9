package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger/immutable"
)

const (
	// movingName is there from before the first file is moved until after the last.
	movingName = ownPrefix + "moving"

	// oldLockName is the lock of earlier relays, beside their chunks.
	oldLockName = ownPrefix + "lock"
)

// moving is what the file of that name says to who looks.
const moving = "The chunk files in this folder are being moved to immutable/. Start the relay again to finish.\n"

// upgrade moves chunk files in the folder itself, where earlier relays kept them, to
// immutable/, and returns how many. Each step can be repeated, and
// so the whole: a crash at any moment leaves a folder that the next start goes on with.
//
// The marker comes last: before, cardano-node refuses the folder. Chunks are moved from
// the first on: an earlier relay that is started in the middle finds a folder which
// begins later, and what it appends is what follows.
func (o *opening) upgrade() (moved int, err error) {
	entries, err := o.files.ReadDir(o.dir)
	if err != nil {
		return 0, wrap(err)
	}
	under, chunks := false, []string(nil)
	for _, e := range entries {
		if _, ok := immutable.ChunkOf(e.Name()); ok {
			chunks = append(chunks, e.Name())
		}
		under = under || e.Name() == movingName
	}
	if len(chunks) > 0 || under {
		slices.SortFunc(chunks, func(a, b string) int {
			x, _ := immutable.ChunkOf(a)
			y, _ := immutable.ChunkOf(b)
			return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
		})
		if err := o.mayMove(chunks); err != nil {
			return 0, err
		}
		if err := o.move(chunks); err != nil {
			return 0, fmt.Errorf("folder: moving the chunk files of %s to %s: %w: start again to go on", o.dir, o.path(immutableName), err)
		}
	}
	return len(chunks), wrap(o.adoptState())
}

// mayMove returns an error if the chunk files are of another network, or others are
// where they are to go.
func (o *opening) mayMove(chunks []string) error {
	for _, name := range chunks {
		there, err := o.exists(immutableName, name)
		if err != nil {
			return wrap(err)
		}
		if there {
			return fmt.Errorf("folder: %s is to be moved to %s, where a file of that name is: move one of the two elsewhere, the one that does not belong to this chain",
				o.path(name), o.path(immutableName))
		}
	}
	there, err := o.exists(immutableName)
	if err != nil {
		return wrap(err)
	}
	if there { // some chunks may have been moved
		if err := o.recognize(o.path(immutableName), o.network); err != nil {
			return err
		}
	}
	return o.recognize(o.dir, o.network)
}

func (o *opening) move(chunks []string) error {
	if err := disk.Replace(o.files, o.path(movingName), []byte(moving)); err != nil {
		return err
	}
	to := o.path(immutableName)
	if err := o.files.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := disk.SyncDir(o.files, o.dir); err != nil { // before anything is in it
		return err
	}
	for _, name := range chunks {
		if err := o.files.Rename(o.path(name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	if err := errors.Join(disk.SyncDir(o.files, to), disk.SyncDir(o.files, o.dir)); err != nil {
		return err
	}
	if there, err := o.checkMarker(); err != nil {
		return err
	} else if !there {
		if err := o.writeMarker(); err != nil {
			return err
		}
	}
	for _, name := range []string{oldLockName, movingName} {
		if err := o.files.Remove(o.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := disk.SyncDir(o.files, o.dir); err != nil {
			return err
		}
	}
	return nil
}

// adoptState moves the state of an earlier relay that appended to the chunk folder of a
// node: it kept the state there.
func (o *opening) adoptState() error {
	within, err := o.exists(immutableName, stateName)
	if err != nil || !within {
		return err
	}
	there, err := o.exists(stateName)
	switch {
	case err != nil:
		return err
	case there:
		return o.files.Remove(o.path(immutableName, stateName))
	}
	return o.files.Rename(o.path(immutableName, stateName), o.path(stateName))
}
