package chain

import (
	"errors"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// The kinds of errors are part of the format of recordings.
func TestErrorKinds(t *testing.T) {
	for want, err := range []error{
		errors.New("another"), ErrNoIntersect, ErrRolledBackTooFar, ErrCrowdedOut, &LinkError{},
		&IntersectionError{}, &HeaderError{}, &UnavailableError{}, &RangeError{},
	} {
		if b := AppendEffects(nil, []Effect{Disconnect{4, err}}); b[5] != byte(want) {
			t.Errorf("%T: %x, want kind %d", err, b, want)
		}
	}
}

// asked returns a core whose only peer, 1, was asked for a range.
func asked(t *testing.T, hs []ledger.Header) (*Core, Fetch) {
	t.Helper()
	tip := hs[len(hs)-1].Tip()
	core, _ := connect(t, Config{K: 5, StallTimeout: time.Minute}, ledger.Origin, tip)
	for _, e := range core.Step(0, Headers{1, hs, tip}) {
		if f, ok := e.(Fetch); ok {
			return core, f
		}
	}
	t.Fatal("nothing fetched")
	return nil, Fetch{}
}

// A range that failed is no longer in flight, and is asked for again after a
// pause.
func TestFetchFailed(t *testing.T) {
	core, f := asked(t, line(3))
	core.Step(0, FetchFailed{1, f.Range})
	if st, _ := core.Peer(1); st.Ranges != 0 || st.InFlight != 0 {
		t.Errorf("%+v", st)
	}
	core.check(t)
	at, ok := core.Deadline()
	if !ok || at != pauseFailed {
		t.Fatalf("due at %v, %t", at, ok)
	}
	again := core.Step(at, Tick{})
	if len(again) != 1 || again[0].(Fetch).Range == f.Range {
		t.Errorf("%+v", again)
	}
}

// A peer that stalls is asked for nothing while another has the blocks, until one
// of its own comes.
func TestStalledIsPassedOver(t *testing.T) {
	hs := line(3)
	core, f := asked(t, hs)
	core.Step(0, PeerConnected{Peer: 2})
	core.Step(0, Intersected{Peer: 2, Tip: hs[2].Tip()})
	core.Step(0, Headers{2, hs, hs[2].Tip()})
	var to []PeerID
	for _, e := range core.Step(time.Minute, Tick{}) {
		if g, ok := e.(Fetch); ok {
			to = append(to, g.Peer)
		}
	}
	if len(to) != 1 || to[0] != 2 || !core.byID[1].stalled {
		t.Errorf("asked %v, stalled %t", to, core.byID[1].stalled)
	}
	core.Step(time.Minute, BlockFetched{1, f.Range, hs[0].Point(), 1000})
	if core.byID[1].stalled {
		t.Error("stalled after a block")
	}
}
