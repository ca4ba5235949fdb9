package immutable

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// readPiece reads the first bytes of block i. They are the caller's.
func (f folder) readPiece(file io.ReaderAt, x *index, i int, size int64) (ledger.RawBlock, error) {
	offset, _ := x.place(i)
	raw := make(ledger.RawBlock, size)
	if _, err := f.readAt(file, x, raw, offset); err != nil {
		return nil, err
	}
	return raw, nil
}

// readBlock reads block i and checks its CRC-32. The result is the caller's.
func (f folder) readBlock(file io.ReaderAt, x *index, i int) (ledger.RawBlock, error) {
	raw, err := f.readPiece(file, x, i, x.size(i))
	if err != nil {
		return nil, err
	}
	return raw, f.checkSum(x, i, raw)
}

// checkSum checks the CRC-32 of block i.
func (f folder) checkSum(x *index, i int, raw ledger.RawBlock) error {
	if got, want := crc32.ChecksumIEEE(raw), x.entry(i).crc; got != want {
		offset, _ := x.place(i)
		return f.damage(x.chunk, chunkFile, offset, "CRC-32 of block %v is %08x, its index says %08x", x.point(i), got, want)
	}
	return nil
}

// readHeader reads the header of block i without the body and checks that it
// is the one of the index. Its bytes are the caller's.
func (f folder) readHeader(n *ledger.Network, file io.ReaderAt, x *index, i int) (ledger.Header, error) {
	head, err := f.readPiece(file, x, i, x.headerEnd(i))
	if err != nil {
		return ledger.Header{}, err
	}
	return f.parseHeader(n, x, i, head, x.size(i))
}

// parseHeader parses the header of block i from the start of the block, and
// checks it against the index.
func (f folder) parseHeader(n *ledger.Network, x *index, i int, head ledger.RawBlock, size int64) (ledger.Header, error) {
	offset, _ := x.place(i)
	raw, err := head.Header()
	if later := f.laterEra(x, i, err); later != nil {
		return ledger.Header{}, later
	}
	if err != nil {
		return ledger.Header{}, f.damage(x.chunk, chunkFile, offset, "block %v: %v", x.point(i), err)
	}
	if raw.Era == ledger.Byron {
		raw.SizeHint = uint32(size)
	}
	h, err := n.ParseHeader(raw)
	if err != nil {
		return ledger.Header{}, f.damage(x.chunk, chunkFile, offset, "block %v: %v", x.point(i), err)
	}
	if got, want := h.Point(), x.point(i); got != want || raw.EBB != x.boundary(i) {
		return ledger.Header{}, f.damage(x.chunk, chunkFile, offset, "block %v is here, the index says %v", got, want)
	}
	if e := x.entry(i); int(e.headerSize) != len(raw.Bytes) || !bytes.HasPrefix(head[min(int(e.headerOffset), len(head)):], raw.Bytes) {
		return ledger.Header{}, f.damage(x.chunk, secondaryFile, int64(x.from+i)*entrySize, "the header of block %v is not at byte %d of the block", h.Point(), e.headerOffset)
	}
	if i > 0 {
		if prev := x.entry(i - 1).hash; !h.PrevHashIs(prev) {
			return ledger.Header{}, f.damage(x.chunk, chunkFile, offset, "block %v does not follow %v, the one before it", h.Point(), prev)
		}
	}
	return h, nil
}

// laterEra returns the error for block i if err says that it is of an era that
// is not known, else nil. That is no damage: another program wrote the block, and
// to repair the folder would be to remove it.
func (f folder) laterEra(x *index, i int, err error) error {
	if err == nil || !errors.As(err, new(*ledger.UnknownEraError)) { // the target of As allocates
		return nil
	}
	return fmt.Errorf("immutable: block %v in %s: %w", x.point(i), f.name(x.chunk, chunkFile), err)
}

// readAt fills p from a chunk file. It returns how much of it is filled.
func (f folder) readAt(file io.ReaderAt, x *index, p []byte, offset int64) (int, error) {
	n, err := file.ReadAt(p, offset)
	switch {
	case n == len(p):
		return n, nil
	case err == io.EOF:
		return n, f.damage(x.chunk, chunkFile, offset+int64(n), "the file ends inside a block")
	}
	return n, f.fileError(x.chunk, chunkFile, err)
}

// blockEnd finds where the block at offset ends, which the index of the last
// block of a chunk does not say. It returns 0 if the block is not complete
// before the end of the file, and an error if it never can be.
func (f folder) blockEnd(file io.ReaderAt, chunk uint64, offset, end int64) (int64, error) {
	for size := int64(1 << 16); ; size *= 4 {
		size = min(size, end-offset, maxBlock)
		b := make([]byte, size)
		if n, err := file.ReadAt(b, offset); n < len(b) {
			if err == io.EOF {
				return 0, nil
			}
			return 0, f.fileError(chunk, chunkFile, err)
		}
		r := cbor.NewReader(b)
		if r.Raw(); r.Err() == nil {
			return offset + int64(r.Pos()), nil
		}
		if !incomplete(r.Err()) {
			return 0, f.damage(chunk, chunkFile, offset, "not a block: %v", r.Err())
		}
		switch size {
		case end - offset:
			return 0, nil
		case maxBlock:
			return 0, f.damage(chunk, chunkFile, offset, "block of more than %d bytes", maxBlock)
		}
	}
}

func incomplete(err error) bool {
	var e *cbor.Error
	return errors.As(err, &e)
}
