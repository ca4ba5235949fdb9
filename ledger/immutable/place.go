package immutable

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// cardano-node keeps a marker and a lock in its folder, and in folders of their own
// the ImmutableDB and what else it has. (ouroboros-consensus, Node/DbMarker.hs,
// Node/DbLock.hs and Storage/ChainDB/Impl/Args.hs)
const (
	markerFile    = "protocolMagicId" // the network magic in decimal
	nodeLock      = "lock"            // locked while the node runs
	nodeImmutable = "immutable"
)

// hint helps those who named a folder above the one with the chunks, or beside it.
func (f folder) hint() string {
	dir := filepath.Clean(f.dir)
	for _, in := range []string{dir, filepath.Join(dir, "db"), filepath.Dir(dir)} {
		meant := filepath.Join(in, nodeImmutable)
		if info, err := f.disk.Stat(meant); err == nil && info.IsDir() && meant != dir {
			return "did you mean " + meant + "?"
		}
	}
	return "name the folder that holds 00000.chunk"
}

// checkUnused returns an error if a folder without chunks has other files than those
// of this module, hidden ones, and the one that file systems have.
func (f folder) checkUnused() error {
	entries, err := f.disk.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("immutable: %w", err)
	}
	i := slices.IndexFunc(entries, func(e fs.DirEntry) bool {
		name := e.Name()
		return !strings.HasPrefix(name, ownPrefix) && !strings.HasPrefix(name, ".") && name != "lost+found"
	})
	if i < 0 {
		return nil
	}
	return fmt.Errorf("immutable: %s has no chunk files, but others (%s): %s; or give an empty folder for a new chain",
		f.dir, entries[i].Name(), f.hint())
}
