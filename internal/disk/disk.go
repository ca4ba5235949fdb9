package disk

import (
	"errors"
	"io"
	"io/fs"
)

// FS is a file system. Names are those of the operating system. All methods may
// be called by many goroutines at once.
type FS interface {
	// OpenFile is [os.OpenFile]. Opening a folder is an error.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)

	// Stat is [os.Stat], ReadDir [os.ReadDir], Rename [os.Rename], Remove
	// [os.Remove] and MkdirAll [os.MkdirAll].
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Rename(old, new string) error
	Remove(name string) error
	MkdirAll(name string, perm fs.FileMode) error

	// OpenDir opens a folder, for [SyncDir] or when it must be certain beforehand
	// that this will not fail for too many open files.
	OpenDir(name string) (Dir, error)
}

// Dir is an open folder.
type Dir interface {
	io.Closer

	// Sync makes the names in the folder last. It does nothing where folders cannot
	// be synced.
	Sync() error
}

// File is an open file. Its methods may overlap. ReadAt and WriteAt do not keep p.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer

	// Stat and Truncate are those of [os.File].
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error

	// Sync makes the content last. After an error it is not known what does.
	Sync() error
}

// Open opens a file for reading.
func Open(fs FS, name string) (File, error) { return fs.OpenFile(name, readOnly, 0) }

// SyncDir makes the names in a folder last.
func SyncDir(fs FS, name string) error {
	dir, err := fs.OpenDir(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// ReadFile returns the content of a file.
func ReadFile(fs FS, name string) ([]byte, error) {
	f, err := Open(fs, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, info.Size()+1) // one more: it may be growing
	for n := 0; ; {
		m, err := f.ReadAt(b[n:], int64(n))
		n += m
		switch {
		case errors.Is(err, io.EOF):
			return b[:n], nil
		case err != nil:
			return nil, err
		case n == len(b):
			b = append(b, make([]byte, len(b))...)
		}
	}
}
