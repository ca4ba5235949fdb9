package immutable

import "sync"

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

// index returns the index of a chunk up to the last one that has blocks.
func (db *DB) index(chunk uint64) (*index, error) {
	s := db.state.Load()
	if s.head.chunk == chunk {
		return s.head, nil
	}
	if x := db.cache.get(chunk); x != nil {
		return x, nil
	}
	x, err := db.readIndex(chunk)
	if err != nil {
		return nil, err
	}
	db.cache.put(x)
	return x, nil
}
