package trace

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// Kind says what a [Record] is about.
type Kind uint8

// The kinds of records. Their values are part of the format.
const (
	Opened    Kind = 1 // a connection begins: Local, Remote
	Received  Kind = 2 // bytes that our side read: Data, at Number in their direction
	Sent      Kind = 3 // bytes that our side wrote: Data, at Number in their direction
	Ended     Kind = 4 // the connection has ended: Text says why
	CoreBegun Kind = 5 // a pure core begins: Text is its name
	Stepped   Kind = 6 // step Number of a core: the input in Data, the hash of its effects
	Truncated Kind = 7 // from here on nothing more of ID is recorded
	Finished  Kind = 8 // the recording was closed in order; Number is how many were truncated

	// Kinds up to 254 that are not above are those of a later version; all that
	// is known of such a record is its Time, ID and Number.

	// Damaged does not occur in files: [Reader] returns it in place of bytes
	// that are not as they were written. Number is how many it left out.
	Damaged Kind = 255
)

// Record is one entry of a recording.
type Record struct {
	Kind Kind
	Time time.Time
	ID   uint32 // of the connection or core, counted from 1 together

	// Number is the offset of Data among the bytes of its connection and
	// direction, or as the Kind says.
	Number uint64

	Data          []byte
	Local, Remote string // addresses
	Text          string
	Effects       Hash

	// Unknown is what a later version wrote and this one cannot read: all of a
	// record of an unknown Kind, or what is behind the known fields.
	Unknown []byte
}

// Known reports whether k is a kind that this version knows.
func (k Kind) Known() bool { return k >= Opened && k <= Finished || k == Damaged }

// Hash is the SHA-256 of the effects of a step, which a recording has in place of them.
type Hash [sha256.Size]byte

// Version is the version of the format that [Recorder] writes.
const Version = 1

const (
	magic    = "ouronet\n"
	fileHead = 8 + 4 + 8 // magic, version, time of the start

	// head of a record: sync, kind, zero, length of the body, checksum
	sync0, sync1 = 0xc5, 0x7e
	recordHead   = 2 + 1 + 1 + 4 + 4
	bodyHead     = 8 + 4 + 8 // time, id, number

	// maxData is the most that one record carries: longer runs of bytes are
	// divided.
	maxData = 1 << 20
	maxBody = bodyHead + sha256.Size + maxData

	// maxStep is the largest input of a core that a record carries. A chain core that
	// begins with 2,160 adopted headers of Conway has an input of 2.2 MB.
	maxStep     = 3 << 20
	maxStepBody = bodyHead + sha256.Size + maxStep

	maxText = 1024 // bytes of an address or a reason
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFileHead begins a file.
func appendFileHead(dst []byte, start time.Time) []byte {
	dst = append(dst, magic...)
	dst = binary.BigEndian.AppendUint32(dst, Version)
	return binary.BigEndian.AppendUint64(dst, uint64(start.UnixNano()))
}

// appendHead begins a record whose body after the numbers has n bytes. The
// checksum is left for seal.
func appendHead(dst []byte, kind Kind, at time.Duration, id uint32, number uint64, n int) []byte {
	dst = append(dst, sync0, sync1, byte(kind), 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(bodyHead+n))
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(at))
	dst = binary.BigEndian.AppendUint32(dst, id)
	return binary.BigEndian.AppendUint64(dst, number)
}

// checksum is over the kind, the length and the body.
func checksum(record []byte) uint32 {
	sum := crc32.Update(0, castagnoli, record[2:8])
	return crc32.Update(sum, castagnoli, record[recordHead:])
}

// seal puts checksums into whole records.
func seal(records []byte) {
	for len(records) > 0 {
		n := recordHead + int(binary.BigEndian.Uint32(records[4:]))
		binary.BigEndian.PutUint32(records[8:], checksum(records[:n]))
		records = records[n:]
	}
}

func clip(s string) string { return s[:min(len(s), maxText)] }

func appendText(dst []byte, s string) []byte {
	s = clip(s)
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

func cutText(b []byte) (s string, rest []byte, ok bool) {
	if len(b) < 2 {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if b = b[2:]; n > len(b) {
		return "", nil, false
	}
	return string(b[:n]), b[n:], true
}

var errBody = errors.New("trace: record of a wrong shape")

// parseBody decodes what follows the head of a record whose checksum is right.
// Data and Unknown are parts of body.
func parseBody(kind Kind, body []byte, start time.Time) (r Record, err error) {
	r = Record{
		Kind:   kind,
		Time:   start.Add(time.Duration(binary.BigEndian.Uint64(body))),
		ID:     binary.BigEndian.Uint32(body[8:]),
		Number: binary.BigEndian.Uint64(body[12:]),
	}
	rest := body[bodyHead:]
	ok := true
	switch kind {
	case Opened:
		if r.Local, rest, ok = cutText(rest); ok {
			r.Remote, rest, ok = cutText(rest)
		}
		r.Unknown = rest
	case Received, Sent:
		r.Data = rest
	case Ended, CoreBegun:
		r.Text = string(bytes.ToValidUTF8(rest, []byte("?")))
	case Stepped:
		if ok = len(rest) >= len(r.Effects); ok {
			r.Data = rest[copy(r.Effects[:], rest):]
		}
	case 0, Damaged: // no record has them
		ok = false
	default:
		r.Unknown = rest
	}
	if !ok {
		return Record{}, errBody
	}
	return r, nil
}
