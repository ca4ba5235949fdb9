package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ouronet/ouronet/internal/disk"
)

// Clean reports whether the last process that had the folder open closed it with all in
// order, or there was nothing in it. If not, cardano-node checks all of immutable/ when
// it opens the folder. Opening package immutable checks the names and sizes of all files
// and all blocks of the last chunk, which is all that a crash of ours can spoil, since it
// forces each chunk to the disk when the next one begins; other blocks are checked when
// they are read.
func (f *Folder) Clean() bool { return f.clean }

// Begin says that files in the folder are about to be changed: until [Folder.Close] it
// is not clean. Before Begin, the process may end and leave it as it was.
// (ouroboros-consensus, Node/Recovery.hs)
func (f *Folder) Begin() error {
	err := f.files.Remove(filepath.Join(f.dir, cleanName))
	switch {
	case err == nil:
		err = disk.SyncDir(f.files, f.dir)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err == nil {
		f.begun = true
	}
	return wrap(err)
}

// Close unlocks the folder. It is clean then if it was when it was opened, and intact
// says that all in it was closed without an error and found in order. One that was not
// clean does not become so: nobody has checked all of it.
func (f *Folder) Close(intact bool) error {
	var err error
	if f.begun && f.clean && intact {
		err = f.markClean()
	}
	f.begun = false
	if f.unlock != nil {
		err = errors.Join(err, f.unlock())
		f.unlock = nil
	}
	return wrap(err)
}

func (f *Folder) markClean() error {
	var file disk.File
	file, err := f.files.OpenFile(filepath.Join(f.dir, cleanName), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), disk.SyncDir(f.files, f.dir))
}
