package disktest

import "maps"

// node is a file or a folder.
type node struct {
	dir bool

	// What processes see.
	data  []byte
	names map[string]*node

	// What the disk has for certain, and the changes since, oldest first. Those
	// that are certain follow one that is not.
	lasting      []byte
	lastingNames map[string]*node
	changes      []*change
}

func newFile() *node { return &node{} }

func newFolder() *node {
	return &node{dir: true, names: make(map[string]*node), lastingNames: make(map[string]*node)}
}

// change is a change of a file or of names. A rename from one folder to another is
// in the lists of both.
type change struct {
	number  int // in the order of the file system
	certain bool
	lost    bool // by a Sync that failed: nothing makes it certain

	// of a file
	write  bool // else a truncation
	offset int64
	data   []byte
	size   int64

	// of names: one is taken away, or given, or both
	from, to         *node
	oldName, newName string
	what             *node
}

// part says how much of a change a crash leaves.
type part struct {
	kept     bool
	from, to int  // bytes of a write
	zeros    bool // in place of the bytes
}

func whole(c *change) part { return part{kept: true, to: len(c.data)} }

// apply makes a change, or a part of it, to the content of a file.
func (c *change) apply(data []byte, p part) []byte {
	if !c.write {
		if int64(len(data)) > c.size {
			return data[:c.size]
		}
		return append(data, make([]byte, c.size-int64(len(data)))...)
	}
	end := int(c.offset) + p.to
	if missing := end - len(data); missing > 0 {
		data = append(data, make([]byte, missing)...)
	}
	if !p.zeros {
		copy(data[int(c.offset)+p.from:end], c.data[p.from:p.to])
	}
	return data
}

// applyNames makes a change to the names of a folder.
func (c *change) applyNames(dir *node, names map[string]*node) {
	if c.from == dir {
		delete(names, c.oldName)
	}
	if c.to == dir {
		names[c.newName] = c.what
	}
}

// sync makes all changes certain that can become so.
func (n *node) sync() {
	for _, c := range n.changes {
		// A rename is certain when the folder of the new name is.
		if !c.lost && (c.to == nil || c.to == n) {
			c.certain = true
		}
	}
	for len(n.changes) > 0 && n.changes[0].certain {
		c := n.changes[0]
		if n.dir {
			c.applyNames(n, n.lastingNames)
		} else {
			n.lasting = c.apply(n.lasting, whole(c))
		}
		n.changes = n.changes[1:]
	}
}

// loseSync is a sync that fails.
func (n *node) loseSync() {
	for _, c := range n.changes {
		c.lost = !c.certain
	}
}

// uncertain appends the changes of n and of all that is in it that a crash may undo.
// Each is in seen once.
func (n *node) uncertain(seen map[int]*change, visited map[*node]bool) {
	if visited[n] {
		return
	}
	visited[n] = true
	for _, c := range n.changes {
		if !c.certain {
			seen[c.number] = c
		}
		if c.what != nil {
			c.what.uncertain(seen, visited)
		}
	}
	for _, names := range []map[string]*node{n.names, n.lastingNames} {
		for _, in := range names { // any order
			in.uncertain(seen, visited)
		}
	}
}

// after returns what the disk has of n after a crash that left these parts of the
// changes that are not certain.
func (n *node) after(left map[int]part, copies map[*node]*node) *node {
	if c := copies[n]; c != nil {
		return c
	}
	parts := func(c *change) part {
		if c.certain {
			return whole(c)
		}
		return left[c.number]
	}
	if !n.dir {
		data := append([]byte(nil), n.lasting...)
		for _, c := range n.changes {
			if p := parts(c); p.kept {
				data = c.apply(data, p)
			}
		}
		f := &node{data: data, lasting: append([]byte(nil), data...)}
		copies[n] = f
		return f
	}
	names := maps.Clone(n.lastingNames)
	for _, c := range n.changes {
		if parts(c).kept {
			c.applyNames(n, names)
		}
	}
	d := newFolder()
	copies[n] = d
	for name, in := range names { // any order
		d.names[name] = in.after(left, copies)
	}
	d.lastingNames = maps.Clone(d.names)
	return d
}
