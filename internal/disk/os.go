package disk

import (
	"io/fs"
	"os"
	"runtime"
)

const readOnly = os.O_RDONLY

// OS is the file system of the operating system.
var OS FS = system{}

type system struct{}

func (system) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err // not a nil *os.File in a File
	}
	return f, nil
}

func (system) Stat(name string) (fs.FileInfo, error)        { return os.Stat(name) }
func (system) ReadDir(name string) ([]fs.DirEntry, error)   { return os.ReadDir(name) }
func (system) Rename(old, new string) error                 { return os.Rename(old, new) }
func (system) Remove(name string) error                     { return os.Remove(name) }
func (system) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }

func (system) OpenDir(name string) (Dir, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return dir{f}, nil
}

type dir struct{ *os.File }

func (d dir) Sync() error {
	if runtime.GOOS == "windows" { // has no such thing for folders
		return nil
	}
	return d.File.Sync()
}
