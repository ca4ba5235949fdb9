package immutable

import (
	"container/list"
	"sync"

	"github.com/ouronet/ouronet/ledger"
)

const (
	// cacheBytes is how many bytes of indexes of finished chunks are kept: that of
	// mainnet has about 60 kB, 1.2 MB in its Byron part. An index counts for at least
	// minCached.
	cacheBytes = 10 << 20
	minCached  = 4 << 10

	// wholeIndex is the size in bytes up to which the index of a chunk that is not at hand
	// is read as a whole, to be at hand then. That takes no more reads than a part of it.
	wholeIndex = 128 << 10
)

// cache keeps the indexes that were used last, and the shapes of all chunks that were
// found to fit.
type cache struct {
	mu     sync.Mutex
	items  map[uint64]*list.Element
	order  list.List // of *index, the one used last in front
	bytes  int
	shapes map[uint64]shape
}

// shape is what does not change of a finished chunk whose three files fit each other, and
// whose first block follows the one before it. With it, a part of the index can be read
// by itself.
type shape struct {
	entries int
	end     int64
	ebb     bool
}

func (c *cache) get(chunk uint64) *index {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.items[chunk]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*index)
	}
	return nil
}

func (c *cache) put(x *index) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items == nil {
		c.items, c.shapes = make(map[uint64]*list.Element), make(map[uint64]shape)
	}
	c.shapes[x.chunk] = shape{x.len(), x.end, x.ebb}
	if c.items[x.chunk] != nil {
		return // another reader was first
	}
	c.items[x.chunk] = c.order.PushFront(x)
	for c.bytes += x.cost(); c.bytes > cacheBytes; {
		x := c.order.Remove(c.order.Back()).(*index)
		delete(c.items, x.chunk)
		c.bytes -= x.cost()
	}
}

func (x *index) cost() int { return max(len(x.raw), minCached) }

func (c *cache) shape(chunk uint64) (s shape, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok = c.shapes[chunk]
	return s, ok
}

// entries returns a part of the index of a chunk up to the last one that has blocks: see
// index.part. It is nil if the chunk has no block i.
func (db *DB) entries(chunk uint64, i, n int) (*index, error) {
	if x := db.atHand(db.state.Load().head, chunk); x != nil {
		return x.part(i, n), nil
	}
	if s, ok := db.cache.shape(chunk); ok && s.entries*entrySize > wholeIndex {
		return db.readPart(chunk, s, i, n)
	}
	x, err := db.index(chunk)
	if err != nil {
		return nil, err
	}
	return x.part(i, n), nil
}

// atHand returns the index of a chunk that needs no reading, nil for another: that of
// head, or one of the cache.
func (db *DB) atHand(head *index, chunk uint64) *index {
	if head.chunk == chunk {
		return head
	}
	return db.cache.get(chunk)
}

// index returns the index of a chunk up to the last one that has blocks. The
// first time it is used, its first block was found to follow the one before it.
func (db *DB) index(chunk uint64) (*index, error) {
	s := db.state.Load()
	if x := db.atHand(s.head, chunk); x != nil {
		return x, nil
	}
	x, err := db.readIndex(chunk)
	if err == nil {
		err = db.checkLink(s.firstChunk, x)
	}
	if err != nil {
		return nil, err
	}
	db.cache.put(x)
	return x, nil
}

// checkLink checks that the first block of a chunk follows the last one of the
// chunks before it, from first on.
func (db *DB) checkLink(first uint64, x *index) error {
	if x.len() == 0 {
		return nil
	}
	prev, ok, err := db.lastBefore(first, x.chunk)
	if err != nil && x.chunk <= db.state.Load().firstChunk {
		return nil // those before were dropped meanwhile
	}
	if err != nil || !ok {
		return err
	}
	file, err := db.openChunk(x.chunk)
	if err != nil {
		return err
	}
	defer file.Close()
	h, err := db.readHeader(&db.network, file, x, 0)
	if err != nil {
		return err
	}
	if !h.PrevHashIs(prev) {
		return db.damage(x.chunk, chunkFile, 0, "block %v does not follow %v, the last one of the chunks before: blocks are missing", h.Point(), prev)
	}
	return nil
}

// lastBefore returns the hash of the last block before a chunk, as the index
// has it; ok is false if there is none.
func (db *DB) lastBefore(first, chunk uint64) (hash ledger.Hash, ok bool, err error) {
	for chunk > first {
		chunk--
		if x := db.cache.get(chunk); x != nil {
			if x.len() > 0 {
				return x.entry(x.len() - 1).hash, true, nil
			}
			continue
		}
		if hash, ok, err = db.lastHash(chunk); ok || err != nil {
			return hash, ok, err
		}
	}
	return hash, false, nil
}

// lastHash reads the last entry of a secondary file; ok is false if the file is
// empty.
func (f folder) lastHash(chunk uint64) (hash ledger.Hash, ok bool, err error) {
	file, err := f.open(chunk, secondaryFile)
	if err != nil {
		return hash, false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return hash, false, f.fileError(chunk, secondaryFile, err)
	}
	entries := info.Size() / entrySize
	if entries == 0 {
		return hash, false, nil
	}
	var b [entrySize]byte
	if _, err := file.ReadAt(b[:], (entries-1)*entrySize); err != nil {
		return hash, false, f.fileError(chunk, secondaryFile, err)
	}
	return decodeEntry(b[:]).hash, true, nil
}
