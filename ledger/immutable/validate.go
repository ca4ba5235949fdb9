package immutable

import (
	"errors"
	"hash/crc32"
	"io"

	"github.com/ouronet/ouronet/ledger"
)

// validate reads a whole chunk. It returns its index up to the last good block
// and that block's header, or nil if there is no good block.
func (db *DB) validate(first, chunk uint64) (*index, ledger.Header, error) {
	var none ledger.Header
	x, err := db.readSecondary(chunk)
	if err != nil {
		return nil, none, unlessDamage(err)
	}
	file, err := db.openChunk(chunk)
	if err != nil {
		return nil, none, unlessDamage(err)
	}
	defer file.Close()
	if x.len() == 0 {
		return nil, none, nil
	}
	prev, ok, err := db.before(first, chunk)
	if err != nil || !ok {
		return nil, none, err
	}
	good, end := 0, int64(0)
	for good < x.len() {
		raw, err := db.intact(file, x, good, end)
		if err != nil {
			return nil, none, err
		}
		h, err := db.fits(x, good, raw)
		if err != nil {
			return nil, none, err
		}
		if h == nil {
			break
		}
		if prev != nil {
			if reason := follows(prev, h); reason != "" && good > 0 {
				break
			} else if reason != "" {
				// The chunk before was whole before this one was begun.
				return nil, none, db.damage(chunk, chunkFile, 0, "block %v does not follow the chunks before: %s", h.Point(), reason)
			}
		}
		prev, end, good = h, end+int64(len(raw)), good+1
	}
	if good == 0 {
		return nil, none, nil
	}
	x.raw, x.end = x.raw[:good*entrySize], end
	return x, *prev, db.checkIndex(x)
}

// fits returns the header of an intact block if it is what its entry says, else
// nil.
func (db *DB) fits(x *index, i int, raw ledger.RawBlock) (*ledger.Header, error) {
	if raw == nil {
		return nil, nil
	}
	b, err := db.network.ParseBlock(raw)
	if err != nil {
		return nil, db.laterEra(x, i, err)
	}
	got := x.entry(i)
	want, err := newEntry(b)
	if err != nil || want.hash != got.hash || want.headerOffset != got.headerOffset || want.headerSize != got.headerSize {
		return nil, nil
	}
	// An intact block in a wrong place is not what a crash leaves.
	if h := &b.Header; db.chunkOf(h.Slot) != x.chunk {
		return nil, db.doubt(x.chunk, secondaryFile, int64(i)*entrySize, "block %v does not belong into this chunk", h.Point())
	}
	if x.point(i) != b.Header.Point() || x.boundary(i) && got.slot != x.chunk {
		return nil, nil
	}
	b.Header.Raw.Bytes = nil
	return &b.Header, nil
}

// intact reads block i, which must begin at offset, if it has its CRC-32. Its
// end is taken from the next entry, or from the block if that entry is wrong.
func (db *DB) intact(file io.ReaderAt, x *index, i int, offset int64) (ledger.RawBlock, error) {
	e := x.entry(i)
	if e.offset != uint64(offset) || offset >= x.end {
		return nil, nil
	}
	read := func(end int64) (ledger.RawBlock, error) {
		if end <= offset || end > x.end || end-offset > maxBlock {
			return nil, nil
		}
		raw := make(ledger.RawBlock, end-offset)
		if _, err := db.readAt(file, x, raw, offset); err != nil {
			return nil, unlessDamage(err)
		}
		if crc32.ChecksumIEEE(raw) != e.crc {
			return nil, nil
		}
		return raw, nil
	}
	if raw, err := read(offset + x.size(i)); raw != nil || err != nil {
		return raw, err
	}
	end, err := db.blockEnd(file, x.chunk, offset, x.end)
	if err != nil {
		return nil, unlessDamage(err)
	}
	return read(end)
}

// before returns the header of the last block before a chunk, nil if there is
// none; ok is false if that block is not good.
func (db *DB) before(first, chunk uint64) (h *ledger.Header, ok bool, err error) {
	for ; chunk > first; chunk-- {
		x, err := db.readIndex(chunk - 1)
		if err != nil {
			return nil, false, err
		}
		if x.len() == 0 {
			continue
		}
		file, err := db.openChunk(chunk - 1)
		if err != nil {
			return nil, false, err
		}
		defer file.Close()
		i := x.len() - 1
		raw, err := db.readBlock(file, x, i)
		if err != nil {
			return nil, false, unlessDamage(err)
		}
		h, err := db.parseHeader(&db.network, x, i, raw, int64(len(raw)))
		if err != nil {
			return nil, false, unlessDamage(err)
		}
		h.Raw.Bytes = nil
		return &h, true, nil
	}
	return nil, true, nil
}

// unlessDamage returns the errors that say nothing about the files.
func unlessDamage(err error) error {
	var damage *DamageError
	if errors.As(err, &damage) {
		return nil
	}
	return err
}
