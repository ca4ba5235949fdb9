package praos

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/genesis"
	"github.com/ouronet/ouronet/ledger"
)

// Which issue numbers may follow which, and what is kept of them.
func TestCheckCounter(t *testing.T) {
	id := PoolID{1}
	with := func(n uint64) Counters { return CounterMap{}.With(id, n) }
	for _, test := range []struct {
		name     string
		era      ledger.Era
		counters Counters
		all      bool
		got      uint64
		kind     Kind // 0: it passes
		want     string
	}{
		{"the same", ledger.Conway, with(5), true, 5, 0, ""},
		{"the next", ledger.Conway, with(5), false, 6, 0, ""},
		{"one before", ledger.Conway, with(5), false, 4, ErrCounterLow, "operational certificate of POOL has number 4, want 5 to 6"},
		{"two ahead", ledger.Babbage, with(5), true, 7, ErrCounterHigh, "operational certificate of POOL has number 7, want 5 to 6"},
		{"two ahead in TPraos", ledger.Alonzo, with(5), true, 7, 0, ""},
		{"far ahead in TPraos", ledger.Alonzo, with(5), true, math.MaxUint64, 0, ""},
		{"one before in TPraos", ledger.Alonzo, with(5), true, 4, ErrCounterLow, "operational certificate of POOL has number 4, want 5 to 18446744073709551615"},
		{"the largest", ledger.Conway, with(math.MaxUint64 - 1), true, math.MaxUint64, 0, ""},
		{"the largest again", ledger.Conway, with(math.MaxUint64), true, math.MaxUint64, ErrCounterHigh, "operational certificate of POOL has number 18446744073709551615, want 18446744073709551615 to 0"},
		{"the largest again in TPraos", ledger.Alonzo, with(math.MaxUint64), true, math.MaxUint64, 0, ""},
		{"0 after the largest", ledger.Conway, with(math.MaxUint64), true, 0, ErrCounterLow, "operational certificate of POOL has number 0, want 18446744073709551615 to 0"},
		{"first, known to be it", ledger.Conway, CounterMap{}, true, 1, 0, ""},
		{"first and too high", ledger.Conway, CounterMap{}, true, 2, ErrCounterHigh, "first operational certificate of POOL has number 2, at most 1 is allowed"},
		{"first that we know", ledger.Conway, CounterMap{}, false, 2, 0, ""},
		{"no counters", ledger.Conway, nil, false, 0, 0, ""},
	} {
		j := &Job{header: &ledger.Header{Raw: ledger.RawHeader{Era: test.era}}, issuer: &issuer{id: id}}
		j.shelley.OCert.Counter = test.got
		s, err := j.checkCounter(State{Counters: test.counters, AllCounters: test.all})
		if test.kind != 0 {
			var e *Error
			if !errors.As(err, &e) || e.Kind != test.kind || strings.Replace(e.Detail, id.String(), "POOL", 1) != test.want {
				t.Errorf("%s: %v, want %s", test.name, err, test.want)
			}
			continue
		}
		if n, ok := s.Counters.Last(id); err != nil || !ok || n != test.got {
			t.Errorf("%s: number %d (%t) is kept, %v", test.name, n, ok, err)
		}
	}
}

// forgetful knows an epoch once.
type forgetful struct{ d *Distribution }

func (f *forgetful) Distribution(uint64) *Distribution {
	d := f.d
	f.d = nil
	return d
}

// A stake distribution that goes away between Prepare and Verify is an error, as
// is a pool that is not in it.
func TestForgottenStake(t *testing.T) {
	v, s := base(t, ledger.Conway)
	h, err := newForged(v, s, s.Tip.Point.Slot+1).header(v.config.Network)
	if err != nil {
		t.Fatal(err)
	}
	v.config.Stake = &forgetful{v.config.Stake.Distribution(s.Epoch)}
	j, _, err := v.Prepare(s, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Verify(); !errors.Is(err, ErrUnknownPool) {
		t.Error(err)
	}
}

// A folder that LoadNetwork read may have changed since: what is wrong with it
// then is an error as well.
func TestLoadFails(t *testing.T) {
	if err := new(Config).load(filepath.Join(t.TempDir(), "none"), new(*Distribution)); err == nil {
		t.Error("no folder, but no error")
	}
	for _, test := range []struct{ name, file, content string }{
		{"no Byron", "byron-genesis.json", ""},
		{"Byron is no JSON", "byron-genesis.json", "{"},
		{"no Shelley", "shelley-genesis.json", ""},
		{"Shelley is no JSON", "shelley-genesis.json", "{"},
		{"no parameters", "shelley-genesis.json", `{"genDelegs": {}}`},
		{"parameters are no object", "shelley-genesis.json", `{"protocolParams": 1, "genDelegs": {}}`},
		{"config is no JSON", "config.json", "{"},
	} {
		dir := t.TempDir()
		files := map[string]string{"byron-genesis.json": byronFile, "shelley-genesis.json": shelleyFile}
		files[test.file] = test.content
		for name, content := range files {
			if content == "" {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := new(Config).load(dir, new(*Distribution)); err == nil {
			t.Errorf("%s: no error", test.name)
		}
	}
	if d, err := delegates(genesis.Object{}); err == nil || d != nil {
		t.Errorf("delegates %v of a file with nothing in it, %v", d, err)
	}
}

// What the files say reaches the configuration, each at its place.
func TestLoadValues(t *testing.T) {
	c, d, err := loadFiles(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, second := PoolID{0: 0x0a, 27: 1}, PoolID{0: 0x0b, 27: 2}
	hash := ledger.Hash{0: 0xc1, 31: 3}
	if len(c.GenesisKeys) != 1 || !c.GenesisKeys[first] {
		t.Errorf("genesis keys %v", c.GenesisKeys)
	}
	if c.Checkpoints[3] != hash || c.Checkpoints[4000] != hash || len(c.Checkpoints) != 2 {
		t.Errorf("checkpoints %v", c.Checkpoints)
	}
	if len(d.Delegates) != 2 || d.Delegates[0] != (Delegate{first, hash}) || d.Delegates[1] != (Delegate{second, hash}) || d.Pools == nil {
		t.Errorf("%+v", d)
	}
	// One key in capitals and in small letters: a node takes the former.
	files := map[string]string{"shelley-genesis.json": `{"activeSlotsCoeff": 0.25, "epochLength": 5, "networkMagic": 42, "securityParam": 10,
		"slotLength": 1, "slotsPerKESPeriod": 129600, "maxKESEvolutions": 62,
		"protocolParams": {"maxBlockHeaderSize": 1100, "maxBlockBodySize": 65536, "decentralisationParam": 1},
		"genDelegs": {"` + key1 + `": {"delegate": "` + key1 + `", "vrf": "` + hash1 + `"},
			"0A000000000000000000000000000000000000000000000000000001": {"delegate": "` + key2 + `", "vrf": "` + hash1 + `"}}}`}
	if _, d, err = loadFiles(t, files); err != nil || len(d.Delegates) != 1 || d.Delegates[0].Key != second {
		t.Errorf("%+v, %v", d, err)
	}
}

// Extra entropy is of TPraos: the configuration may have it for any epoch, an
// epoch of Praos gets none.
func TestEntropyOfPraos(t *testing.T) {
	v := verifier(t, Config{Network: ledger.Mainnet, ExtraEntropy: map[uint64]ledger.Hash{9: {1}}})
	s := Origin(ledger.Mainnet)
	s.Epoch, s.Nonces.Lab = 8, NonceOf(ledger.Hash{2})
	for era, want := range map[ledger.Era]Nonce{ledger.Alonzo: NonceOf(ledger.Hash{1}), ledger.Babbage: {}, ledger.Conway: {}} {
		if got := v.enterEpoch(s, era, 9).Nonces; got != s.Nonces.nextEpoch(want) {
			t.Errorf("%v: %+v", era, got)
		}
	}
	// Nor does it make up for nonces that are not known.
	for _, known := range []Knowledge{NoNonces, EpochNonce} {
		s.Known = known
		if got := v.enterEpoch(s, ledger.Alonzo, 9); got.Nonces != (Nonces{}) || got.Known != NoNonces || got.Epoch != 9 {
			t.Errorf("knowledge %d: %+v", known, got)
		}
	}
}

// NonceAt answers for the epoch of the slot, if that is known.
func TestNonceAt(t *testing.T) {
	n := forgeNetwork()
	v := verifier(t, Config{Network: n})
	s := Origin(n)
	s.Nonces.Candidate = NonceOf(ledger.Hash{5})
	for _, test := range []struct {
		known Knowledge
		slot  ledger.Slot
		want  Nonce
		ok    bool
	}{
		{AllNonces, 99, s.Nonces.Active, true}, {AllNonces, 100, NonceOf(ledger.Hash{5}), true},
		{EpochNonce, 99, s.Nonces.Active, true}, {EpochNonce, 100, Nonce{}, false},
		{NoNonces, 99, s.Nonces.Active, false},
	} {
		s.Known = test.known
		if got, ok := v.NonceAt(s, test.slot); got != test.want || ok != test.ok {
			t.Errorf("knowledge %d, slot %d: %v, %t", test.known, test.slot, got, ok)
		}
	}
}
