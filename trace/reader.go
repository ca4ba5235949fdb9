package trace

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrFormat means that a file is neither a recording nor a capture, or is of a
// version that is not known here.
var ErrFormat = errors.New("trace: not a recording or capture that can be read")

// Source yields the records of a recording or of a capture, io.EOF at the end.
// Record.Data and Record.Unknown are valid until the next call.
type Source interface {
	// Next returns the next record. After an error there are no more.
	Next() (Record, error)
}

// Open recognizes the format by the first bytes and reads it: a recording, or a pcap or
// pcapng capture of TCP connections.
func Open(r io.Reader) (Source, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(8)
	switch {
	case err != nil && err != io.EOF:
		return nil, fmt.Errorf("trace: %w", err)
	case len(head) == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrFormat)
	case string(head) == magic:
		return NewReader(b)
	case isCapture(head):
		return newCapture(b)
	}
	return nil, fmt.Errorf("%w: it begins with %x", ErrFormat, head)
}

// Reader reads a recording. It leaves out damaged parts, and returns a record of kind
// [Damaged] for each.
type Reader struct {
	b     *bufio.Reader
	start time.Time
	used  int // bytes of the last record, still in b
}

// NewReader reads the beginning of a recording.
func NewReader(r io.Reader) (*Reader, error) {
	head := make([]byte, fileHead)
	if n, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("%w: %d bytes", ErrFormat, n)
	}
	if !bytes.HasPrefix(head, []byte(magic)) {
		return nil, fmt.Errorf("%w: it begins with %x", ErrFormat, head[:8])
	}
	if v := binary.BigEndian.Uint32(head[8:]); v != Version {
		return nil, fmt.Errorf("%w: version %d, known is %d", ErrFormat, v, Version)
	}
	start := time.Unix(0, int64(binary.BigEndian.Uint64(head[12:]))).UTC()
	return &Reader{b: bufio.NewReaderSize(r, recordHead+maxBody), start: start}, nil
}

// Start returns when the recording began.
func (r *Reader) Start() time.Time { return r.start }

// Next returns the next record, also one of a kind that is not known here. Its
// Data and Unknown are valid until the next call. At the end it returns io.EOF, or
// another error of the underlying reader.
func (r *Reader) Next() (Record, error) {
	r.b.Discard(r.used)
	r.used = 0
	skipped := uint64(0)
	for {
		rec, n, err := r.record()
		switch {
		case err == nil && skipped == 0:
			r.used = n
			return rec, nil
		case skipped > 0 && (err == nil || !errors.Is(err, errDamaged)):
			return Record{Kind: Damaged, Time: r.start, Number: skipped}, nil
		case !errors.Is(err, errDamaged):
			return Record{}, err
		}
		skipped += r.skip()
	}
}

var errDamaged = errors.New("trace: damaged")

// record parses what is next without taking it.
func (r *Reader) record() (Record, int, error) {
	head, err := r.b.Peek(recordHead)
	if len(head) == 0 {
		return Record{}, 0, err
	}
	if len(head) < recordHead || head[0] != sync0 || head[1] != sync1 {
		return Record{}, 0, errDamaged
	}
	length := binary.BigEndian.Uint32(head[4:])
	most := uint32(maxBody)
	if Kind(head[2]) == Stepped {
		most = maxStepBody
	}
	if length < bodyHead || length > most {
		return Record{}, 0, errDamaged
	}
	n := recordHead + int(length)
	if n > r.b.Size() { // which is rare
		r.b = bufio.NewReaderSize(r.b, recordHead+maxStepBody)
	}
	all, _ := r.b.Peek(n)
	if len(all) < n || checksum(all) != binary.BigEndian.Uint32(all[8:]) {
		return Record{}, 0, errDamaged
	}
	rec, err := parseBody(Kind(all[2]), all[recordHead:], r.start)
	if err != nil {
		return Record{}, 0, errDamaged
	}
	return rec, n, nil
}

// skip drops at least a byte and all up to what may be the next record.
func (r *Reader) skip() uint64 {
	n, _ := r.b.Discard(1)
	for {
		part, _ := r.b.Peek(max(2, r.b.Buffered()))
		if len(part) < 2 {
			m, _ := r.b.Discard(len(part))
			return uint64(n + m)
		}
		at := bytes.Index(part, []byte{sync0, sync1})
		if at >= 0 {
			m, _ := r.b.Discard(at)
			return uint64(n + m)
		}
		m, _ := r.b.Discard(len(part) - 1) // the last byte may begin it
		n += m
	}
}
