package praos

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
)

// base returns a verifier that knows all, and a state some headers into an
// epoch of an era.
func base(t *testing.T, era ledger.Era) (*Verifier, State) {
	t.Helper()
	n := forgeNetwork()
	pool := PoolIDOf(newKey(0))
	v := verifier(t, Config{
		Network: n,
		Require: Envelope | Certificate | KES | VRF | Bound | Leadership,

		MaxHeaderSize: 2000, // some are made in a longer encoding

		Checkpoints: map[ledger.BlockNo]ledger.Hash{99: {1}},
		Stake: oneDistribution{
			Overlay: ledger.Ratio{Num: 0, Den: 1},
			Pools:   map[PoolID]Pool{pool: {Stake: ledger.Ratio{Num: 1, Den: 1}, VRFKey: sum(forge.NewVRFKey([32]byte{1}).Public())}},
		},
	})
	s := Origin(n)
	start := n.Eras[era].Start
	if start > 0 {
		// What the chain was up to the era does not matter.
		s.Tip = ledger.Tip{Point: ledger.Point{Slot: start - 1, Hash: ledger.Hash{7}}, BlockNo: 50}
		s.Epoch = n.Epoch(start) - 1
	}
	for range 3 {
		f := newForged(v, s, s.Tip.Point.Slot+1)
		h, err := f.header(n)
		if err != nil {
			t.Fatal(err)
		}
		if s, _, err = v.Verify(s, h); err != nil {
			t.Fatal(err)
		}
	}
	return v, s
}

// breakages are one change each to a header that is right, and the error that
// it must give.
var breakages = []struct {
	name   string
	eras   []ledger.Era // nil: TPraos and all of Praos
	change func(v *Verifier, s *State, f *forged)
	want   error
	check  Checks
}{
	{"nothing", nil, func(*Verifier, *State, *forged) {}, nil, 0},
	{"number too high", nil, func(_ *Verifier, _ *State, f *forged) { f.blockNo++ }, ErrBlockNo, Envelope},
	{"number too low", nil, func(_ *Verifier, _ *State, f *forged) { f.blockNo-- }, ErrBlockNo, Envelope},
	{"slot of the parent", nil, func(_ *Verifier, s *State, f *forged) { f.slot = s.Tip.Point.Slot }, ErrSlot, Envelope},
	{"another parent", nil, func(_ *Verifier, _ *State, f *forged) { f.prev[0]++ }, ErrPrevHash, Envelope},
	{"no parent", nil, func(_ *Verifier, _ *State, f *forged) { f.hasPrev = false }, ErrPrevHash, Envelope},
	{"another era", []ledger.Era{ledger.Babbage}, func(_ *Verifier, _ *State, f *forged) { f.era = ledger.Conway }, ErrEra, Envelope},
	{"an era before", []ledger.Era{ledger.Conway}, func(_ *Verifier, _ *State, f *forged) { f.era = ledger.Babbage }, ErrEra, Envelope},
	{"body too large", nil, func(_ *Verifier, _ *State, f *forged) { f.bodySize = 90113 }, ErrSize, Envelope},
	{"protocol version", []ledger.Era{ledger.Alonzo}, func(_ *Verifier, _ *State, f *forged) { f.major = 12 }, ErrVersion, Envelope},
	{"protocol version in Praos", []ledger.Era{ledger.Babbage, ledger.Conway, ledger.Dijkstra}, func(_ *Verifier, _ *State, f *forged) { f.major = 12 }, nil, 0},
	{"checkpoint", nil, func(_ *Verifier, s *State, f *forged) { s.Tip.BlockNo, f.blockNo = 98, 99 }, ErrCheckpoint, Envelope},

	{"certificate of another key", nil, func(_ *Verifier, _ *State, f *forged) { f.cold = key(5) }, ErrCertificate, Certificate},
	{"certificate for another hot key", nil, func(_ *Verifier, _ *State, f *forged) { f.cert.HotKey = forge.NewKESKey([32]byte{3}).Public() }, ErrCertificate, Certificate},
	{"certificate with another period", nil, func(_ *Verifier, s *State, f *forged) {
		if f.cert.KESPeriod++; f.evolution > 0 {
			f.evolution--
		} else {
			f.slot += 50
		}
	}, ErrCertificate, Certificate},
	{"certificate signature", nil, func(_ *Verifier, _ *State, f *forged) {
		f.cert.Signature = bytes.Clone(f.cert.Signature)
		f.cert.Signature[40] ^= 1
	}, ErrCertificate, Certificate},
	{"counter back", nil, func(v *Verifier, s *State, f *forged) { s.Counters = s.Counters.With(PoolIDOf(f.cold[32:]), 1) }, ErrCounterLow, Certificate},
	{"counter two ahead", []ledger.Era{ledger.Babbage, ledger.Conway, ledger.Dijkstra}, func(_ *Verifier, _ *State, f *forged) { f.recertify(2) }, ErrCounterHigh, Certificate},
	{"counter two ahead in TPraos", []ledger.Era{ledger.Alonzo}, func(_ *Verifier, _ *State, f *forged) { f.recertify(2) }, nil, 0},
	{"counter one ahead", nil, func(_ *Verifier, _ *State, f *forged) { f.recertify(1) }, nil, 0},
	{"first counter above 1", []ledger.Era{ledger.Babbage, ledger.Conway, ledger.Dijkstra}, func(_ *Verifier, s *State, f *forged) {
		s.Counters = CounterMap{}
		f.recertify(2)
	}, ErrCounterHigh, Certificate},
	{"first counter that we know", nil, func(_ *Verifier, s *State, f *forged) {
		s.Counters, s.AllCounters = nil, false
		f.recertify(20)
	}, nil, 0},

	{"certificate from a later period", nil, func(_ *Verifier, _ *State, f *forged) {
		f.cert = forge.Certify(f.cold, f.hot.Public(), 0, f.cert.KESPeriod+f.evolution+1)
	}, ErrKESEarly, KES},
	{"certificate too old", nil, func(_ *Verifier, _ *State, f *forged) { f.slot += 50 * 10 }, ErrKESLate, KES},
	{"evolution", nil, func(_ *Verifier, _ *State, f *forged) { f.evolution++ }, ErrKESSignature, KES},
	{"another hot key", nil, func(_ *Verifier, _ *State, f *forged) { f.hot = forge.NewKESKey([32]byte{3}) }, ErrKESSignature, KES},

	{"not a VRF key", nil, func(_ *Verifier, _ *State, f *forged) { f.vrfKey = make([]byte, 32) }, ErrVRFKey, VRF},
	{"another VRF key", nil, func(_ *Verifier, _ *State, f *forged) { f.vrfKey = forge.NewVRFKey([32]byte{8}).Public() }, ErrVRFProof, VRF},
	{"proof for another slot", nil, func(_ *Verifier, _ *State, f *forged) { f.slot++ }, ErrVRFProof, VRF},
	{"leader proof", nil, func(_ *Verifier, _ *State, f *forged) { f.leader.proof[40]++ }, ErrVRFProof, VRF},
	{"nonce proof", []ledger.Era{ledger.Alonzo}, func(_ *Verifier, _ *State, f *forged) { f.nonceVRF.proof[40]++ }, ErrVRFProof, VRF},
	{"leader proof as nonce proof", []ledger.Era{ledger.Alonzo}, func(_ *Verifier, _ *State, f *forged) { f.nonceVRF = f.leader }, ErrVRFProof, VRF},
	{"leader output", nil, func(_ *Verifier, _ *State, f *forged) { f.leader.output[40]++ }, ErrVRFOutput, VRF},
	{"nonce output", []ledger.Era{ledger.Alonzo}, func(_ *Verifier, _ *State, f *forged) { f.nonceVRF.output[40]++ }, ErrVRFOutput, VRF},
	{"epoch nonce", nil, func(_ *Verifier, s *State, _ *forged) { s.Nonces.Active.Hash[0]++ }, ErrVRFProof, VRF},

	{"luck of all stake", []ledger.Era{ledger.Babbage, ledger.Conway, ledger.Dijkstra}, func(v *Verifier, s *State, f *forged) { f.unlucky(v, s) }, ErrVRFBound, Bound},
	{"luck in TPraos", []ledger.Era{ledger.Alonzo}, func(v *Verifier, s *State, f *forged) { f.unlucky(v, s) }, ErrLeader, Leadership},
	{"little stake", nil, func(v *Verifier, _ *State, f *forged) {
		v.config.Stake = oneDistribution{Overlay: ledger.Ratio{Num: 0, Den: 1}, Pools: map[PoolID]Pool{
			PoolIDOf(f.cold[32:]): {Stake: ledger.Ratio{Num: 1, Den: 1 << 40}, VRFKey: sum(f.vrfKey)},
		}}
	}, ErrLeader, Leadership},
	{"no stake", nil, func(v *Verifier, _ *State, _ *forged) {
		v.config.Stake = oneDistribution{Overlay: ledger.Ratio{Num: 0, Den: 1}}
	}, ErrUnknownPool, Leadership},
	{"registered key", nil, func(v *Verifier, s *State, f *forged) {
		f.vrf = forge.NewVRFKey([32]byte{8})
		f.vrfKey = f.vrf.Public()
		for f.slot = s.Tip.Point.Slot + 1; ; f.slot++ {
			if f.slot-s.Tip.Point.Slot > maxSearch {
				panic("nobody leads")
			}
			if f.prove(s.Nonces.Active); tpraos(f.era) || v.threshold.leads(leaderValue(f), ledger.Ratio{Num: 1, Den: 1}) {
				return
			}
		}
	}, ErrRegisteredKey, Leadership},
	{"overlay slot of another", []ledger.Era{ledger.Alonzo}, func(v *Verifier, _ *State, f *forged) {
		f.unprove(v, func(slot uint64) bool { return slot%2 == 0 })
		v.config.Stake = oneDistribution{Overlay: ledger.Ratio{Num: 1, Den: 1}, Delegates: []Delegate{{Key: PoolID{1}}}}
	}, ErrOverlay, Leadership},
	{"overlay slot of nobody", []ledger.Era{ledger.Alonzo}, func(v *Verifier, _ *State, f *forged) {
		f.unprove(v, func(slot uint64) bool { return slot%2 == 1 })
		v.config.Stake = oneDistribution{Overlay: ledger.Ratio{Num: 1, Den: 1}, Delegates: []Delegate{{Key: PoolID{1}}}}
	}, ErrOverlay, Leadership},
	{"overlay key", []ledger.Era{ledger.Alonzo}, func(v *Verifier, _ *State, f *forged) {
		f.unprove(v, func(slot uint64) bool { return slot%2 == 0 })
		v.config.Stake = oneDistribution{Overlay: ledger.Ratio{Num: 1, Den: 1}, Delegates: []Delegate{{Key: PoolIDOf(f.cold[32:])}}}
	}, ErrRegisteredKey, Leadership},
	{"overlay slot of the issuer", []ledger.Era{ledger.Alonzo}, func(v *Verifier, _ *State, f *forged) {
		f.unprove(v, func(slot uint64) bool { return slot%2 == 0 })
		v.config.Stake = oneDistribution{Overlay: ledger.Ratio{Num: 1, Den: 1}, Delegates: []Delegate{{Key: PoolIDOf(f.cold[32:]), VRFKey: sum(f.vrfKey)}}}
	}, nil, 0},
}

// recertify gives the header a certificate with another number.
func (f *forged) recertify(counter uint64) {
	f.cert = forge.Certify(f.cold, f.cert.HotKey, counter, f.cert.KESPeriod)
}

// unlucky moves the header to a slot that not even all stake leads.
func (f *forged) unlucky(v *Verifier, s *State) {
	for f.slot = s.Tip.Point.Slot + 1; ; f.slot++ {
		if f.slot-s.Tip.Point.Slot > maxSearch {
			panic("everybody leads")
		}
		if f.prove(s.Nonces.Active); !v.threshold.leads(leaderValue(f), ledger.Ratio{Num: 1, Den: 1}) {
			return
		}
	}
}

// unprove moves a header of epoch 0 to a slot of a kind.
func (f *forged) unprove(v *Verifier, kind func(slot uint64) bool) {
	for !kind(uint64(f.slot)) {
		f.slot++
	}
	f.prove(NonceOf(v.config.Network.Genesis.Shelley))
}

func leaderValue(f *forged) []byte {
	if tpraos(f.era) {
		return f.leader.output[:]
	}
	value := praosLeaderValue(f.leader.output[:])
	return value[:]
}

func TestBreakages(t *testing.T) {
	if testenv.Race {
		t.Skip("one goroutine: nothing for the race detector")
	}
	for _, b := range breakages {
		eras := b.eras
		if eras == nil {
			eras = []ledger.Era{ledger.Alonzo, ledger.Babbage, ledger.Conway, ledger.Dijkstra}
		}
		for _, era := range eras {
			t.Run(fmt.Sprintf("%v/%s", era, b.name), func(t *testing.T) {
				v, s := base(t, era)
				f := newForged(v, s, s.Tip.Point.Slot+1)
				b.change(v, &s, f)
				h, err := f.header(v.config.Network)
				if err != nil {
					t.Fatal(err)
				}
				next, checks, err := v.Verify(s, h)
				if b.want == nil {
					if err != nil {
						t.Fatal(err)
					}
					if next.Tip != h.Tip() || checks&v.config.Require&^Bound != v.config.Require&^Bound {
						t.Errorf("after it, the state is at %v, and %v was checked", next.Tip, checks)
					}
					for _, other := range reencoded(t, v, h) {
						after, again, err := v.Verify(s, other)
						want := next
						want.Tip = other.Tip()
						if err != nil || again != checks || !reflect.DeepEqual(after, want) {
							t.Errorf("as %x: %v was checked, %v", other.Raw.Bytes, again, err)
						}
					}
					return
				}
				var e *Error
				if !errors.As(err, &e) || !errors.Is(err, b.want) || e.Check != b.check || e.Point != h.Point() {
					t.Fatalf("got error %v (%v), want %v of %v", err, errors.Unwrap(err), b.want, b.check)
				}
				if !reflect.DeepEqual(next, s) {
					t.Error("the state has changed")
				}
				checkDetail(t, err, h)
				for _, other := range reencoded(t, v, h) {
					next, _, again := v.Verify(s, other)
					var e *Error
					if !errors.As(again, &e) || !errors.Is(again, b.want) || e.Check != b.check || !reflect.DeepEqual(next, s) {
						t.Errorf("as %x: %v, want %v", other.Raw.Bytes, again, err)
					}
				}
			})
		}
	}
}

// The limit of the header's size is of the header as it came.
func TestHeaderSize(t *testing.T) {
	v, s := base(t, ledger.Conway)
	h, err := newForged(v, s, s.Tip.Point.Slot+1).header(v.config.Network)
	if err != nil {
		t.Fatal(err)
	}
	v.config.MaxHeaderSize = uint32(len(h.Raw.Bytes)) - 1
	if _, _, err := v.Verify(s, h); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	v.config.MaxHeaderSize++
	if _, _, err := v.Verify(s, h); err != nil {
		t.Error(err)
	}
}

// An era without a known start may come with any epoch, but not within one.
func TestUnscheduledEra(t *testing.T) {
	v, s := base(t, ledger.Babbage)
	n := &v.config.Network
	n.Eras[ledger.Conway].Start = ledger.Never
	for _, slot := range []ledger.Slot{s.Tip.Point.Slot + 1, n.EpochStart(n.Epoch(s.Tip.Point.Slot) + 1)} {
		f := newForged(v, s, slot)
		f.era = ledger.Conway
		h, err := f.header(*n)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = v.Verify(s, h)
		if within := n.Epoch(slot) == n.Epoch(s.Tip.Point.Slot); within != errors.Is(err, ErrEra) || !within && err != nil {
			t.Errorf("slot %d: %v", slot, err)
		}
	}
}

func TestCheckTime(t *testing.T) {
	n := ledger.Preview
	at := n.SlotTime(1000)
	h := &ledger.Header{Slot: 1000}
	if err := CheckTime(&n, h, at.Add(-MaxClockSkew)); err != nil {
		t.Error(err)
	}
	err := CheckTime(&n, h, at.Add(-MaxClockSkew-time.Millisecond))
	if !errors.Is(err, ErrFuture) || !strings.HasSuffix(err.Error(), ": came 2.001s before its slot begins: check the clock") {
		t.Error(err)
	}
	if err := CheckTime(&n, h, at.Add(time.Hour)); err != nil {
		t.Error(err)
	}
}

// With less to start from, less is checked, and Require says so.
func TestKnowledge(t *testing.T) {
	v, s := base(t, ledger.Conway)
	v.config.Stake = nil
	last := v.config.Network.EpochStart(s.Epoch+1) - 1
	for _, test := range []struct {
		known       Knowledge
		here, later Checks // in this epoch and in the next one
	}{
		{NoNonces, 0, 0},
		{EpochNonce, VRF | Bound, 0},
		{AllNonces, VRF | Bound, VRF | Bound},
	} {
		s := s
		s.Known = test.known
		for i, want := range []Checks{test.here, test.later} {
			real := s
			real.Known = AllNonces
			h, err := newForged(v, real, s.Tip.Point.Slot+1+ledger.Slot(i)*(last-s.Tip.Point.Slot)).header(v.config.Network)
			if err != nil {
				t.Fatal(err)
			}
			v.config.Require = 0
			_, made, err := v.Verify(s, h)
			if want |= Envelope | Certificate | KES; err != nil || made != want {
				t.Errorf("knowledge %d, epoch %d: checked %v (%v), want %v", test.known, i, made, err, want)
			}
			v.config.Require = VRF
			_, _, err = v.Verify(s, h)
			var e *Error
			if missing := want&VRF == 0; (err != nil) != missing || missing && (!errors.As(err, &e) || e.Kind != ErrUnchecked || e.Check != VRF) {
				t.Errorf("knowledge %d, epoch %d: %v", test.known, i, err)
			}
		}
	}
}
