package follow_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// specified are the events of docs/events.md.
func specified() []follow.EventRecord {
	a, b := ledger.Point{Slot: 7}, ledger.Point{Slot: 1 << 40}
	for i := range a.Hash {
		a.Hash[i], b.Hash[i] = 0xaa, 0xbb
	}
	records := []follow.EventRecord{
		{Kind: follow.KindRollForward, Tip: ledger.Tip{Point: a, BlockNo: 3}, Block: ledger.RawBlock{0x82, 7, 0x80}},
		{Kind: follow.KindRollForward, Tip: ledger.Tip{Point: b, BlockNo: 4}},
		{Kind: follow.KindRollBackward, Tip: ledger.Tip{Point: a}},
		{Kind: follow.KindRollBackward},
	}
	for i := range records[1:] {
		records[i+1].Previous = records[i].ID()
	}
	return records
}

// Encodings and ids are those of the page, byte by byte.
func TestEventsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, m := range regexp.MustCompile("(?m)^\\|.*\\| (?:id )?`([0-9a-f]+)` \\|$").FindAllSubmatch(page, -1) {
		values = append(values, string(m[1]))
	}
	var want []string
	for _, r := range specified() {
		want = append(want, hex.EncodeToString(r.AppendCBOR(nil)), r.ID().String())
	}
	if !slices.Equal(values, want) {
		t.Errorf("the page has\n%s\nwant\n%s", strings.Join(values, "\n"), strings.Join(want, "\n"))
	}
}

// forwards are events with the blocks of a chain.
func forwards(t *testing.T, n int) (events []follow.Event) {
	t.Helper()
	for _, b := range nodetest.NewChain().Grow(n).Blocks() {
		events = append(events, follow.RollForward{Block: b})
	}
	return events
}

func back(to follow.Event) follow.Event {
	h := to.(follow.RollForward).Block.Header
	return follow.RollBackward{To: h.Tip()}
}

// advance takes events one after the other.
func advance(t *testing.T, c follow.Cursor, events ...follow.Event) follow.Cursor {
	t.Helper()
	for _, ev := range events {
		next, err := c.After(ev)
		if err != nil {
			t.Fatal(err)
		}
		c = next
	}
	return c
}

// A history is the same with and without restarts, each of which confirms where
// it goes on; and another one if a block comes again after a rollback.
func TestCursorAfter(t *testing.T) {
	f := forwards(t, 6)
	start := follow.Event(follow.RollBackward{})
	whole := []follow.Event{f[0], f[1], f[2], back(f[1]), f[2], f[3]}
	end := advance(t, follow.Cursor{}, whole...)
	if last := back(f[3]).(follow.RollBackward).To.Point; end.Point != last {
		t.Errorf("at %v, want %v", end.Point, last)
	}
	for n := range len(whole) + 1 {
		c := advance(t, follow.Cursor{}, start)
		if c != (follow.Cursor{}) {
			t.Fatalf("a run that begins at the origin has an event: %v", c)
		}
		c = advance(t, c, whole[:n]...)
		saved, err := follow.ParseCursor(c.String())
		if err != nil || saved != c {
			t.Fatalf("%v is saved as %v, %v", c, saved, err)
		}
		saved = advance(t, saved, follow.RollBackward{To: ledger.Tip{Point: saved.Point}})
		if got := advance(t, saved, whole[n:]...); got != end {
			t.Errorf("stopped after %d events: %v, want %v", n, got, end)
		}
	}
	if same := advance(t, follow.Cursor{}, f[:4]...); same.ID == end.ID || same.Point != end.Point {
		t.Error("a history without the rollback is the same one")
	}
	// A history may begin anywhere.
	c := advance(t, follow.Cursor{}, back(f[2]), f[3])
	if c.ID == end.ID || c.Point != end.Point {
		t.Errorf("%v", c)
	}
}

func TestCursorGap(t *testing.T) {
	f := forwards(t, 6)
	at2 := advance(t, follow.Cursor{}, f[:2]...)
	for _, test := range []struct {
		name string
		c    follow.Cursor
		ev   follow.Event
	}{
		{"a block is missing", at2, f[3]},
		{"a block comes again", at2, f[1]},
		{"the start is missing", follow.Cursor{}, f[1]},
		{"a rollback forwards", at2, back(f[4])},
		{"a rollback forwards from the origin", advance(t, at2, follow.RollBackward{}), back(f[0])},
	} {
		got, err := test.c.After(test.ev)
		var gap *follow.GapError
		if !errors.As(err, &gap) || gap.Cursor != test.c || got != test.c || gap.Event == test.c.Point && test.name != "a block comes again" {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
	}
	if c, err := at2.After(back(f[0])); err != nil || c == at2 {
		t.Errorf("%v, %v", c, err)
	}
}

// What is written down of a history is what can be read of it, and each record
// knows the one before.
func TestCursorRecords(t *testing.T) {
	f := forwards(t, 5)
	events := []follow.Event{follow.RollBackward{}, f[0], f[1], f[2], back(f[0]), back(f[0]), f[1], follow.RollBackward{}, follow.RollBackward{}, f[0]}
	var stream [][]byte
	var cursors []follow.Cursor // after each record
	c := follow.Cursor{}
	for _, ev := range events {
		next := advance(t, c, ev)
		r, ok := c.Record(ev)
		if ok != (next != c) {
			t.Errorf("%T: written down: %t, %v, then %v", ev, ok, c, next)
		}
		if c = next; !ok {
			continue
		}
		if r.ID() != c.ID {
			t.Errorf("%v, want %v", r.ID(), c.ID)
		}
		stream, cursors = append(stream, r.AppendCBOR(nil)), append(cursors, c)
	}
	if len(stream) != 7 {
		t.Fatalf("%d records", len(stream))
	}
	take := func(c follow.Cursor, at ...int) (follow.Cursor, error) {
		for _, i := range at {
			r, err := follow.DecodeEventRecord(stream[i])
			if err != nil {
				t.Fatal(err)
			}
			if c, err = c.AfterRecord(r); err != nil {
				return c, err
			}
		}
		return c, nil
	}
	if c, err := take(follow.Cursor{}, 0, 1, 1, 2, 3, 3, 3, 4, 5, 6); err != nil || c != cursors[6] {
		t.Errorf("%v, %v, want %v", c, err, cursors[6])
	}
	// Records 0 and 6 are of one block, and records 1 and 4.
	for _, at := range [][]int{{1}, {0, 2}, {0, 1, 2, 4}, {0, 1, 2, 3, 1}, {0, 1, 2, 3, 4, 5, 0}, {0, 1, 0}} {
		got, err := take(follow.Cursor{}, at...)
		var gap *follow.GapError
		if !errors.As(err, &gap) || gap.Cursor != got || len(at) > 1 && got != cursors[at[len(at)-2]] {
			t.Errorf("records %v: %v, %v", at, got, err)
		}
	}
}

func TestParseCursor(t *testing.T) {
	zero := strings.Repeat("0", 64)
	if c, err := follow.ParseCursor(zero + "@origin"); err != nil || c != (follow.Cursor{}) {
		t.Error(c, err)
	}
	for _, s := range []string{"", "@", zero, zero + "@", zero + "@7", zero[1:] + "@origin", "@origin", zero + "@origin@origin", zero + "@7." + zero + "x"} {
		if c, err := follow.ParseCursor(s); err == nil {
			t.Errorf("%q is %v", s, c)
		}
	}
}

// A program that saves its cursor and its points, and is stopped again and again,
// also while the chain is switched, finds no gap.
func TestCursorAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(40)
		w.Serve("a", c)
		var saved follow.Cursor
		var blocks []ledger.Point // that the program has
		rollbacks, left := 0, false
		for run := range 12 {
			points := append(slices.Clone(blocks), ledger.Origin)
			ctx := t.Context()
			events := 0
			for ev, err := range follow.Follow(ctx, w.FollowConfig("a"), points...) {
				if err != nil {
					t.Fatal(err)
				}
				next, err := saved.After(ev)
				if err != nil {
					t.Fatalf("run %d: %v", run, err)
				}
				// It is an event if the chain has left the point meanwhile.
				if _, first := ev.(follow.RollBackward); events == 0 && (!first || (next != saved) != left) {
					t.Errorf("run %d begins with %+v, the chain has left %v: %t", run, ev, saved, left)
				}
				switch ev := ev.(type) {
				case follow.RollForward:
					blocks = append(blocks, ev.Block.Header.Point())
				case follow.RollBackward:
					if next != saved {
						rollbacks++
					}
					blocks = blocks[:slices.Index(blocks, ev.To.Point)+1]
				}
				saved = next
				if events++; events > 5 && saved.Point == c.Tip().Point || events == 25 {
					break
				}
			}
			if len(blocks) == 0 || saved.Point != blocks[len(blocks)-1] {
				t.Fatalf("run %d: at %v with %d blocks", run, saved, len(blocks))
			}
			left = run%4 > 0
			c.Switch(run%4, 8)
		}
		if rollbacks < 3 {
			t.Errorf("the test is too weak: %d rollbacks", rollbacks)
		}
	})
}
