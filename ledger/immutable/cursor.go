package immutable

import (
	"io"
	"iter"
	"math"
	"os"

	"github.com/ouronet/ouronet/ledger"
)

// cursor walks over blocks. It keeps one chunk file open.
type cursor struct {
	db    *DB
	chunk uint64
	i     int // block in the chunk
	x     *index
	file  *os.File // of x.chunk
}

// next makes x, i and file those of the first block at or after chunk and i.
// It returns io.EOF at the end of the chain.
func (c *cursor) next() error {
	for {
		if c.x == nil || c.i >= c.x.len() {
			head := c.db.state.Load().head
			if head == nil || c.chunk > head.chunk || c.chunk == head.chunk && c.i >= head.len() {
				return io.EOF
			}
			x, err := c.db.index(c.chunk)
			if err != nil {
				return err
			}
			if c.x = x; c.i >= x.len() {
				c.close()
				c.chunk, c.i, c.x = c.chunk+1, 0, nil
				continue
			}
		}
		if c.file == nil {
			file, err := c.db.openChunk(c.chunk)
			if err != nil {
				return err
			}
			c.file = file
		}
		return nil
	}
}

func (c *cursor) close() {
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
}

// place is where a block is on the chain.
type place struct {
	chunk uint64
	i     int
}

func (p place) after(q place) bool {
	return p.chunk > q.chunk || p.chunk == q.chunk && p.i > q.i
}

var endOfChain = place{math.MaxUint64, 0}

// walk reads what stands from one place to another, both included.
func walk[T any](db *DB, from, to place, read func(*cursor) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		c := cursor{db: db, chunk: from.chunk, i: from.i}
		defer c.close()
		for ; ; c.i++ {
			err := c.next()
			if err == io.EOF || err == nil && (place{c.chunk, c.i}).after(to) {
				return
			}
			var v T
			if err == nil {
				v, err = read(&c)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

func (c *cursor) block() (ledger.RawBlock, error) {
	raw, err := c.db.readBlock(c.file, c.x, c.i)
	if err == nil {
		_, err = c.db.parseHeader(&c.db.network, c.x, c.i, raw, int64(len(raw)))
	}
	if err != nil {
		return nil, err
	}
	return raw, nil
}

func (c *cursor) header() (ledger.Header, error) {
	return c.db.readHeader(&c.db.network, c.file, c.x, c.i)
}
