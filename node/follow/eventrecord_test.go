package follow_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

func TestEventRecordRoundTrip(t *testing.T) {
	for i, r := range specified() {
		b := r.AppendCBOR([]byte("before"))
		got, err := follow.DecodeEventRecord(b[len("before"):])
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("record %d: %+v, %v, want %+v", i, got, err, r)
		}
	}
}

// Events come back as they were, and not with another block.
func TestEventRecordEvents(t *testing.T) {
	f := forwards(t, 3)
	for _, ev := range []follow.Event{f[0], f[2], back(f[1]), follow.RollBackward{}} {
		r, ok := follow.Cursor{Point: ledger.Point{Slot: 1}}.Record(ev)
		if !ok {
			t.Fatalf("%T is not written down", ev)
		}
		r, err := follow.DecodeEventRecord(r.AppendCBOR(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Event(nodetest.Network()); err != nil || !reflect.DeepEqual(got, ev) {
			t.Errorf("%+v, %v, want %+v", got, err, ev)
		}
	}

	// From whom a block came is not written down.
	from := f[0].(follow.RollForward)
	from.From = "relay:3001"
	r, _ := follow.Cursor{}.Record(from)
	if got, err := r.Event(nodetest.Network()); err != nil || !reflect.DeepEqual(got, f[0]) {
		t.Errorf("%+v, %v", got, err)
	}

	without := r
	without.Block = nil
	if _, err := without.Event(nodetest.Network()); !errors.Is(err, follow.ErrBlockLeftOut) {
		t.Errorf("without its block: %v", err)
	}
	other := r
	other.Block = f[1].(follow.RollForward).Block.Raw
	damaged := r
	damaged.Block = damaged.Block[:20]
	number := r
	number.Tip.BlockNo++
	for name, r := range map[string]follow.EventRecord{"another block": other, "a part of it": damaged, "another number": number} {
		if ev, err := r.Event(nodetest.Network()); err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
	}
}

// longer returns an array with items added behind its own.
func longer(tb testing.TB, array []byte, items ...[]byte) []byte {
	r := cbor.NewReader(array)
	n := r.Array()
	if r.Err() != nil {
		tb.Fatal(r.Err())
	}
	return slices.Concat(cbor.AppendArray(nil, n+len(items)), r.Rest(), slices.Concat(items...))
}

// other returns a record with another kind.
func other(record []byte, kind ...byte) []byte {
	return slices.Concat(record[:1], kind, record[2:])
}

// What a later version adds is left out, but an event that changes the chain.
func TestLaterEventRecords(t *testing.T) {
	all := specified()
	for i, r := range all {
		got, err := follow.DecodeEventRecord(longer(t, r.AppendCBOR(nil), []byte{0x80}, []byte{0x9f, 1, 0xff}))
		if r.Unknown = 2; err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("record %d: %+v, %v, want %+v", i, got, err, r)
		}
	}
	b := all[1].AppendCBOR(nil)
	previous := all[1].Previous
	c := follow.Cursor{ID: previous, Point: all[0].Tip.Point}
	for _, kind := range [][]byte{{0x18, 128}, {0x18, 255}} {
		r, err := follow.DecodeEventRecord(other(b, kind...))
		if err != nil || r.Kind != follow.EventKind(kind[1]) || r.Kind.ChangesChain() || r.Previous != previous || r.Unknown != 2 {
			t.Errorf("kind %d: %+v, %v", kind[1], r, err)
		}
		if next, err := c.AfterRecord(r); err != nil || next != c || r.ID() != previous {
			t.Errorf("kind %d: %v, %v", kind[1], next, err)
		}
		if ev, err := r.Event(nodetest.Network()); ev != nil || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("kind %d: %v, %v", kind[1], ev, err)
		}
	}
	for _, kind := range [][]byte{{3}, {0x18, 127}} {
		var unknown *follow.UnknownEventError
		r, err := follow.DecodeEventRecord(other(b, kind...))
		if !errors.As(err, &unknown) || !errors.Is(err, errors.ErrUnsupported) || unknown.Kind != follow.EventKind(kind[len(kind)-1]) || !unknown.Kind.ChangesChain() {
			t.Errorf("kind %d: %+v, %v", kind, r, err)
		}
	}
}

func TestDamagedEventRecords(t *testing.T) {
	all := specified()
	forward, backward := all[0].AppendCBOR(nil), all[2].AppendCBOR(nil)
	origin := follow.EventRecord{Kind: follow.KindRollForward}
	for name, b := range map[string][]byte{
		"nothing":                    nil,
		"kind 0":                     other(forward, 0),
		"kind 256":                   other(forward, 0x19, 1, 0),
		"negative kind":              other(forward, 0x20),
		"a block at the origin":      origin.AppendCBOR(nil),
		"a forward without a block":  slices.Concat([]byte{0x83}, forward[1:len(forward)-4]),
		"a block that is not bytes":  slices.Concat(forward[:len(forward)-4], []byte{0x80}),
		"a block that is cut off":    forward[:len(forward)-1],
		"a byte behind":              append(bytes.Clone(backward), 0),
		"a field not counted":        slices.Concat([]byte{0x82}, backward[1:]),
		"a field that is not there":  slices.Concat([]byte{0x84}, backward[1:]),
		"another kind, one field":    {0x81, 0x18, 200},
		"another kind, no id":        {0x82, 0x18, 200, 0xf6},
		"an id of 31 bytes":          slices.Concat(backward[:3], []byte{31}, backward[5:]),
		"an array without a length":  slices.Concat([]byte{0x9f}, backward[1:], []byte{0xff}),
		"a message of a later layer": {0x83, 1, 2, 3},
	} {
		if r, err := follow.DecodeEventRecord(b); !errors.Is(err, follow.ErrEventFormat) || errors.Is(err, errors.ErrUnsupported) || !reflect.DeepEqual(r, follow.EventRecord{}) {
			t.Errorf("%s: %x: %+v, %v", name, b, r, err)
		}
	}
}

// FuzzDecodeEventRecord: what can be read is what is written, with and without
// another field behind it; all else is refused in one of two ways. What is in a
// record cannot break an event.
func FuzzDecodeEventRecord(f *testing.F) {
	for _, r := range specified() {
		b := r.AppendCBOR(nil)
		f.Add(b, []byte{0xf6})
		f.Add(other(b, 0x18, 200), []byte{0x42, 1})
	}
	for _, b := range nodetest.NewChain().Grow(2).Blocks() {
		r, _ := follow.Cursor{}.Record(follow.RollForward{Block: b})
		f.Add(r.AppendCBOR(nil), []byte{0x9f, 0xff})
	}
	n := nodetest.Network()
	f.Fuzz(func(t *testing.T, b, field []byte) {
		fuzz.Bound(t, 1<<20+20*(len(b)+len(field)), func() {
			r, err := follow.DecodeEventRecord(b)
			if err != nil {
				if errors.Is(err, follow.ErrEventFormat) == errors.Is(err, errors.ErrUnsupported) {
					t.Fatalf("%x: %v", b, err)
				}
				return
			}
			whole := cbor.NewReader(field)
			whole.Raw()
			later, err := follow.DecodeEventRecord(longer(t, b, field))
			if fits := whole.Close() == nil; fits != (err == nil) {
				t.Fatalf("%x with %x: %v", b, field, err)
			} else if fits {
				if later.Unknown--; !reflect.DeepEqual(later, r) {
					t.Fatalf("%x is %+v, with %x %+v", b, r, field, later)
				}
			}
			if r.Unknown = 0; r.Kind > follow.KindRollBackward {
				return // only a later version can write it
			}
			again, err := follow.DecodeEventRecord(r.AppendCBOR(nil))
			if err != nil || !reflect.DeepEqual(again, r) {
				t.Fatalf("%x is %+v, and then %+v, %v", b, r, again, err)
			}
			next, err := follow.Cursor{ID: r.Previous}.AfterRecord(r)
			if err != nil || next != (follow.Cursor{ID: r.ID(), Point: r.Tip.Point}) {
				t.Fatalf("%x: %v, %v", b, next, err)
			}
			switch ev, err := r.Event(n); ev := ev.(type) {
			case nil:
				if err == nil || r.Kind == follow.KindRollBackward {
					t.Fatalf("%x: no event, %v", b, err)
				}
			case follow.RollForward:
				if ev.Block.Header.Tip() != r.Tip {
					t.Fatalf("%x: a block %v in place of %v", b, ev.Block.Header.Tip(), r.Tip)
				}
			case follow.RollBackward:
				if ev.To != r.Tip {
					t.Fatalf("%x: back to %v, want %v", b, ev.To, r.Tip)
				}
			}
		})
	})
}
