package praos

import (
	"errors"
	"math"
	"testing"

	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/ledger"
)

// Numbers at the ends of their range give errors or pass, but nothing worse.
func TestExtremes(t *testing.T) {
	v, _ := base(t, ledger.Conway)
	v.config.Stake, v.config.Require = nil, 0
	n := v.config.Network
	for _, slot := range []ledger.Slot{0, 1, math.MaxInt64, math.MaxUint64 - 1, math.MaxUint64} {
		for _, number := range []ledger.BlockNo{0, 1, math.MaxUint64 - 1, math.MaxUint64} {
			for _, counter := range []uint64{0, math.MaxUint64} {
				f := &forged{
					era: n.EraAt(slot), blockNo: number, slot: slot, hasPrev: true, major: 1, bodySize: 1,
					cold: key(0), vrf: forge.NewVRFKey([32]byte{1}), hot: forge.NewKESKey([32]byte{2}),
				}
				f.vrfKey = f.vrf.Public()
				f.cert = forge.Certify(f.cold, f.hot.Public(), counter, uint64(slot)/n.SlotsPerKESPeriod)
				s := Origin(n)
				s.Tip = ledger.Tip{Point: ledger.Point{Slot: slot - 1, Hash: ledger.Hash{}}, BlockNo: number - 1}
				s.AllCounters, s.Epoch = false, n.Epoch(slot)
				f.prove(s.Nonces.Active)
				h, err := f.header(n)
				if err != nil {
					t.Fatal(err)
				}
				_, _, err = v.Verify(s, h)
				if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
					t.Errorf("slot %d, number %d, counter %d: %v", slot, number, counter, err)
				}
			}
		}
	}
	s := State{Counters: CounterMap{}.With(PoolIDOf(newKey(0)), math.MaxUint64)}
	j := &Job{header: &ledger.Header{Raw: ledger.RawHeader{Era: ledger.Conway}}, issuer: &issuer{id: PoolIDOf(newKey(0))}}
	j.shelley.OCert.Counter = 0
	if _, err := j.checkCounter(s); err == nil {
		t.Error("a counter went round")
	}
}
