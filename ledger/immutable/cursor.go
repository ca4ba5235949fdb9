package immutable

import (
	"io"
	"iter"
	"math"

	"github.com/ouronet/ouronet/ledger"
)

// cursor walks over blocks. Between two reads it keeps no file, and of the index what
// part returns.
type cursor struct {
	db    *DB
	chunk uint64
	i     int    // block in the chunk
	x     *index // entries of the chunk, see index.part; nil before the first is read
	lent  int64  // bytes of DB.lender
}

// next makes x hold the first block at or after chunk and i, and makes these its place.
// It returns io.EOF at the end of the chain. Up to n entries are looked for.
func (c *cursor) next(n int) error {
	for c.x == nil || c.i >= c.x.from+c.x.len() {
		head := c.db.state.Load().head
		if head == nil || c.chunk > head.chunk || c.chunk == head.chunk && c.i >= head.len() {
			return io.EOF
		}
		x, err := c.db.entries(c.chunk, c.i, n)
		if err != nil {
			return err
		}
		if c.x = x; x == nil {
			c.chunk, c.i = c.chunk+1, 0
		}
	}
	return nil
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

// piece is a block, or its start up to the end of the header, as it is in a
// chunk file.
type piece struct {
	x   *index // see index.part
	i   int
	raw ledger.RawBlock
}

// part is what is read of each block: how many bytes, how many of them are read ahead
// at the most, in all and without asking DB.lender, and what they are made into.
type part[T any] struct {
	size        func(x *index, i int) int64
	most, alone int64
	parse       func(db *DB, p piece) (T, error)
}

var (
	blocks  = part[ledger.RawBlock]{(*index).size, maxBlocksAhead, blocksAhead, (*DB).parseBlock}
	headers = part[ledger.Header]{(*index).headerEnd, headersAhead, headersAhead, (*DB).parseHead}
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

// walk reads what stands from one place to another, both included. It reads at first
// no more than begin elements ahead, then no more than were taken before: a consumer
// that wants few elements does not wait for many.
func walk[T any](db *DB, from, to place, begin int, what part[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		c := cursor{db: db, chunk: from.chunk, i: from.i}
		defer c.giveBack()
		var ahead []piece
		for taken := 0; ; taken += len(ahead) {
			var err error
			ahead, err = readAhead(&c, ahead[:0], min(max(taken, begin), maxAhead), to, what)
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
