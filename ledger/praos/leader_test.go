package praos

import (
	"math"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// Which slots are overlay slots, and whose: with f = 1/4 every fourth of them
// has a leader, and the delegates take turns.
func TestOverlaySlots(t *testing.T) {
	delegates := []Delegate{{Key: PoolID{1}}, {Key: PoolID{2}}, {Key: PoolID{3}}}
	quarter := ledger.Ratio{Num: 1, Den: 4}
	for _, test := range []struct {
		d      ledger.Ratio
		f      ledger.Ratio
		slots  []uint64 // of the first 12
		led    []uint64 // of the first 40
		leader []byte   // of those
	}{
		{ledger.Ratio{Num: 0, Den: 1}, quarter, nil, nil, nil},
		{ledger.Ratio{Num: 1, Den: 1}, quarter, []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, []uint64{0, 4, 8, 12, 16, 20, 24, 28, 32, 36}, []byte{1, 2, 3, 1, 2, 3, 1, 2, 3, 1}},
		{ledger.Ratio{Num: 1, Den: 2}, quarter, []uint64{0, 2, 4, 6, 8, 10}, []uint64{0, 8, 16, 24, 32}, []byte{1, 2, 3, 1, 2}},
		{ledger.Ratio{Num: 1, Den: 3}, quarter, []uint64{0, 3, 6, 9}, []uint64{0, 12, 24, 36}, []byte{1, 2, 3, 1}},
		{ledger.Ratio{Num: 2, Den: 3}, quarter, []uint64{0, 1, 3, 4, 6, 7, 9, 10}, []uint64{0, 6, 12, 18, 24, 30, 36}, []byte{1, 2, 3, 1, 2, 3, 1}},
		{ledger.Ratio{Num: 1, Den: 2}, ledger.Ratio{Num: 2, Den: 5}, []uint64{0, 2, 4, 6, 8, 10}, []uint64{0, 4, 8, 12, 16, 20, 24, 28, 32, 36}, []byte{1, 2, 3, 1, 2, 3, 1, 2, 3, 1}},
	} {
		d := &Distribution{Overlay: test.d, Delegates: delegates}
		var slots, led []uint64
		var leader []byte
		for slot := range uint64(40) {
			if !d.isOverlay(slot) {
				continue
			}
			if slot < 12 {
				slots = append(slots, slot)
			}
			if l := d.overlayLeader(slot, test.f); l != (Delegate{}) {
				led, leader = append(led, slot), append(leader, l.Key[0])
			}
		}
		if !slices.Equal(slots, test.slots) || !slices.Equal(led, test.led) || !slices.Equal(leader, test.leader) {
			t.Errorf("d = %v, f = %v: slots %v, with leaders %v: %v", test.d, test.f, slots, led, leader)
		}
	}
	all := &Distribution{Overlay: ledger.Ratio{Num: 1, Den: 1}}
	if got := all.overlayLeader(0, quarter); got != (Delegate{}) {
		t.Errorf("without delegates %v leads", got)
	}
	if !all.isOverlay(math.MaxUint64 - 1) {
		t.Error("a late slot is none")
	}
}

// What must be known for leadership to be checked.
func TestKnowsLeader(t *testing.T) {
	delegates := []Delegate{{}}
	half, zero := ledger.Ratio{Num: 1, Den: 2}, ledger.Ratio{Num: 0, Den: 1}
	for _, test := range []struct {
		name   string
		era    ledger.Era
		checks Checks
		stake  Stake
		slot   ledger.Slot
		want   bool
	}{
		{"no stake", ledger.Conway, VRF, nil, 0, false},
		{"no nonce", ledger.Conway, KES, oneDistribution{}, 0, false},
		{"another epoch", ledger.Conway, VRF, epochZero{&Distribution{}}, 200, false},
		{"Praos", ledger.Conway, VRF, oneDistribution{}, 0, true},
		{"Praos with a d", ledger.Babbage, VRF, oneDistribution{Overlay: half}, 0, true},
		{"no d", ledger.Alonzo, VRF, oneDistribution{Delegates: delegates}, 0, false},
		{"no overlay", ledger.Alonzo, VRF, oneDistribution{Overlay: zero}, 0, true},
		{"overlay slot", ledger.Alonzo, VRF, oneDistribution{Overlay: half, Delegates: delegates}, 0, true},
		{"overlay slot without delegates", ledger.Alonzo, VRF, oneDistribution{Overlay: half}, 100, false},
		{"slot of the pools", ledger.Alonzo, VRF, oneDistribution{Overlay: half}, 101, true},
	} {
		v := verifier(t, Config{Network: forgeNetwork(), Stake: test.stake})
		h := &ledger.Header{Raw: ledger.RawHeader{Era: test.era}, Slot: test.slot}
		j := &Job{v: v, header: h, checks: test.checks, epoch: v.config.Network.Epoch(test.slot)}
		if got := v.knowsLeader(j); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

// The limit of the leader value, to the last bit.
func TestBelow(t *testing.T) {
	full := func(first byte, rest byte) (v [32]byte) {
		for i := range v {
			v[i] = rest
		}
		v[0] = first
		return v
	}
	quarter := ledger.Ratio{Num: 1, Den: 4}
	for _, test := range []struct {
		value [32]byte
		f     ledger.Ratio
		want  bool
	}{
		{full(0, 0), quarter, true},
		{full(0x3f, 0xff), quarter, true},
		{full(0x40, 0), quarter, false},
		{full(0xff, 0xff), quarter, false},
		{full(0xff, 0xff), ledger.Ratio{Num: 1, Den: 1}, true},
		{full(0x55, 0x55), ledger.Ratio{Num: 1, Den: 3}, true}, // 2^256 is 3 times this and 1
		{full(0x55, 0x56), ledger.Ratio{Num: 1, Den: 3}, false},
		{full(0xbf, 0xff), ledger.Ratio{Num: 3 << 61, Den: 1 << 63}, true},
		{full(0xc0, 0), ledger.Ratio{Num: 3 << 61, Den: 1 << 63}, false},
	} {
		value := test.value
		if got := below(&value, test.f); got != test.want {
			t.Errorf("%x below %v: %t", test.value, test.f, got)
		}
	}
	almost := full(0x55, 0x55)
	almost[31]++
	if below(&almost, ledger.Ratio{Num: 1, Den: 3}) {
		t.Error("a third and 1 is below a third")
	}
}
