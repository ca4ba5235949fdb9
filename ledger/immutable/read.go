package immutable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/ouronet/ouronet/ledger"
)

// Contains reports whether the block p is stored. [ledger.Origin] is contained
// if the folder starts where the chain does, or is empty. It costs at most two small
// reads, and keeps nothing.
func (db *DB) Contains(p ledger.Point) (bool, error) {
	_, ok, err := db.search(p)
	return ok, err
}

// Intersect returns the first of points, in the order given, that [DB.Contains]
// reports; ok is false if there is none.
func (db *DB) Intersect(points []ledger.Point) (p ledger.Point, ok bool, err error) {
	for _, p := range points {
		if ok, err := db.Contains(p); ok || err != nil {
			return p, ok, err
		}
	}
	return ledger.Point{}, false, nil
}

// Block returns the block p, or [ErrNotFound]. The bytes are the caller's.
func (db *DB) Block(p ledger.Point) (ledger.RawBlock, error) {
	return lookup(db, p, blocks)
}

// Header returns the header of the block p, or [ErrNotFound]. Its bytes are the
// caller's.
func (db *DB) Header(p ledger.Point) (ledger.Header, error) {
	return lookup(db, p, headers)
}

// BlocksFrom returns the blocks from p on, p included. See [DB.BlocksAfter].
func (db *DB) BlocksFrom(p ledger.Point) iter.Seq2[ledger.RawBlock, error] {
	return from(db, p, 0, blocks)
}

// BlocksAfter returns the blocks after p, oldest first; [ledger.Origin] stands before
// the first block of the chain. The sequence ends at the block that is the tip when the
// loop reaches it. Each block is checked against its CRC-32, and its bytes are the
// caller's. A block that is kept also keeps up to 128 KiB around it in memory.
//
// The error is [ErrNotFound] if p is not on the chain, or ends the sequence.
func (db *DB) BlocksAfter(p ledger.Point) iter.Seq2[ledger.RawBlock, error] {
	return from(db, p, 1, blocks)
}

// HeadersFrom returns the headers from p on, p included. See [DB.HeadersAfter].
func (db *DB) HeadersFrom(p ledger.Point) iter.Seq2[ledger.Header, error] {
	return from(db, p, 0, headers)
}

// HeadersAfter is [DB.BlocksAfter] for headers. Bodies are read only where that is
// cheaper than skipping them; each header is checked against its hash. A header that is
// kept also keeps up to 64 KiB around it in memory.
func (db *DB) HeadersAfter(p ledger.Point) iter.Seq2[ledger.Header, error] {
	return from(db, p, 1, headers)
}

// NextHeaders returns up to n headers after p, fewer at the end of the chain. It is
// [DB.HeadersAfter] for callers that pause between calls: nothing stays in memory for
// the next call. An error comes alone, after the valid headers before it.
func (db *DB) NextHeaders(p ledger.Point, n int) (next []ledger.Header, err error) {
	at, err := db.find(p)
	if err != nil {
		return nil, err
	}
	c := cursor{db: db, chunk: at.chunk, i: max(at.i+1, 0)}
	for err == nil && len(next) < n {
		var ahead []piece
		ahead, err = readAhead(&c, nil, min(n-len(next), maxAhead), endOfChain, headers)
		for _, p := range ahead {
			h, bad := db.parseHead(p)
			if bad != nil {
				err = bad
				break
			}
			next = append(next, h)
		}
	}
	if err == io.EOF || len(next) > 0 {
		err = nil
	}
	return next, err
}

// Range returns the blocks from one point to another, both included, oldest first. It
// returns nil, without an error, if not both are on the chain in this order. It fits
// blockfetch.Source; ctx ends the sequence.
func (db *DB) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	if from.IsOrigin() || to.IsOrigin() {
		return nil, nil
	}
	var places [2]place
	for i, p := range []ledger.Point{from, to} {
		var err error
		if places[i], err = db.find(p); errors.Is(err, ErrNotFound) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	if places[0].after(places[1]) {
		return nil, nil
	}
	stopped := blocks
	stopped.parse = func(db *DB, p piece) (ledger.RawBlock, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return blocks.parse(db, p)
	}
	return walk(db, places[0], places[1], maxAhead, stopped), nil
}

// find returns the place of p, or [ErrNotFound]; that of the origin is the one
// before the first.
func (db *DB) find(p ledger.Point) (place, error) {
	at, ok, err := db.search(p)
	switch {
	case err != nil:
		return place{}, err
	case !ok && p.IsOrigin():
		return place{}, fmt.Errorf("%w: %s starts after the origin, at %v", ErrNotFound, db.dir, db.First())
	case !ok:
		return place{}, fmt.Errorf("%w: %v", ErrNotFound, p)
	}
	return at, nil
}

// search looks for the place of p. It reads no index that is not at hand: whether
// p is stored shows without the rest of the chunk, and a peer can ask for a
// thousand points in as many chunks. Reading on from p goes through [DB.index],
// which checks that the files fit each other and that no blocks are missing before.
func (db *DB) search(p ledger.Point) (at place, ok bool, err error) {
	s := db.state.Load()
	if p.IsOrigin() {
		return place{s.firstChunk, -1}, s.head == nil || s.fromOrigin, nil
	}
	chunk := db.chunkOf(p.Slot)
	if s.head == nil || chunk < s.firstChunk || chunk > s.head.chunk {
		return place{}, false, nil
	}
	at.chunk = chunk
	if x := db.atHand(s.head, chunk); x != nil {
		at.i, ok = x.find(p)
	} else {
		at.i, ok, err = db.seek(chunk, p)
	}
	if err != nil && chunk < db.state.Load().firstChunk {
		return place{}, false, nil // dropped meanwhile
	}
	return at, ok, err
}

// dropped is the error for a chunk before the first one: one that was there when reading
// began, whose files may be gone at any moment.
func (db *DB) dropped(chunk uint64) error {
	return fmt.Errorf("%w: chunk %d was dropped while it was read", ErrNotFound, chunk)
}

func lookup[T any](db *DB, p ledger.Point, what part[T]) (T, error) {
	var zero T
	if p.IsOrigin() {
		return zero, fmt.Errorf("%w: there is no block at the origin", ErrNotFound)
	}
	at, err := db.find(p)
	if err != nil {
		return zero, err
	}
	// Nobody waits between this index and the block, so it needs no part of its own.
	c := cursor{db: db, chunk: at.chunk, i: at.i, x: db.atHand(db.state.Load().head, at.chunk)}
	var one [1]piece
	found, err := readAhead(&c, one[:0], 1, at, what)
	if err == io.EOF {
		err = fmt.Errorf("%w: %v", ErrNotFound, p)
	}
	if err != nil {
		return zero, err
	}
	return what.parse(db, found[0])
}

func from[T any](db *DB, p ledger.Point, skip int, what part[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		at, err := db.find(p)
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		at.i = max(at.i+skip, 0)
		walk(db, at, endOfChain, 1, what)(yield)
	}
}
