package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// The names in a folder. (ouroboros-consensus, Node/DbMarker.hs, Node/DbLock.hs,
// Node/Recovery.hs, Storage/ChainDB/Impl/Args.hs)
const (
	markerName    = "protocolMagicId"
	lockName      = "lock"
	cleanName     = "clean"
	immutableName = "immutable"
	volatileName  = "volatile"

	// ownPrefix begins the names of files that only we have.
	ownPrefix = "ouronet."

	// stateName is the relay's state after the last block.
	stateName = ownPrefix + "state"
)

// Folder is an open folder. Begin and Close must not overlap; the other methods may.
type Folder struct {
	files  disk.FS
	dir    string
	clean  bool
	moved  int
	begun  bool
	unlock func() error
}

// Open opens the folder of a node on network n to append to what is in it, and makes it
// if it is not there. Nothing in it is opened yet.
//
// It waits up to 2 s for another process to close the folder, cardano-node or one of
// ours, and returns [immutable.ErrLocked] then. A folder of another network is an
// [*immutable.NetworkError], one that cannot be told to be of the network a
// [*MarkerError]. Chunk files in the folder itself, where earlier relays kept them, are
// moved; see [Folder.Moved].
func Open(dir string, n ledger.Network) (*Folder, error) {
	if err := refuseChunks(dir); err != nil {
		return nil, err
	}
	o := opening{files: disk.OS, dir: dir, network: n, recognize: immutable.Recognize}
	if err := o.make(); err != nil {
		return nil, wrap(err)
	}
	if _, err := o.mayMark(); err != nil { // before a lock is left there
		return nil, err
	}
	unlock, err := o.lock()
	if err != nil {
		return nil, err
	}
	f, err := o.open()
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	f.unlock = unlock
	return f, nil
}

// opening is a folder that is being opened.
type opening struct {
	files   disk.FS
	dir     string
	network ledger.Network

	// recognize is [immutable.Recognize].
	recognize func(dir string, n ledger.Network) error
}

func (o *opening) path(name ...string) string {
	return filepath.Join(append([]string{o.dir}, name...)...)
}

func (o *opening) exists(name ...string) (bool, error) {
	_, err := o.files.Stat(o.path(name...))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// open does what is to be done under the lock.
func (o *opening) open() (*Folder, error) {
	f := &Folder{files: o.files, dir: o.dir}
	if err := o.mark(); err != nil {
		return nil, err
	}
	var err error
	if f.moved, err = o.upgrade(); err != nil {
		return nil, err
	}
	if f.clean, err = o.isClean(); err != nil {
		return nil, err
	}
	return f, nil
}

// Dir returns the folder as it was named. Files of ours go there, with names that begin
// with "ouronet.".
func (f *Folder) Dir() string { return f.dir }

// Immutable returns the folder of package immutable: open it with Owned.
func (f *Folder) Immutable() string { return filepath.Join(f.dir, immutableName) }

// Volatile returns the folder of package volatile.
func (f *Folder) Volatile() string { return filepath.Join(f.dir, volatileName) }

// Moved returns how many chunk files [Open] moved to immutable/.
func (f *Folder) Moved() int { return f.moved }

// Locate finds the chunk files of a folder to be only read: dir is a node's folder or
// the one with the chunk files. The node's folder, in which our own files are, is root;
// where there is none it is dir.
func Locate(dir string) (chunks, root string) {
	if info, err := os.Stat(filepath.Join(dir, immutableName)); err == nil && info.IsDir() && !hasChunks(dir) {
		return filepath.Join(dir, immutableName), dir
	}
	if above, ok := within(dir); ok {
		return dir, above
	}
	return dir, dir
}

// within returns the folder of a node that dir is the chunk folder of.
func within(dir string) (root string, ok bool) {
	whole, err := filepath.Abs(dir)
	if err != nil || filepath.Base(whole) != immutableName {
		return "", false
	}
	root = filepath.Dir(whole)
	_, err = os.Stat(filepath.Join(root, markerName))
	return root, err == nil
}

// refuseChunks returns an error for the chunk folder of a node's folder, which earlier
// relays appended to.
func refuseChunks(dir string) error {
	if root, ok := within(dir); ok {
		return fmt.Errorf("folder: %s is a part of the folder %s: give %s", dir, root, root)
	}
	return nil
}

func hasChunks(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if _, ok := immutable.ChunkOf(e.Name()); ok {
			return true
		}
	}
	return false
}

// wrap names the package in an error of the operating system, which names the file.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("folder: %w", err)
}
