package disktest

import (
	"io"
	"io/fs"
	"time"
)

// handle is an open file or folder.
type handle struct {
	fs     *FS
	name   string
	n      *node
	closed bool
}

func (f *FS) handle(name string, n *node) handle {
	f.open++
	f.most = max(f.most, f.open)
	return handle{fs: f, name: name, n: n}
}

// begin begins an operation on the handle; fs.mu is held.
func (h *handle) begin(kind string) (Op, error) {
	if h.closed {
		return Op{}, &fs.PathError{Op: kind, Path: h.name, Err: fs.ErrClosed}
	}
	return h.fs.begin(kind, h.name)
}

func (h *handle) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if h.closed {
		return &fs.PathError{Op: "close", Path: h.name, Err: fs.ErrClosed}
	}
	h.closed = true
	h.fs.open--
	return nil
}

// sync is the Sync of a file or folder.
func (h *handle) sync(kind string) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	op, err := h.begin(kind)
	if err != nil {
		if !h.closed {
			h.n.loseSync()
		}
		return err
	}
	h.n.sync()
	h.fs.end(op)
	return nil
}

type folder struct{ handle }

func (d *folder) Sync() error { return d.sync("syncDir") }

type file struct {
	handle
	writes bool
}

func (f *file) Sync() error { return f.sync("sync") }

func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if _, err := f.begin("read"); err != nil {
		return 0, err
	}
	if offset >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	op, err := f.begin("write")
	if f.closed {
		return 0, err
	}
	if !f.writes {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrPermission}
	}
	if err != nil {
		p = p[:len(p)/2]
	}
	c := &change{write: true, offset: offset, data: append([]byte(nil), p...)}
	f.n.data = c.apply(f.n.data, whole(c))
	f.fs.change(c, f.n)
	if err != nil {
		return len(p), err
	}
	f.fs.end(op)
	return len(p), nil
}

func (f *file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	op, err := f.begin("truncate")
	switch {
	case err != nil:
		return err
	case !f.writes:
		return &fs.PathError{Op: "truncate", Path: f.name, Err: fs.ErrPermission}
	}
	if size != int64(len(f.n.data)) {
		c := &change{size: size}
		f.n.data = c.apply(f.n.data, whole(c))
		f.fs.change(c, f.n)
	}
	f.fs.end(op)
	return nil
}

func (f *file) Stat() (fs.FileInfo, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if _, err := f.begin("stat"); err != nil {
		return nil, err
	}
	return f.n.info(f.name), nil
}

// info is a fs.FileInfo.
type info struct {
	name string
	size int64
	dir  bool
}

func (n *node) info(name string) info { return info{name, int64(len(n.data)), n.dir} }

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
