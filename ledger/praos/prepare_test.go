package praos

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// What each kind of header may be asked for.
func TestRequired(t *testing.T) {
	all := Envelope | Certificate | KES | VRF | Bound | Leadership | Byron | GenesisKey
	for _, test := range []struct {
		raw  ledger.RawHeader
		want Checks
	}{
		{ledger.RawHeader{Era: ledger.Byron, EBB: true}, Envelope},
		{ledger.RawHeader{Era: ledger.Byron}, Envelope | Byron | GenesisKey},
		{ledger.RawHeader{Era: ledger.Alonzo}, Envelope | Certificate | KES | VRF | Leadership},
		{ledger.RawHeader{Era: ledger.Babbage}, Envelope | Certificate | KES | VRF | Bound | Leadership},
		{ledger.RawHeader{Era: ledger.Conway}, Envelope | Certificate | KES | VRF | Bound | Leadership},
	} {
		v := verifier(t, Config{Network: forgeNetwork(), Require: all})
		j := &Job{v: v, header: &ledger.Header{Raw: test.raw}}
		var e *Error
		if err := j.required(); !errors.As(err, &e) || e.Kind != ErrUnchecked || e.Check != test.want || e.Point != j.header.Point() {
			t.Errorf("%+v: %v, want %v", test.raw, err, test.want)
		}
		j.checks = test.want
		if err := j.required(); err != nil {
			t.Errorf("%+v: %v", test.raw, err)
		}
		j.checks, v.config.Require = 0, 0
		if err := j.required(); err != nil {
			t.Errorf("%+v: nothing is required, but: %v", test.raw, err)
		}
	}
}

// A certificate is for as many periods as the network says, from its first on.
func TestCheckPeriod(t *testing.T) {
	v := verifier(t, Config{Network: forgeNetwork()}) // 10 periods of 50 slots
	for _, test := range []struct {
		slot      ledger.Slot
		first     uint64
		evolution uint64
		ok        bool
	}{
		{0, 0, 0, true}, {49, 0, 0, true}, {50, 0, 1, true}, {499, 0, 9, true}, {500, 0, 0, false},
		{499, 9, 0, true}, {499, 10, 0, false}, {500, 10, 0, true}, {500, 1, 9, true},
		{0, math.MaxUint64, 0, false}, {math.MaxUint64, math.MaxUint64 / 50, 0, true}, {math.MaxUint64, 0, 0, false},
	} {
		j := &Job{v: v, header: &ledger.Header{Slot: test.slot}}
		j.shelley.OCert.KESPeriod = test.first
		err := j.checkPeriod()
		if (err == nil) != test.ok || err == nil && j.evolution != test.evolution {
			t.Errorf("slot %d, from period %d: evolution %d, %v", test.slot, test.first, j.evolution, err)
		}
		kind := ErrKESLate
		if uint64(test.slot)/50 < test.first {
			kind = ErrKESEarly
		}
		want := fmt.Sprintf("KES period %d, but the certificate is for 10 periods from %d on", test.slot/50, test.first)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Kind != kind || e.Detail != want) {
			t.Errorf("slot %d, from period %d: %v", test.slot, test.first, err)
		}
	}
}

// What is at a limit is not above it.
func TestLimits(t *testing.T) {
	v := verifier(t, Config{Network: forgeNetwork(), MaxMajor: 7, MaxHeaderSize: 100, MaxBodySize: 1000})
	for _, test := range []struct {
		era    ledger.Era
		header int
		body   uint32
		major  uint64
		kind   Kind // 0: it passes
		detail string
	}{
		{ledger.Alonzo, 100, 1000, 7, 0, ""},
		{ledger.Conway, 100, 1000, 7, 0, ""},
		{ledger.Conway, 100, 1000, 8, 0, ""},
		{ledger.Alonzo, 100, 1000, 8, ErrVersion, "major protocol version 8, at most 7 is known"},
		{ledger.Conway, 101, 1000, 7, ErrSize, "header of 101 bytes, at most 100 are allowed"},
		{ledger.Conway, 100, 1001, 7, ErrSize, "body of 1001 bytes, at most 1000 are allowed"},
	} {
		h := &ledger.Header{Raw: ledger.RawHeader{Era: test.era, Bytes: make([]byte, test.header)}}
		err := v.checkLimits(h, &ledger.ShelleyHeader{BodySize: test.body, Major: test.major})
		if e := (*Error)(nil); (err == nil) != (test.kind == 0) || err != nil && (!errors.As(err, &e) || e.Kind != test.kind || e.Detail != test.detail) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// The era is that of the slot, or one whose start is not known.
func TestCheckEra(t *testing.T) {
	n := forgeNetwork() // Alonzo, Babbage from slot 1000, Dijkstra from 3000
	n.Eras[ledger.Conway].Start = ledger.Never
	v := verifier(t, Config{Network: n})
	for _, test := range []struct {
		era  ledger.Era
		slot ledger.Slot
		ok   bool
	}{
		{ledger.Alonzo, 999, true}, {ledger.Alonzo, 1000, false}, {ledger.Babbage, 999, false}, {ledger.Babbage, 1000, true},
		{ledger.Mary, 999, false}, {ledger.Byron, 0, false},
		{ledger.Conway, 1100, true}, {ledger.Babbage, 1100, true}, {ledger.Conway, 1099, false}, {ledger.Conway, 0, false},
		{ledger.Conway, 3000, false}, {ledger.Dijkstra, 3000, true}, {ledger.Era(200), 1000, false},
	} {
		h := &ledger.Header{Raw: ledger.RawHeader{Era: test.era}, Slot: test.slot}
		err := v.CheckEra(h)
		want := fmt.Sprintf("era %v in slot %d, which is in %v", test.era, test.slot, n.EraAt(test.slot))
		if e := (*Error)(nil); (err == nil) != test.ok || err != nil && (!errors.As(err, &e) || e.Kind != ErrEra || e.Detail != want) {
			t.Errorf("%v in slot %d: %v", test.era, test.slot, err)
		}
	}
}

// A header that is not what its era says is the sender's fault.
func TestMalformed(t *testing.T) {
	v, s := base(t, ledger.Conway)
	h, err := newForged(v, s, s.Tip.Point.Slot+1).header(v.config.Network)
	if err != nil {
		t.Fatal(err)
	}
	h.Raw.Bytes = h.Raw.Bytes[:20]
	var e *Error
	if _, _, err := v.Prepare(s, h); !errors.As(err, &e) || e.Check != Envelope || !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

// Each part of a saved state is held to what can be in it.
func TestStateRefuses(t *testing.T) {
	good, err := someState().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	const nonces = 2 + 8 + 32 + 8 + 8
	for name, change := range map[string]func(b []byte) []byte{
		"no byte":                     func(b []byte) []byte { return nil },
		"version 0":                   func(b []byte) []byte { b[0] = 0; return b },
		"unknown knowledge":           func(b []byte) []byte { b[1] = 3 << knowledgeShift; return b },
		"unknown flag":                func(b []byte) []byte { b[1] |= 0x80; return b },
		"nonce neither set nor unset": func(b []byte) []byte { b[nonces] = 2; return b },
		"unset nonce with a hash":     func(b []byte) []byte { b[nonces] = 0; b[nonces+9] = 1; return b },
		"last nonce":                  func(b []byte) []byte { b[nonces+4*nonceLen] = 2; return b },
		"more counters":               func(b []byte) []byte { b[stateLen-1]++; return b },
		"fewer counters":              func(b []byte) []byte { b[stateLen-1]--; return b },
		"huge number of counters":     func(b []byte) []byte { b[stateLen-8] = 0x80; return b },
		"descending counters":         func(b []byte) []byte { b[stateLen] = 9; return b },
		"an issuer twice":             func(b []byte) []byte { copy(b[stateLen+counterLen:], b[stateLen:][:len(PoolID{})]); return b },
		"no counters, but bytes":      func(b []byte) []byte { return append(b[:stateLen-8:stateLen-8], 0, 0, 0, 0, 0, 0, 0, 0, 1) },
	} {
		s := State{Epoch: 77}
		if err := s.UnmarshalBinary(change(bytes.Clone(good))); !errors.Is(err, errState) {
			t.Errorf("%s: %v", name, err)
		}
		if s.Epoch != 77 {
			t.Errorf("%s: the state has changed", name)
		}
	}
	var s State
	if err := s.UnmarshalBinary(good); err != nil || s.Counters.(CounterMap).Len() != 2 {
		t.Errorf("state %+v, %v", s, err)
	}
	if n, ok := s.Counters.Last(PoolID{3}); !ok || n != 1<<63 {
		t.Errorf("counter %d", n)
	}
	for _, known := range []Knowledge{NoNonces, EpochNonce, AllNonces} {
		s := State{Known: known}
		b, err := s.MarshalBinary()
		if err != nil || len(b) != stateLen {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		var got State
		if err := got.UnmarshalBinary(b); err != nil || got.Known != known {
			t.Errorf("knowledge %d is %d, %v", known, got.Known, err)
		}
	}
}
