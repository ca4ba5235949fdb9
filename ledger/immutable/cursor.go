package immutable

import (
	"io"
	"iter"
	"math"
	"os"
	"weak"

	"github.com/ouronet/ouronet/ledger"
)

// cursor walks over blocks.
type cursor struct {
	db    *DB
	chunk uint64
	i     int // block in the chunk
	x     *index
	kept  weak.Pointer[index] // x of before, while it is nil: one can have 1.2 MB
	file  *os.File            // of x.chunk, nil when it is not open
}

// next makes x and i those of the first block at or after chunk and i. It
// returns io.EOF at the end of the chain.
func (c *cursor) next() error {
	for c.x == nil || c.i >= c.x.len() {
		head := c.db.state.Load().head
		if head == nil || c.chunk > head.chunk || c.chunk == head.chunk && c.i >= head.len() {
			return io.EOF
		}
		x := c.kept.Value()
		if x == nil || x.chunk != c.chunk || c.i >= x.len() {
			var err error
			if x, err = c.db.index(c.chunk); err != nil {
				return err
			}
		}
		if c.x = x; c.i >= x.len() {
			c.close()
			c.chunk, c.i, c.x = c.chunk+1, 0, nil
		}
	}
	return nil
}

// piece is a block, or its start up to the end of the header, as it is in a
// chunk file.
type piece struct {
	x   *index // see index.only
	i   int
	raw ledger.RawBlock
}

// read reads a piece of that size at the cursor. The chunk file stays open.
func (c *cursor) read(size int64) (piece, error) {
	if c.file == nil {
		file, err := c.db.openChunk(c.chunk)
		if err != nil {
			return piece{}, err
		}
		c.file = file
	}
	raw, err := c.db.readPiece(c.file, c.x, c.i, size)
	x, i := c.x.only(c.i)
	return piece{x, i, raw}, err
}

func (c *cursor) close() {
	if c.file != nil {
		c.file.Close()
		c.file = nil
	}
}

// rest gives back what a consumer that takes its time would keep.
func (c *cursor) rest() {
	c.close()
	c.kept, c.x = weak.Make(c.x), nil
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

// part is what is read of each block: how many bytes, and what they are made
// into when the file is closed again.
type part[T any] struct {
	size  func(x *index, i int) int64
	parse func(db *DB, p piece) (T, error)
}

var (
	blocks  = part[ledger.RawBlock]{(*index).size, (*DB).parseBlock}
	headers = part[ledger.Header]{(*index).headerEnd, (*DB).parseHead}
)

func (db *DB) parseBlock(p piece) (ledger.RawBlock, error) {
	err := db.checkSum(p.x, p.i, p.raw)
	if err == nil {
		_, err = db.parseHeader(&db.network, p.x, p.i, p.raw, int64(len(p.raw)))
	}
	if err != nil {
		return nil, err
	}
	return p.raw, nil
}

func (db *DB) parseHead(p piece) (ledger.Header, error) {
	return db.parseHeader(&db.network, p.x, p.i, p.raw, p.x.size(p.i))
}

// No file stays open, and no index is held, while the consumer of a sequence has an
// element, which may be for as long as a peer likes. So some are read ahead, in
// return for which a fast consumer does not wait for one file to be opened for each.
const (
	maxAhead      = 64      // elements
	maxAheadBytes = 1 << 16 // or one block
)

// walk reads what stands from one place to another, both included. It reads no
// more ahead than was taken before: a consumer that wants few elements does not
// wait for many.
func walk[T any](db *DB, from, to place, what part[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		c := cursor{db: db, chunk: from.chunk, i: from.i}
		var ahead []piece
		for taken := 0; ; taken += len(ahead) {
			var err error
			ahead, err = c.readAhead(ahead[:0], min(max(taken, 1), maxAhead), to, what.size)
			for i, p := range ahead {
				ahead[i] = piece{} // the bytes are the consumer's
				v, err := what.parse(db, p)
				if !yield(v, err) || err != nil {
					return
				}
			}
			switch err {
			case nil:
			case io.EOF:
				return
			default:
				var zero T
				yield(zero, err)
				return
			}
		}
	}
}

// readAhead appends up to n pieces to ahead, none of them after a place. The
// error is about what follows them: io.EOF if nothing does.
func (c *cursor) readAhead(ahead []piece, n int, to place, size func(*index, int) int64) ([]piece, error) {
	defer c.rest()
	total := int64(0)
	for ; len(ahead) < n; c.i++ {
		err := c.next()
		if err == io.EOF && len(ahead) > 0 {
			break // more may have been appended when these are taken
		}
		if err != nil {
			return ahead, err
		}
		if (place{c.chunk, c.i}).after(to) {
			return ahead, io.EOF
		}
		length := size(c.x, c.i)
		if total += length; total > maxAheadBytes && len(ahead) > 0 {
			break
		}
		p, err := c.read(length)
		if err != nil {
			return ahead, err
		}
		ahead = append(ahead, p)
	}
	return ahead, nil
}
