package ledger

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/genesis"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
)

// What genesis files make a network of has eras in order, and slots, times and
// epochs that agree with each other.
func FuzzGenesis(f *testing.F) {
	f.Add([]byte(testByron), []byte(testShelley), []byte(testConfig))
	f.Add([]byte(testByron), []byte(testShelley), []byte(`{}`))
	f.Add([]byte(testByron), []byte(testShelley), []byte(`{"TestShelleyHardForkAtEpoch": 0, "TestMaryHardForkAtEpoch": 1, "TestConwayHardForkAtEpoch": 1e400}`))
	f.Add([]byte(testByron), []byte(strings.Replace(testShelley, "0.25", `{"numerator": 1, "denominator": 3}`, 1)), []byte(testConfig))
	f.Fuzz(func(t *testing.T, byronFile, shelleyFile, configFile []byte) {
		fuzz.Bound(t, 1<<20+200*(len(byronFile)+len(shelleyFile)+len(configFile)), func() {
			byron, err := genesis.ParseCanonical(byronFile)
			if err != nil {
				return
			}
			shelley, err := genesis.Parse(shelleyFile)
			if err != nil {
				return
			}
			config, err := genesis.ParseConfig(configFile)
			if err != nil {
				config = nil
			}
			if n, err := customNetwork(byron, shelley, config); err == nil {
				checkTime(t, n)
			}
		})
	})
}

func checkTime(t *testing.T, n Network) {
	start := n.Eras[Byron].Start
	for e := Shelley; e.Known(); e++ {
		if n.Eras[e].Start == Never {
			continue
		}
		if s := n.Eras[e].Start; s < start {
			t.Fatalf("%v starts in slot %d, the era before it in %d", e, s, start)
		}
		start = n.Eras[e].Start
	}
	for _, p := range n.Eras {
		if p.Start == Never {
			continue
		}
		for _, s := range []Slot{p.Start, p.Start + 1, p.Start + 1<<32, max(p.Start, 1) - 1} {
			if got, ok := n.SlotAt(n.SlotTime(s)); !ok || got != s {
				t.Fatalf("slot %d begins at %v, which is in slot %d, %v", s, n.SlotTime(s), got, ok)
			}
			if !slices.ContainsFunc(allEras(), func(e Era) bool { return n.EraPossible(e, s) }) {
				t.Fatalf("no era is possible in slot %d: %+v", s, n.Eras)
			}
			epoch := n.Epoch(s)
			if first, next := n.EpochStart(epoch), n.EpochStart(epoch+1); first > s || next <= s {
				t.Fatalf("slot %d is in epoch %d, which has slots %d to %d", s, epoch, first, next)
			}
		}
	}
	if n.Window(3) < 3*n.SecurityParam || n.Window(3) == math.MaxUint64 {
		t.Fatalf("k is %d, the window %d", n.SecurityParam, n.Window(3))
	}
	n.SlotTime(Never - 1) // must not panic
	n.Epoch(Never - 1)
	n.EpochStart(math.MaxUint64)
}

func allEras() (eras []Era) {
	for e := Byron; e.Known(); e++ {
		eras = append(eras, e)
	}
	return eras
}

// A point that is read is written as it was, but for zeros before the slot and
// the case of digits.
func FuzzParsePoint(f *testing.F) {
	f.Add("origin")
	f.Add("1." + strings.Repeat("x", 3000))
	f.Add("0." + Hash{}.String())
	f.Add("18446744073709551615.ABCDEF" + Hash{1}.String()[6:])
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePoint(s)
		if err != nil {
			if len(err.Error()) > 2500 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if again, err := ParsePoint(p.String()); err != nil || again != p || !p.IsOrigin() && len(p.String()) > len(s) {
			t.Errorf("%q became %v, and that %v, %v", s, p, again, err)
		}
		if raw, rest, err := DecodePoint(p.AppendCBOR(nil)); err != nil || raw != p || len(rest) > 0 {
			t.Errorf("%v decodes as %v, %v", p, raw, err)
		}
	})
}
