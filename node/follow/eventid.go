package follow

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/ledger"
)

// EventKind numbers the kinds of events, in their ids and in their encoding. Kinds from
// 1 to 127 change the chain and have ids; those from 128 on leave it as it is and have
// none. A number never changes its meaning. (docs/events.md)
type EventKind uint8

// The kinds of events that change the chain.
const (
	KindRollForward  EventKind = 1
	KindRollBackward EventKind = 2
)

// ChangesChain reports whether an event of the kind changes the chain, also one
// that is not known here.
func (k EventKind) ChangesChain() bool { return k >= 1 && k <= 127 }

// EventID returns the id of an event that changes the chain, from the id of the
// one before it, zero for the first:
//
//	Blake2b-256(previous, kind as 1 byte, slot as 8 bytes big endian, hash)
//
// The point is where the chain ends after the event; that of the origin is zeros. So
// equal ids mean equal histories, on every node.
func EventID(previous ledger.Hash, kind EventKind, p ledger.Point) ledger.Hash {
	b := make([]byte, 0, len(previous)+1+8+len(p.Hash))
	b = append(append(b, previous[:]...), byte(kind))
	b = append(binary.BigEndian.AppendUint64(b, uint64(p.Slot)), p.Hash[:]...)
	return blake2b.Sum256(b)
}

// Cursor is the position of a program in the events of [Follow]. An indexer saves it in
// one transaction with the data of the last event. To go on from there, pass Point to
// Follow, with the points of some older blocks. The zero Cursor is before all events.
// Cursors are comparable.
type Cursor struct {
	ID    ledger.Hash  // of the last event that changed the chain
	Point ledger.Point // where the chain ends after it
}

// After returns the cursor after an event. It is c itself if the event leaves the
// chain as it is: so does the rollback to c.Point with which each run of Follow
// begins that goes on from there. The error is a [*GapError].
func (c Cursor) After(ev Event) (Cursor, error) {
	switch ev := ev.(type) {
	case RollForward:
		h := &ev.Block.Header
		if !h.PrevIs(c.Point) {
			return c, &GapError{c, h.Point(), h.Prev}
		}
		return c.to(KindRollForward, h.Point()), nil
	case RollBackward:
		p := ev.To.Point
		switch {
		case p == c.Point:
			return c, nil
		case p.Slot > c.Point.Slot && c != Cursor{}:
			return c, &GapError{Cursor: c, Event: p}
		}
		return c.to(KindRollBackward, p), nil
	}
	return c, nil
}

func (c Cursor) to(kind EventKind, p ledger.Point) Cursor {
	return Cursor{EventID(c.ID, kind, p), p}
}

// AfterRecord is After for an event that was written down. It is c itself also if c is
// after that event already: with at-least-once delivery a record may come again.
func (c Cursor) AfterRecord(r EventRecord) (Cursor, error) {
	if !r.Kind.ChangesChain() {
		return c, nil
	}
	id := r.ID()
	switch {
	case id == c.ID:
		return c, nil
	case r.Previous != c.ID:
		return c, &GapError{c, r.Tip.Point, r.Previous}
	}
	return Cursor{id, r.Tip.Point}, nil
}

// Record returns the record of an event that comes after c. It reports false if the
// event leaves the chain as it is: such an event has no record.
func (c Cursor) Record(ev Event) (EventRecord, bool) {
	switch ev := ev.(type) {
	case RollForward:
		return EventRecord{Previous: c.ID, Kind: KindRollForward, Tip: ev.Block.Header.Tip(), Block: ev.Block.Raw}, true
	case RollBackward:
		if ev.To.Point != c.Point {
			return EventRecord{Previous: c.ID, Kind: KindRollBackward, Tip: ev.To}, true
		}
	}
	return EventRecord{}, false
}

// GapError means that events are missing between a cursor and an event. Read the
// missing events again, from the cursor's point or an older one.
type GapError struct {
	Cursor Cursor
	Event  ledger.Point // where the chain ends after the event that does not follow

	// Follows identifies the event or block before this one: the id in a record, else
	// the hash of the block before. It is zero if not known.
	Follows ledger.Hash
}

// Error names the event, the one it follows if it says so, and the cursor.
func (e *GapError) Error() string {
	follows := ""
	if e.Follows != (ledger.Hash{}) {
		follows = fmt.Sprintf(", which follows %v,", e.Follows)
	}
	return fmt.Sprintf("follow: events are missing: %v%s does not come after %v", e.Event, follows, e.Cursor)
}

// String returns "ID@POINT", as it can be saved; [ParseCursor] reads it.
func (c Cursor) String() string { return c.ID.String() + "@" + c.Point.String() }

// ParseCursor reads "ID@SLOT.HASH" or "ID@origin".
func ParseCursor(s string) (Cursor, error) {
	id, point, ok := strings.Cut(s, "@")
	if !ok {
		return Cursor{}, fmt.Errorf("follow: %.200q is not a cursor: want ID@SLOT.HASH", s)
	}
	var c Cursor
	var err error
	if c.ID, err = ledger.ParseHash(id); err != nil {
		return Cursor{}, fmt.Errorf("follow: id of a cursor: %w", err)
	}
	if c.Point, err = ledger.ParsePoint(point); err != nil {
		return Cursor{}, fmt.Errorf("follow: point of a cursor: %w", err)
	}
	return c, nil
}
