package disk

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// MakeFolder makes a folder, and those above it, if they are not there, so that they
// last. The name of one that is there is synced as well: the process that made it may
// have ended too soon.
func MakeFolder(files FS, name string) error {
	name = filepath.Clean(name)
	above := filepath.Dir(name)
	if above == name {
		return nil
	}
	if _, err := files.Stat(name); err != nil {
		// From above, so that what is there is in folders whose names were synced.
		if err := MakeFolder(files, above); err != nil {
			return err
		}
	}
	if err := files.MkdirAll(name, 0o755); err != nil { // also if a file has the name
		return err
	}
	err := SyncDir(files, above)
	if errors.Is(err, fs.ErrPermission) {
		return nil // a folder that we may not read is not one that we have made
	}
	return err
}
