package praos

import (
	"bytes"
	"encoding"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

var (
	_ encoding.BinaryAppender    = State{}
	_ encoding.BinaryMarshaler   = State{}
	_ encoding.BinaryUnmarshaler = (*State)(nil)
)

func someState() State {
	s := Origin(ledger.Preview)
	s.Tip = ledger.Tip{Point: ledger.Point{Slot: 5, Hash: ledger.Hash{6}}, BlockNo: 7}
	s.Epoch, s.EBB, s.AllCounters = 8, true, false
	s.Nonces.Lab = NonceOf(ledger.Hash{})
	s.Counters = s.Counters.With(PoolID{1}, 2).With(PoolID{3}, 1<<63)
	return s
}

func TestStateEncoding(t *testing.T) {
	for _, s := range []State{{}, Origin(ledger.Mainnet), someState()} {
		b, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var got State
		if err := got.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		again, err := got.MarshalBinary()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("state %x is %x after a round trip, %v", b, again, err)
		}
		if got.Tip != s.Tip || got.EBB != s.EBB || got.Epoch != s.Epoch || got.Nonces != s.Nonces || got.Known != s.Known || got.AllCounters != s.AllCounters {
			t.Errorf("state %+v is %+v after a round trip", s, got)
		}
		for i := range b {
			if err := new(State).UnmarshalBinary(b[:i]); err == nil {
				t.Errorf("%d bytes of %d are a state", i, len(b))
			}
		}
		if err := new(State).UnmarshalBinary(append(b, 0)); err == nil {
			t.Error("a state with a byte after it is one")
		}
		if b[0]++; new(State).UnmarshalBinary(b) == nil {
			t.Error("a state of a later version is one")
		}
	}
	s := someState()
	s.Counters = otherCounters{}
	if _, err := s.MarshalBinary(); err == nil {
		t.Error("encoded counters that it does not know")
	}
}

type otherCounters struct{ Counters }

func FuzzUnmarshalState(f *testing.F) {
	for _, s := range []State{{}, Origin(ledger.Mainnet), someState()} {
		b, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		if err := s.UnmarshalBinary(b); err != nil {
			return
		}
		if again, err := s.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is encoded as %x, %v", b, again, err)
		}
	})
}
