package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace gives a file new content as a whole: after a crash it has the old one or
// the new one, and once Replace returned nil the new one. It writes name.new beside
// it first, which a crash may leave there; the next Replace overwrites it. Calls for
// one name must not overlap.
func Replace(fs FS, name string, content []byte) error {
	temporary := name + ".new"
	f, err := fs.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(temporary, name); err != nil {
		return err
	}
	return SyncDir(fs, filepath.Dir(name))
}
