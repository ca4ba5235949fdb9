package immutable

import (
	"io"
	"sync"
	"sync/atomic"
)

// No file stays open, and no whole index is held, while the consumer of a sequence has
// an element, which may be for as long as a peer likes. So some are read ahead, many
// with one read, in return for which a fast consumer does not wait for a file to be
// opened and read for each.
//
// The elements of one read share their memory, in which one that is kept keeps all of
// them. What a consumer may hold is thus twice what is read ahead: elements of the read
// before, which are being written to a peer, and those of the last one.
const (
	maxAhead = 128 // elements

	// A reader of blocks has 32 KiB, or one block, for itself, and up to 128 KiB while
	// all that read ahead hold no more than lendable above their own.
	blocksAhead    = 32 << 10
	maxBlocksAhead = 128 << 10
	lendable       = 8 << 20

	// Headers are kept without what is between them.
	headersAhead = 64 << 10 // or one header

	// Up to maxSpan bytes of a chunk file are read at once for the headers in it.
	// Between two of them are at most maxGap that nobody wants: a read costs the time
	// of copying 8 KiB that the kernel has, and on disks, with 3,000 small reads or 125
	// MB a second to 12,500 or 2 GB, that of 40 to 160 KiB.
	maxSpan = 256 << 10
	maxGap  = 32 << 10

	// maxScratch is how many readers may read what is between headers at a time; others
	// read each header by itself.
	maxScratch = 8
)

// lender bounds what all readers together read ahead beyond what each may by itself,
// and how many use a scratch buffer.
type lender struct {
	lent, scratches atomic.Int64
}

// lend adds n to what is lent, if that is no more than most then.
func lend(lent *atomic.Int64, n, most int64) bool {
	if lent.Add(n) <= most {
		return true
	}
	lent.Add(-n)
	return false
}

// giveBack ends what the cursor has lent.
func (c *cursor) giveBack() {
	c.db.lender.lent.Add(-c.lent)
	c.lent = 0
}

// readAhead appends up to n pieces to ahead, at least one, of blocks that follow each
// other in a chunk, none of them after a place. The error is about what follows them:
// io.EOF if there are none. All bytes are in one buffer of that size.
func readAhead[T any](c *cursor, ahead []piece, n int, to place, what part[T]) ([]piece, error) {
	c.giveBack()
	if err := c.next(n); err != nil {
		return ahead, c.explain(err)
	}
	if (place{c.chunk, c.i}).after(to) {
		return ahead, io.EOF
	}
	x, first := c.x, c.i-c.x.from
	most := first + n
	if c.chunk == to.chunk {
		most = min(most, to.i+1-x.from)
	}
	end, total := x.fill(first, min(most, x.len()), what.most, what.size)
	if extra := total - what.alone; extra > 0 && end > first+1 {
		if lend(&c.db.lender.lent, extra, lendable) {
			c.lent = extra
		} else {
			end, total = x.fill(first, end, what.alone, what.size)
		}
	}
	raw := make([]byte, total)
	got, err := c.db.readPieces(x, first, end, raw, what.size)
	for i := first; i < got; i++ {
		size := what.size(x, i)
		ahead = append(ahead, piece{x, i, raw[:size:size]})
		raw = raw[size:]
		c.i++
	}
	return ahead, c.explain(err)
}

// explain returns err, unless it is about a chunk that was dropped meanwhile.
func (c *cursor) explain(err error) error {
	if err != nil && err != io.EOF && c.chunk < c.db.state.Load().firstChunk {
		return c.db.dropped(c.chunk)
	}
	return err
}

// fill returns where the blocks end, from i on and before end, of which the pieces have
// at most that many bytes, or one piece, and how many they have.
func (x *index) fill(i, end int, most int64, size func(*index, int) int64) (to int, total int64) {
	total = size(x, i)
	for i++; i < end; i++ {
		n := size(x, i)
		if total+n > most {
			break
		}
		total += n
	}
	return i, total
}

// readPieces reads the pieces of the blocks from one to another, one behind the other.
// It returns how far it came, and why no further.
func (db *DB) readPieces(x *index, from, to int, raw []byte, size func(*index, int) int64) (int, error) {
	file, err := db.openChunk(x.chunk)
	if err != nil {
		return from, err
	}
	defer file.Close()
	var scratch *[maxSpan]byte
	defer func() { db.lender.returnScratch(scratch) }()
	none := false
	for from < to {
		offset, _ := x.place(from)
		end, wanted := offset+size(x, from), size(x, from)
		next := from + 1
		for ; next < to; next++ {
			start, _ := x.place(next)
			stop := start + size(x, next)
			if gap := start - end; gap > 0 {
				if none || gap > maxGap || stop-offset > maxSpan {
					break
				}
				if scratch == nil {
					if scratch = db.lender.scratch(); scratch == nil {
						none = true
						break
					}
				}
			}
			end, wanted = stop, wanted+size(x, next)
		}
		if wanted == end-offset { // nothing between them
			if n, err := db.readAt(file, x, raw[:wanted], offset); err != nil {
				return x.whole(from, next, n, size), err
			}
			from, raw = next, raw[wanted:]
			continue
		}
		b := scratch[:end-offset]
		n, err := db.readAt(file, x, b, offset)
		if err != nil {
			next = x.whole(from, next, n, size)
		}
		for ; from < next; from++ {
			at, _ := x.place(from)
			piece := b[at-offset:][:size(x, from)]
			raw = raw[copy(raw, piece):]
		}
		if err != nil {
			return from, err
		}
	}
	return from, nil
}

// whole returns the end of the blocks of which the piece is whole in the first n bytes
// of a read that began with the one at from.
func (x *index) whole(from, to, n int, size func(*index, int) int64) int {
	start, _ := x.place(from)
	for i := from; i < to; i++ {
		if offset, _ := x.place(i); offset+size(x, i)-start > int64(n) {
			return i
		}
	}
	return to
}

var scratches = sync.Pool{New: func() any { return new([maxSpan]byte) }}

// scratch lends a buffer, nil if there are too many of them in use.
func (l *lender) scratch() *[maxSpan]byte {
	if !lend(&l.scratches, 1, maxScratch) {
		return nil
	}
	return scratches.Get().(*[maxSpan]byte)
}

func (l *lender) returnScratch(b *[maxSpan]byte) {
	if b != nil {
		scratches.Put(b)
		l.scratches.Add(-1)
	}
}
