package praos

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

func TestLn(t *testing.T) {
	for _, test := range []struct {
		num, den uint64
		want     string // ln(1-f) to 22 decimals, 10^-22
	}{
		{1, 20, "-0.0512932943875505334261"},
		{1, 2, "-0.6931471805599453094172"},
		{2, 5, "-0.5108256237659906832055"},
		{1, 50, "-0.0202027073175194484080"},
		{99, 100, "-4.6051701859880913680359"},
	} {
		got := newThreshold(ledger.Ratio{Num: test.num, Den: test.den}).ln
		want, _ := new(big.Rat).SetString(test.want)
		diff := new(big.Rat).SetFrac(got, one)
		diff.Sub(diff, want).Abs(diff)
		if limit := big.NewRat(1, 1e18); diff.Cmp(new(big.Rat).Quo(limit, big.NewRat(1000, 1))) > 0 {
			t.Errorf("ln(1-%d/%d) is %v, want %s", test.num, test.den, got, test.want)
		}
	}
}

// valueOf returns p as a leader value of 32 bytes, rounded down.
func valueOf(p *big.Float) []byte {
	n, _ := new(big.Float).SetPrec(400).SetMantExp(p, 256).Int(nil)
	return n.FillBytes(make([]byte, 32))
}

// Close to 1 - (1-f)^sigma on either side, as far as floats can tell. Above f =
// 2/3 the reference takes the rest of its series for smaller than it is.
func TestLeads(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		f := ledger.Ratio{Num: 1 + r.Uint64N(66), Den: 100}
		stake := ledger.Ratio{Num: 1 + r.Uint64N(1000), Den: 1000}
		limit := -math.Expm1(float64(stake.Num) / float64(stake.Den) * math.Log1p(-float64(f.Num)/float64(f.Den)))
		limit = min(limit, 1)
		th := newThreshold(f)
		if below := limit * (1 - 1e-12); !th.leads(valueOf(big.NewFloat(below)), stake) {
			t.Errorf("f %v, stake %v: %v does not lead, limit %v", f, stake, below, limit)
		}
		if above := limit * (1 + 1e-12); above < 1 && th.leads(valueOf(big.NewFloat(above)), stake) {
			t.Errorf("f %v, stake %v: %v leads, limit %v", f, stake, above, limit)
		}
		// A share is the same whatever it is written as, and so is p in 512 bits.
		value := make([]byte, 32)
		for i := range value {
			value[i] = byte(r.Uint32())
		}
		value[0] = byte(limit * 256)
		same := ledger.Ratio{Num: stake.Num * 3, Den: stake.Den * 3}
		want := th.leads(value, stake)
		if th.leads(value, same) != want || th.leads(append(value, make([]byte, 32)...), stake) != want {
			t.Errorf("f %v, stake %v: verdict on %x depends on how it is written", f, stake, value)
		}
	}
}

func TestLeadsEdges(t *testing.T) {
	low, high := make([]byte, 32), make([]byte, 32)
	for i := range high {
		high[i] = 0xff
	}
	all := ledger.Ratio{Num: 1, Den: 1}
	half := newThreshold(ledger.Ratio{Num: 1, Den: 2})
	for _, test := range []struct {
		name  string
		th    *threshold
		value []byte
		stake ledger.Ratio
		want  bool
	}{
		{"f is 1", newThreshold(all), high, ledger.Ratio{Num: 0, Den: 1}, true},
		{"lowest value, all stake", half, low, all, true},
		{"highest value, all stake", half, high, all, false},
		{"lowest value, no stake", half, low, ledger.Ratio{Num: 0, Den: 1}, false},
		{"no such share", half, low, ledger.Ratio{}, false},
		{"1/2 exactly, which rounding decides", half, append([]byte{0x80}, low[1:]...), all, true},
		{"just above 1/2", half, append([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 1}, low[9:]...), all, false},
	} {
		if got := test.th.leads(test.value, test.stake); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// The cheap bound refuses nothing that the reference accepts, with any share of
// the stake.
func TestBound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	agree := 0
	for range 2000 {
		f := ledger.Ratio{Num: 1 + r.Uint64N(9), Den: 10}
		var value [32]byte
		for i := range value {
			value[i] = byte(r.Uint32())
		}
		got, leads := below(&value, f), newThreshold(f).leads(value[:], ledger.Ratio{Num: 1, Den: 1})
		if leads && !got {
			t.Errorf("f %v: %x leads but is not below", f, value)
		}
		if got == leads {
			agree++
		}
	}
	if agree != 2000 {
		t.Errorf("with all stake, the bound and the threshold agree on %d of 2000", agree)
	}
	for _, test := range []struct {
		first byte
		f     ledger.Ratio
		want  bool
	}{{0x80, ledger.Ratio{Num: 1, Den: 2}, false}, {0x7f, ledger.Ratio{Num: 1, Den: 2}, true}, {0xff, ledger.Ratio{Num: 7, Den: 7}, true}} {
		if value := [32]byte{test.first}; below(&value, test.f) != test.want {
			t.Errorf("%x is below %v: want %v", value, test.f, test.want)
		}
	}
}

// Which slots are overlay slots, and whose, in the first epoch of preview: f is
// 1/20, d is 1, seven delegates in turn.
func TestOverlay(t *testing.T) {
	d := &Distribution{Overlay: ledger.Ratio{Num: 1, Den: 1}}
	for i := range 7 {
		d.Delegates = append(d.Delegates, Delegate{Key: PoolID{byte(i + 1)}})
	}
	f := ledger.Ratio{Num: 1, Den: 20}
	for slot, want := range map[uint64]byte{0: 1, 1: 0, 19: 0, 20: 2, 120: 7, 140: 1, 160: 2} {
		if got := d.overlayLeader(slot, f).Key[0]; !d.isOverlay(slot) || got != want {
			t.Errorf("d = 1: slot %d is of %d, want %d", slot, got, want)
		}
	}
	for overlay, want := range map[ledger.Ratio]int{{Num: 0, Den: 1}: 0, {Num: 1, Den: 4}: 250, {Num: 9, Den: 10}: 900} {
		d.Overlay = overlay
		n := 0
		for slot := range uint64(1000) {
			if d.isOverlay(slot) {
				n++
			}
		}
		if n != want {
			t.Errorf("d = %v: %d overlay slots in 1000, want %d", overlay, n, want)
		}
	}
}

func BenchmarkLeads(b *testing.B) {
	th := newThreshold(ledger.Ratio{Num: 1, Den: 20})
	value := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		th.leads(value, ledger.Ratio{Num: 1, Den: 1000})
	}
}

// Numbers on both sides of 1 lie between the right powers of e.
func TestExponent(t *testing.T) {
	for _, test := range []struct{ num, den, want int64 }{
		{1, 1000, -7}, {1, 100, -5}, {1, 3, -2}, {2, 5, -1}, {1, 1, 0}, {2, 1, 0}, {3, 1, 1}, {8, 1, 2}, {100, 1, 4}, {1000, 1, 6},
	} {
		if got := exponent(euler(), div(whole(test.num), whole(test.den))); got != test.want {
			t.Errorf("%d/%d: %d, want %d", test.num, test.den, got, test.want)
		}
	}
}
