package volatile

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// maxBlock is the largest block in bytes. A larger one could not have come over
// block-fetch. (points-headers-blocks, 10)
const maxBlock = 2_500_000

// firstRead is how many bytes are read at a time, until a block needs more.
const firstRead = 1 << 17

// scanner finds the blocks of a file. It keeps as many bytes as its largest block
// needs.
type scanner struct {
	file   io.ReaderAt
	end    int64 // of the file
	offset int64 // of the next block
	buf    []byte
	from   int64 // where buf[0] is in the file
}

// A badBlock ends a file: the reason why it is cut off there.
type badBlock struct{ reason string }

// Error is the reason.
func (e *badBlock) Error() string { return e.reason }

func bad(format string, args ...any) error { return &badBlock{fmt.Sprintf(format, args...)} }

// next returns the bytes of the next item, which are valid until the next call. It
// returns io.EOF at the end of the file, and a [*badBlock] if there is no item.
func (s *scanner) next() ([]byte, error) {
	if s.offset == s.end {
		return nil, io.EOF
	}
	for size := int64(firstRead); ; size *= 4 {
		size = min(size, s.end-s.offset, maxBlock)
		if err := s.fill(size); err != nil {
			return nil, err
		}
		b := s.buf[s.offset-s.from:]
		r := cbor.NewReader(b)
		item := r.Raw()
		var incomplete *cbor.Error
		switch {
		case r.Err() == nil:
			s.offset += int64(len(item))
			return item, nil
		case !errors.As(r.Err(), &incomplete):
			return nil, bad("not a block: %v", r.Err())
		case int64(len(b)) == s.end-s.offset:
			return nil, bad("not a whole block: %v", r.Err())
		case int64(len(b)) >= maxBlock:
			return nil, bad("a block of more than %d bytes", maxBlock)
		}
		size = max(size, int64(len(b)))
	}
}

// fill makes buf hold at least size bytes from offset on.
func (s *scanner) fill(size int64) error {
	have := s.buf[min(s.offset-s.from, int64(len(s.buf))):]
	if int64(len(have)) >= size {
		return nil
	}
	size = max(size, min(firstRead, s.end-s.offset))
	buf := s.buf[:0]
	if int64(cap(buf)) < size {
		buf = make([]byte, 0, size)
	}
	buf = append(buf, have...)
	n, err := s.file.ReadAt(buf[len(buf):size], s.offset+int64(len(have)))
	if len(have)+n < int(size) {
		if err == io.EOF {
			return bad("the file ends here") // since it was opened
		}
		return err
	}
	s.buf, s.from = buf[:size], s.offset
	return nil
}

// parse returns the block in an item, if it is one as it is to be in a file, else a
// [*badBlock], or a [*ledger.UnknownEraError].
func parse(n *ledger.Network, item []byte) (ledger.Block, error) {
	b, err := n.ParseBlock(item)
	if err == nil {
		if len(b.Raw) != len(item) { // see [ledger.Network.ParseBlock]
			return ledger.Block{}, bad("the array or tag around the block is longer than it need be")
		}
		err = b.CheckBody()
	}
	if err != nil && !errors.As(err, new(*ledger.UnknownEraError)) {
		err = &badBlock{err.Error()}
	}
	return b, err
}

// newEntry makes the entry of a block, but for its place.
func newEntry(b *ledger.Block) (entry, error) {
	r := cbor.NewReader(b.Raw)
	r.ArrayAny()
	r.Uint()
	r.ArrayAny()
	end := r.Pos() + len(b.Header.Raw.Bytes)
	switch {
	case r.Err() != nil:
		return entry{}, fmt.Errorf("volatile: block %v: %w", b.Header.Point(), r.Err())
	case len(b.Raw) > maxBlock || end > len(b.Raw):
		return entry{}, fmt.Errorf("volatile: block %v of %d bytes, its header of %d, has no place in the files",
			b.Header.Point(), len(b.Raw), len(b.Header.Raw.Bytes))
	}
	return entry{
		size: uint32(len(b.Raw)), header: uint32(end), crc: crc32.ChecksumIEEE(b.Raw), ebb: b.Header.Raw.EBB,
	}, nil
}
