package chain

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// Input is what a core is given: a Config that begins a new one, or an event
// and its time.
type Input struct {
	Config *Config // nil for an event; Prefer is nil
	Now    time.Duration
	Event  Event // nil for a Config, and where Unknown says that its kind is not known

	// Unknown, if not nil, is what a later version wrote and this one left out:
	// the fields behind the known ones, or all of the event but its time.
	Unknown *UnknownInputError
}

// UnknownInputError says what of a recorded input is not known here, as a later
// version of the package wrote it. It is an [errors.ErrUnsupported].
type UnknownInputError struct {
	Kind   uint64 // of the input
	Fields int    // behind the known ones; 0: the kind is not known
}

// Error gives the kind and, where only those are unknown, the number of fields.
func (e *UnknownInputError) Error() string {
	if e.Fields == 0 {
		return fmt.Sprintf("chain: inputs of kind %d are not known here: a later version wrote it", e.Kind)
	}
	return fmt.Sprintf("chain: an input of kind %d has %d fields that are not known here: a later version wrote it", e.Kind, e.Fields)
}

// Is makes the error an [errors.ErrUnsupported].
func (*UnknownInputError) Is(target error) bool { return target == errors.ErrUnsupported }

// InputError says why bytes are no input of a core: they are damaged, or are the
// input of something else.
type InputError struct {
	Err error // what was expected at which byte
}

// Error says which part of the encoding is wrong.
func (e *InputError) Error() string { return fmt.Sprintf("chain: not an input of a core: %v", e.Err) }

// Unwrap returns Err.
func (e *InputError) Unwrap() error { return e.Err }

// ParseInput reads what [AppendConfig] or [AppendEvent] of any version wrote. Any
// bytes are safe to give to it, and what it returns is safe to give to [New] and
// [Core.Step]; b is not kept. What a later version has added is left out, and
// Input.Unknown names it. The error is an [*InputError].
func ParseInput(b []byte) (Input, error) {
	r := inputReader{Reader: cbor.NewReader(b)}
	n := r.Array()
	kind := r.Uint()
	var in Input
	if kind == kindConfig {
		cfg := r.config(n - 1)
		in.Config = &cfg
	} else {
		in.Now = time.Duration(r.UintMax(math.MaxInt64))
		in.Event = r.event(kind, n-2)
	}
	if err := r.Close(); err != nil {
		return Input{}, &InputError{err}
	}
	switch {
	case in.Config == nil && in.Event == nil:
		in.Unknown = &UnknownInputError{Kind: kind}
	case r.unknown > 0:
		in.Unknown = &UnknownInputError{kind, r.unknown}
	}
	return in, nil
}

// inputReader reads inputs whose arrays may be longer than is known here.
type inputReader struct {
	cbor.Reader
	unknown int // fields that were left out
}

// rest leaves out the fields behind the known ones.
func (r *inputReader) rest(n int) {
	for ; n > 0 && r.Err() == nil; n-- {
		r.Raw()
		r.unknown++
	}
}

// config reads a Config of n fields. A field that is added behind these is read
// if n says that it is there, and is else what it stood for before it was added.
func (r *inputReader) config(n int) (cfg Config) {
	const known = lenConfig - 1
	if n < known {
		r.Fail(fmt.Sprintf("Config with %d fields or more", known))
		return cfg
	}
	cfg.K = r.int()
	cfg.Anchor = r.tip()
	cfg.Adopted = r.headers()
	cfg.Points = r.points()
	for _, field := range [...]*int{
		&cfg.MaxLead, &cfg.MaxSideHeaders, &cfg.MaxBytes, &cfg.MaxRangeBlocks,
		&cfg.MaxRanges, &cfg.FetchPeers, &cfg.MaxRefusals,
	} {
		*field = r.int()
	}
	cfg.MaxGap = ledger.Slot(r.Uint())
	cfg.StallTimeout = time.Duration(r.UintMax(math.MaxInt64))
	cfg.Salt = r.Uint()
	if n -= known; n > 0 {
		cfg.Judge = r.Bool()
		n--
	}
	r.rest(n)
	return cfg
}

// event reads the n fields of an event behind its time; it returns nil if the
// kind is not known.
func (r *inputReader) event(kind uint64, n int) (ev Event) {
	known := 0
	fields := func(want int) {
		if known = want; n < want {
			r.Fail(fmt.Sprintf("event of kind %d with %d fields or more", kind, want))
		}
	}
	peer := func(more int) PeerID {
		fields(1 + more)
		return PeerID(r.Uint())
	}
	switch kind {
	case kindPeerConnected:
		connected := PeerConnected{Peer: peer(1), MaxInFlight: r.int()}
		if n > known { // recordings before it was added lack it
			connected.Address = r.Uint()
			known++
		}
		ev = connected
	case kindPeerGone:
		ev = PeerGone{peer(0)}
	case kindIntersected:
		ev = Intersected{peer(2), r.point(), r.tip()}
	case kindNoIntersection:
		ev = NoIntersection{peer(1), r.tip()}
	case kindHeaders:
		ev = Headers{peer(2), r.headers(), r.tip()}
	case kindRolledBack:
		ev = RolledBack{peer(2), r.point(), r.tip()}
	case kindBadHeader:
		ev = BadHeader{peer(2), r.point(), r.reason()}
	case kindBlockFetched:
		ev = BlockFetched{peer(3), RangeID(r.Uint()), r.point(), r.int()}
	case kindRangeDone:
		ev = RangeDone{peer(1), RangeID(r.Uint())}
	case kindNoBlocks:
		ev = NoBlocks{peer(1), RangeID(r.Uint())}
	case kindFetchFailed:
		ev = FetchFailed{peer(1), RangeID(r.Uint())}
	case kindConsumed:
		fields(1)
		ev = Consumed{r.int()}
	case kindJudged:
		fields(4)
		ev = Judged{r.point(), Verdict(r.UintMax(uint64(Impossible))), time.Duration(r.UintMax(math.MaxInt64)), r.reason()}
	case kindTick:
		fields(0)
		ev = Tick{}
	default:
		fields(0)
	}
	r.rest(n - known)
	return ev
}

func (r *inputReader) int() int              { return int(r.UintMax(math.MaxInt)) }
func (r *inputReader) point() ledger.Point   { return cbor.Read(&r.Reader, ledger.DecodePoint) }
func (r *inputReader) tip() ledger.Tip       { return cbor.Read(&r.Reader, ledger.DecodeTip) }
func (r *inputReader) hash() (h ledger.Hash) { copy(h[:], r.BytesLen(len(h))); return h }
func (r *inputReader) uint32() uint32        { return uint32(r.UintMax(math.MaxUint32)) }

func (r *inputReader) points() (points []ledger.Point) {
	for n := r.Array(); r.More(&n); {
		points = append(points, r.point())
	}
	return points
}

func (r *inputReader) headers() (headers []ledger.Header) {
	for n := r.Array(); r.More(&n); {
		headers = append(headers, r.header())
	}
	return headers
}

func (r *inputReader) header() (h ledger.Header) {
	n := r.Array()
	if n < lenHeader {
		r.Fail(fmt.Sprintf("header with %d fields or more", lenHeader))
		return h
	}
	h.Raw.Era = ledger.Era(r.UintMax(math.MaxUint8))
	h.Raw.EBB = r.Bool()
	h.Raw.SizeHint = r.uint32()
	h.Raw.Bytes = bytes.Clone(r.Bytes())
	h.Hash = r.hash()
	h.Slot = ledger.Slot(r.Uint())
	h.BlockNo = ledger.BlockNo(r.Uint())
	if !r.Null() {
		h.Prev, h.HasPrev = r.hash(), true
	}
	h.BodyHash = r.hash()
	h.BodySize = r.uint32()
	r.rest(n - lenHeader)
	return h
}

func (r *inputReader) reason() error {
	if r.Null() {
		return nil
	}
	return errors.New(r.Text())
}
