package follow

import (
	"errors"
	"fmt"
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// EventRecord is an event as it is stored and sent on, in an encoding that lasts. Each
// names the one before it, so that a reader finds gaps. Make one with [Cursor.Record],
// and read one with [DecodeEventRecord] and [Cursor.AfterRecord]. (docs/events.md)
type EventRecord struct {
	Previous ledger.Hash // id of the last event that changed the chain; zero if there is none
	Kind     EventKind
	Tip      ledger.Tip      // where the chain ends after it; block number 0 also if that is not known
	Block    ledger.RawBlock // of a roll forward; nil if whoever wrote it left it out

	// Unknown is how many fields a later version wrote behind the known ones. They
	// were left out.
	Unknown int
}

// ErrEventFormat means that bytes are not the record of an event, or are damaged.
var ErrEventFormat = errors.New("follow: not the record of an event")

// ErrBlockLeftOut means that a record of a roll forward does not hold its block. Fetch
// it by its point.
var ErrBlockLeftOut = errors.New("follow: the record of the event has no block")

// UnknownEventError means that a record is of a kind that a later version added and
// that changes the chain. It is an [errors.ErrUnsupported]: the records after it cannot
// be applied without it.
type UnknownEventError struct{ Kind EventKind }

// Error gives the kind, and says that a later version can read it.
func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("follow: events of kind %d are not known here: a later version can read them", e.Kind)
}

// Is makes the error an [errors.ErrUnsupported].
func (*UnknownEventError) Is(target error) bool { return target == errors.ErrUnsupported }

// ID returns the id of the event; if the event leaves the chain as it is, that of the
// event before it.
func (r EventRecord) ID() ledger.Hash {
	if !r.Kind.ChangesChain() {
		return r.Previous
	}
	return EventID(r.Previous, r.Kind, r.Tip.Point)
}

// Event returns the event as [Follow] yields it, without the peer that it came from,
// which is not recorded. The header of a block is parsed and compared with Tip; its
// body is for [ledger.Block.CheckBody]. The block shares memory with r. Other errors
// than [ErrBlockLeftOut] and [*UnknownEventError] mean that the block is not one of the
// network, or not the one that Tip names.
func (r EventRecord) Event(n ledger.Network) (Event, error) {
	switch r.Kind {
	case KindRollForward:
		if r.Block == nil {
			return nil, ErrBlockLeftOut
		}
		b, err := n.ParseBlock(r.Block)
		switch {
		case err != nil:
			return nil, fmt.Errorf("follow: block of an event: %w", err)
		case b.Header.Tip() != r.Tip:
			return nil, fmt.Errorf("follow: block of an event: %v in place of %v", b.Header.Tip(), r.Tip)
		}
		return RollForward{Block: b}, nil
	case KindRollBackward:
		return RollBackward{To: r.Tip}, nil
	}
	return nil, &UnknownEventError{r.Kind}
}

// How many fields records have.
const (
	lenAnyRecord      = 2 // kind, previous
	lenRollBackRecord = 3 // and tip
	lenForwardRecord  = 4 // and block
)

// AppendCBOR appends the encoding of a roll forward or a roll backward; of another
// kind, that of its first two fields.
func (r EventRecord) AppendCBOR(dst []byte) []byte {
	n := lenAnyRecord
	switch r.Kind {
	case KindRollForward:
		n = lenForwardRecord
	case KindRollBackward:
		n = lenRollBackRecord
	}
	dst = cbor.AppendMessage(dst, n, uint64(r.Kind))
	dst = cbor.AppendBytes(dst, r.Previous[:])
	if n >= lenRollBackRecord {
		dst = r.Tip.AppendCBOR(dst)
	}
	switch {
	case n < lenForwardRecord:
		return dst
	case r.Block == nil:
		return cbor.AppendNull(dst)
	}
	return cbor.AppendBytes(dst, r.Block)
}

// DecodeEventRecord reads a record; b holds nothing else. Block is a part of b. Fields
// behind the known ones are left out and counted. A record of an unknown kind that
// leaves the chain as it is has only Kind and Previous, and can be skipped. The error
// is an [ErrEventFormat] or an [*UnknownEventError].
func DecodeEventRecord(b []byte) (EventRecord, error) {
	r := cbor.NewReader(b)
	n := r.Array()
	rec := EventRecord{Kind: EventKind(r.UintMax(math.MaxUint8))}
	copy(rec.Previous[:], r.BytesLen(len(rec.Previous)))
	known := lenAnyRecord
	switch {
	case rec.Kind == KindRollForward:
		known = lenForwardRecord
	case rec.Kind == KindRollBackward:
		known = lenRollBackRecord
	case rec.Kind == 0:
		r.Fail("kind of an event")
	}
	if n < known {
		r.Fail(fmt.Sprintf("event of kind %d with %d fields or more", rec.Kind, known))
	}
	if known >= lenRollBackRecord {
		rec.Tip = cbor.Read(&r, ledger.DecodeTip)
	}
	if rec.Kind == KindRollForward && rec.Tip.Point.IsOrigin() {
		r.Fail("point of a block before")
	}
	if known == lenForwardRecord && !r.Null() {
		rec.Block = r.Bytes()
	}
	for range n - known {
		r.Raw()
		rec.Unknown++
	}
	if err := r.Close(); err != nil {
		return EventRecord{}, fmt.Errorf("%w: %w", ErrEventFormat, err)
	}
	if known == lenAnyRecord && rec.Kind.ChangesChain() {
		return EventRecord{}, &UnknownEventError{rec.Kind}
	}
	return rec, nil
}
