package chain

import (
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// twiceAsked is a planner whose first 60 blocks, more than maxTwice, were asked of peer
// 0 and then, although it was to send them, of peer 1. Peer 2 is idle.
func twiceAsked(t *testing.T) (pl *planner, out *effects, first, second *span) {
	t.Helper()
	pl, out = fleet(t, 3, 60)
	first = pl.ask(pl.peers[0], 0, 4<<20, nil)
	second = pl.ask(pl.peers[1], 0, 4<<20, pl.peers[0])
	if len(first.blocks) != 60 || len(second.blocks) != 60 || !second.extra || pl.twice <= maxTwice {
		t.Fatalf("%d and %d blocks, %d bytes twice", len(first.blocks), len(second.blocks), pl.twice)
	}
	*out = nil
	return pl, out, first, second
}

// When too much was asked for twice, what takes too long of it is given up before one
// more peer is asked.
func TestGiveUpTwice(t *testing.T) {
	pl, out, first, second := twiceAsked(t)
	b := second.blocks[0]
	if pl.giveUpTwice() || pl.hurryAt == 0 || pl.twice == 0 || len(*out) != 0 {
		t.Errorf("given up at once: %v, to look again at %v", *out, pl.hurryAt)
	}
	pl.now = time.Minute
	if !pl.race(0) {
		t.Error("no other peer is asked")
	}
	cancelled, asked := CancelFetch{1, second.id}, false
	for _, e := range *out {
		switch e := e.(type) {
		case CancelFetch:
			if e != cancelled {
				t.Errorf("%+v", e)
			}
			cancelled = CancelFetch{}
		case Fetch:
			asked = e.Peer == 2 && e.Headers[0] == b.h
		}
	}
	if cancelled != (CancelFetch{}) || !asked || b.span == nil || b.asked().id != 2 || first.cancelled {
		t.Errorf("%v", *out)
	}
	if pl.twice > maxTwice {
		t.Errorf("%d bytes are asked for twice", pl.twice)
	}
}

// When the range that is given up is the last one for a block, the block is planned anew.
func TestGiveUpTheBlockItself(t *testing.T) {
	pl, out, first, second := twiceAsked(t)
	b := second.blocks[0]
	pl.cancelSpan(pl.peers[0], first) // it refused, say
	pl.cursor = pl.path.Len()
	*out = nil
	pl.now = time.Minute
	if pl.race(0) || b.span != nil || pl.twice != 0 || pl.cursor != 0 {
		t.Errorf("%v, waited for %t, %d bytes twice, cursor at %d", *out, b.span != nil, pl.twice, pl.cursor)
	}
}

// A range whose blocks have all come stays until the peer ends it. It is not late, and
// there is nothing left of it to give up.
func TestGiveUpNothing(t *testing.T) {
	pl, out, _, second := twiceAsked(t)
	pl.now = time.Minute
	second.next = len(second.blocks)
	if pl.giveUpTwice() || len(*out) != 0 || second.cancelled {
		t.Errorf("%v of a range that is complete", *out)
	}
	pl.peers[1].spans = nil
	if pl.giveUpTwice() || len(*out) != 0 {
		t.Errorf("%v of a peer that was asked once", *out)
	}
}

// When nothing is on its way, not even from us, only one more block makes room.
func TestOneBlockMakesRoom(t *testing.T) {
	for _, test := range []struct {
		backlog, blocks int
	}{{0, 1}, {1, 0}} {
		pl, out := fleet(t, 2, 10)
		pl.cfg.MaxBytes = 100_000
		pl.backlog = test.backlog
		pl.run(0, 100_000)
		if _, blocks := out.fetches(t); blocks != test.blocks {
			t.Errorf("backlog %d: %d blocks asked for, want %d", test.backlog, blocks, test.blocks)
		}
	}
}

// A range in time makes up for one that was late, and no more than that.
func TestStrikesEnd(t *testing.T) {
	for _, test := range []struct {
		strikes int
		late    bool
		want    int
	}{{0, false, 0}, {1, false, 0}, {3, false, 2}, {3, true, 3}} {
		hs := line(1)
		core, _ := connect(t, Config{K: 5}, ledger.Origin, hs[0].Tip())
		effects := core.Step(0, Headers{1, hs, hs[0].Tip()})
		fetch, ok := effects[0].(Fetch)
		if !ok {
			t.Fatalf("%v", effects)
		}
		core.Step(time.Millisecond, BlockFetched{1, fetch.Range, hs[0].Point(), 1000})
		p := core.byID[1]
		if p.strikes = test.strikes; test.late {
			p.lateTill = time.Hour
		}
		core.Step(2*time.Millisecond, RangeDone{1, fetch.Range})
		if p.strikes != test.want || len(p.spans) != 0 {
			t.Errorf("%+v: %d strikes are left", test, p.strikes)
		}
	}
}

// Without a stall timeout, or with none that can be, the default holds.
func TestStallTimeout(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{
		0: DefaultStallTimeout, -1: DefaultStallTimeout, 1: 1, time.Hour: time.Hour,
	} {
		cfg := Config{K: 5, StallTimeout: given}
		if err := cfg.complete(); err != nil || cfg.StallTimeout != want {
			t.Errorf("%v: %v, %v", given, cfg.StallTimeout, err)
		}
	}
}
