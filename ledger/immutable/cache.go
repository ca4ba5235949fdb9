package immutable

import (
	"os"
	"sync"

	"github.com/ouronet/ouronet/ledger"
)

// cacheSize is how many indexes of finished chunks are kept. One has about
// 60 kB on mainnet and 1.2 MB in its Byron part.
const cacheSize = 8

// cache keeps the indexes that were used last.
type cache struct {
	mu    sync.Mutex
	items []*index // the one used last is at the end
}

func (c *cache) get(chunk uint64) *index {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, x := range c.items {
		if x.chunk == chunk {
			copy(c.items[i:], c.items[i+1:])
			c.items[len(c.items)-1] = x
			return x
		}
	}
	return nil
}

func (c *cache) put(x *index) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.items) == cacheSize {
		copy(c.items, c.items[1:])
		c.items = c.items[:cacheSize-1]
	}
	c.items = append(c.items, x)
}

// index returns the index of a chunk up to the last one that has blocks. The
// first time it is used, its first block was found to follow the one before it.
func (db *DB) index(chunk uint64) (*index, error) {
	s := db.state.Load()
	if s.head.chunk == chunk {
		return s.head, nil
	}
	if x := db.cache.get(chunk); x != nil {
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
	if !h.HasPrev || h.Prev != prev {
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
	file, err := os.Open(f.name(chunk, secondaryFile))
	if err != nil {
		return hash, false, f.fileError(chunk, secondaryFile, err)
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
