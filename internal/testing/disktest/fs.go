package disktest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/ouronet/ouronet/internal/disk"
)

// Op is an operation of an [FS].
type Op struct {
	N    int    // operations before it
	Kind string // the method, in lower case; "create" for an open that makes a file
	Name string // of the file or folder; of a rename, the old one
}

// Changes reports whether the operation changes what is on the disk, or what is
// certain to stay.
func (o Op) Changes() bool {
	return slices.Contains([]string{"create", "openTruncate", "write", "truncate", "sync", "syncDir", "rename", "remove", "mkdir"}, o.Kind)
}

// FS is a file system in memory. The zero value is not ready: see [New]. "/" and
// the current folder are the same.
type FS struct {
	mu      sync.Mutex
	root    *node
	ops     int
	changes int
	open    int
	most    int

	// before may make an operation fail, after sees those that did not; both are
	// called with mu held.
	before func(Op) error
	after  func(Op)
}

var _ disk.FS = (*FS)(nil)

// New returns an empty file system.
func New() *FS { return &FS{root: newFolder()} }

// OpenFiles returns how many files and folders are open now, and were at most.
func (f *FS) OpenFiles() (now, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open, f.most
}

// Fail has each operation call fails, and return its error if that is not nil.
func (f *FS) Fail(fails func(Op) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = fails
}

// begin counts an operation. The error is that of Fail.
func (f *FS) begin(kind, name string) (Op, error) {
	op := Op{f.ops, kind, name}
	f.ops++
	if f.before != nil {
		if err := f.before(op); err != nil {
			return op, &fs.PathError{Op: kind, Path: name, Err: err}
		}
	}
	return op, nil
}

func (f *FS) end(op Op) {
	if f.after != nil {
		f.after(op)
	}
}

// change adds a change to the lists of nodes.
func (f *FS) change(c *change, lists ...*node) {
	c.number = f.changes
	f.changes++
	for _, n := range lists {
		n.changes = append(n.changes, c)
	}
}

func split(name string) []string {
	name = filepath.ToSlash(filepath.Clean(name[len(filepath.VolumeName(name)):]))
	if name = strings.Trim(name, "/"); name == "" || name == "." {
		return nil
	}
	return strings.Split(name, "/")
}

// find returns the node of a name and the folder that it is in; n is nil if there is
// none.
func (f *FS) find(kind, name string) (dir, n *node, base string, err error) {
	n = f.root
	parts := split(name)
	for i, part := range parts {
		if n == nil {
			return nil, nil, "", &fs.PathError{Op: kind, Path: name, Err: fs.ErrNotExist}
		}
		if !n.dir {
			return nil, nil, "", &fs.PathError{Op: kind, Path: name, Err: syscall.ENOTDIR}
		}
		dir, n, base = n, n.names[part], parts[i]
	}
	return dir, n, base, nil
}

// existing is find for a name that must be there.
func (f *FS) existing(kind, name string) (dir, n *node, base string, err error) {
	if dir, n, base, err = f.find(kind, name); err == nil && n == nil {
		err = &fs.PathError{Op: kind, Path: name, Err: fs.ErrNotExist}
	}
	return dir, n, base, err
}

// OpenFile knows O_CREATE, O_EXCL and O_TRUNC.
func (f *FS) OpenFile(name string, flag int, _ fs.FileMode) (disk.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, n, base, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	kind := "open"
	switch {
	case n == nil && flag&os.O_CREATE != 0:
		kind = "create"
	case flag&os.O_TRUNC != 0:
		kind = "openTruncate"
	}
	op, err := f.begin(kind, name)
	if err != nil {
		return nil, err
	}
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case n == nil:
		n = newFile()
		dir.names[base] = n
		f.change(&change{to: dir, newName: base, what: n}, dir)
	case flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case n.dir:
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	case flag&os.O_TRUNC != 0 && len(n.data) > 0:
		n.data = nil
		f.change(&change{}, n)
	}
	f.end(op)
	return &file{handle: f.handle(name, n), writes: flag&(os.O_WRONLY|os.O_RDWR) != 0}, nil
}

// OpenDir opens a folder that is there.
func (f *FS) OpenDir(name string) (disk.Dir, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.begin("openDir", name); err != nil {
		return nil, err
	}
	_, n, _, err := f.existing("open", name)
	switch {
	case err != nil:
		return nil, err
	case !n.dir:
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOTDIR}
	}
	return &folder{f.handle(name, n)}, nil
}

// Stat counts as an operation and can fail.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.begin("stat", name); err != nil {
		return nil, err
	}
	_, n, base, err := f.existing("stat", name)
	if err != nil {
		return nil, err
	}
	return n.info(base), nil
}

// ReadDir returns the names in order.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.begin("readDir", name); err != nil {
		return nil, err
	}
	_, n, _, err := f.existing("open", name)
	switch {
	case err != nil:
		return nil, err
	case !n.dir:
		return nil, &fs.PathError{Op: "readDir", Path: name, Err: syscall.ENOTDIR}
	}
	var entries []fs.DirEntry
	for name, in := range n.names { // sorted below
		entries = append(entries, fs.FileInfoToDirEntry(in.info(name)))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Rename renames a file, also over another one; folders cannot be renamed.
func (f *FS) Rename(old, new string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	op, err := f.begin("rename", old)
	if err != nil {
		return err
	}
	from, n, oldName, err := f.existing("rename", old)
	if err != nil {
		return err
	}
	to, over, newName, err := f.find("rename", new)
	switch {
	case err != nil:
		return err
	case n.dir || over != nil && over.dir:
		return &fs.PathError{Op: "rename", Path: old, Err: syscall.EISDIR}
	}
	delete(from.names, oldName)
	to.names[newName] = n
	c := &change{from: from, oldName: oldName, to: to, newName: newName, what: n}
	if from == to {
		f.change(c, to)
	} else {
		f.change(c, from, to)
	}
	f.end(op)
	return nil
}

// Remove removes a file or an empty folder.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	op, err := f.begin("remove", name)
	if err != nil {
		return err
	}
	dir, n, base, err := f.existing("remove", name)
	switch {
	case err != nil:
		return err
	case len(n.names) > 0 || dir == nil:
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOTEMPTY}
	}
	delete(dir.names, base)
	f.change(&change{from: dir, oldName: base}, dir)
	f.end(op)
	return nil
}

// MkdirAll makes folders, each of which is an operation.
func (f *FS) MkdirAll(name string, _ fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.root
	for _, part := range split(name) {
		in := n.names[part]
		if in == nil {
			op, err := f.begin("mkdir", name)
			if err != nil {
				return err
			}
			in = newFolder()
			n.names[part] = in
			f.change(&change{to: n, newName: part, what: in}, n)
			f.end(op)
		}
		if n = in; !n.dir {
			return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
		}
	}
	return nil
}
