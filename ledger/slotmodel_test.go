package ledger

import (
	"math"
	"math/big"
	"testing"
	"time"
)

// slotNetworks are networks in which slots, epochs and times are counted in
// different ways: of all lengths, with eras that no slot is in, and with eras
// between others whose start is not known.
func slotNetworks() []Network {
	era := func(start Slot, epoch, epochLength uint64, slotLength time.Duration) EraParams {
		return EraParams{Start: start, StartEpoch: epoch, EpochLength: epochLength, SlotLength: slotLength}
	}
	never := era(Never, math.MaxUint64, 7, time.Hour)
	odd := Network{
		Name: "odd", Start: time.Unix(1_500_000_000, 700_000_000).UTC(),
		Eras: [NumEras]EraParams{
			era(0, 0, 10, 1500*time.Millisecond), never, era(30, 3, 7, 400*time.Millisecond), era(30, 3, 7, 400*time.Millisecond),
			never, era(51, 6, 1000, 3*time.Nanosecond), era(1051, 7, 3, 24*time.Hour), never,
		},
	}
	byron := Network{Name: "Byron only", Start: time.Unix(-5, 1).UTC(), Eras: [NumEras]EraParams{era(0, 0, 6, 2*time.Second)}}
	for e := Shelley; e.Known(); e++ {
		byron.Eras[e] = never
	}
	return append([]Network{odd, byron}, publicNetworks...)
}

// nanos returns the time of a slot in nanoseconds since 1970: that of its era's
// start and the slots since.
func nanos(n *Network, s Slot) *big.Int {
	unix := func(t time.Time) *big.Int {
		sec := new(big.Int).Mul(big.NewInt(t.Unix()), big.NewInt(1e9))
		return sec.Add(sec, big.NewInt(int64(t.Nanosecond())))
	}
	span := func(slots Slot, length time.Duration) *big.Int {
		return new(big.Int).Mul(new(big.Int).SetUint64(uint64(slots)), big.NewInt(int64(length)))
	}
	sum, last := unix(n.Start), n.Eras[Byron]
	for _, p := range n.Eras[Shelley:] {
		if p.Start != Never && p.Start <= s {
			sum.Add(sum, span(p.Start-last.Start, last.SlotLength))
			last = p
		}
	}
	return sum.Add(sum, span(s-last.Start, last.SlotLength))
}

// edgeSlots returns slots around each start of an era and far ones.
func edgeSlots(n *Network) []Slot {
	slots := []Slot{0, 1, 2, 9, 10, 29, 31, 36, 37, 44, 50, 1050, 1053, 1054, 5_000_000_000, 18_446_744_073, 18_446_744_074}
	for _, p := range n.Eras {
		if p.Start != Never {
			slots = append(slots, p.Start, p.Start+1, p.Start+Slot(p.EpochLength)-1, p.Start+Slot(p.EpochLength))
			if p.Start > 0 {
				slots = append(slots, p.Start-1)
			}
		}
	}
	return slots
}

// The time of a slot is what adding up slots without bounds gives, and each time
// within the slot leads back to it.
func TestSlotModel(t *testing.T) {
	for _, n := range slotNetworks() {
		for _, s := range edgeSlots(&n) {
			begin := n.SlotTime(s)
			sec, nsec := new(big.Int).DivMod(nanos(&n, s), big.NewInt(1e9), new(big.Int))
			if want := time.Unix(sec.Int64(), nsec.Int64()); !begin.Equal(want) || begin.Location() != time.UTC {
				t.Errorf("%s: slot %d at %v, want %v", n.Name, s, begin, want.UTC())
				continue
			}
			end := begin.Add(n.Eras[n.EraAt(s)].SlotLength)
			for at, want := range map[time.Time]Slot{begin: s, end.Add(-1): s, end: s + 1} {
				if got, ok := n.SlotAt(at); !ok || got != want {
					t.Errorf("%s: slot %d (%t) at %v, want %d", n.Name, got, ok, at, want)
				}
			}
		}
		if s, ok := n.SlotAt(n.Start.Add(-1)); ok || s != 0 {
			t.Errorf("%s: slot %d (%t) before the start", n.Name, s, ok)
		}
	}
}

// The epoch of a slot and the first slot of an epoch agree, and epochs of an era
// follow each other without a gap.
func TestEpochModel(t *testing.T) {
	for _, n := range slotNetworks() {
		for _, s := range edgeSlots(&n) {
			p := n.Eras[Byron]
			for _, later := range n.Eras[Shelley:] {
				if later.Start != Never && later.Start <= s {
					p = later
				}
			}
			past := uint64(s-p.Start) / p.EpochLength
			epoch := n.Epoch(s)
			if epoch != p.StartEpoch+past {
				t.Errorf("%s: slot %d is in epoch %d, want %d", n.Name, s, epoch, p.StartEpoch+past)
			}
			if got, want := n.EpochStart(epoch), p.Start+Slot(past*p.EpochLength); got != want {
				t.Errorf("%s: epoch %d of slot %d starts in slot %d, want %d", n.Name, epoch, s, got, want)
			}
		}
	}
}

// What is beyond all time and all slots is cut, and nothing overflows.
func TestSlotsBeyond(t *testing.T) {
	end := time.Unix(math.MaxInt64/2, 0).UTC()
	const far = math.MaxInt64 / 4 // seconds: the last that are added
	with := func(length time.Duration, eras ...EraParams) (n Network) {
		n.Eras[Byron] = EraParams{EpochLength: 10, SlotLength: length}
		for e := Shelley; e.Known(); e++ {
			n.Eras[e] = EraParams{Start: Never, StartEpoch: math.MaxUint64}
		}
		copy(n.Eras[Shelley:], eras)
		n.Start = time.Unix(0, 0)
		return n
	}
	late := EraParams{Start: 1 << 61, StartEpoch: 1 << 50, EpochLength: 10, SlotLength: time.Second}
	for _, tt := range []struct {
		n    Network
		slot Slot
		want time.Time
	}{
		{with(time.Second), far, time.Unix(far, 0).UTC()},
		{with(time.Second), far + 1, end},
		{with(2 * time.Second), 1<<63 - 1, end},
		{with(2 * time.Second), 1 << 63, end}, // 2^64 seconds
		{with(time.Second), math.MaxUint64, end},
		{with(time.Hour), math.MaxUint64, end},
		{with(1), math.MaxUint64, time.Unix(18_446_744_073, 709_551_615).UTC()},
		{with(time.Second, late), 1<<61 + 5, end}, // of an era that starts too late
		{with(time.Second, EraParams{Start: far, EpochLength: 10, SlotLength: time.Second}), far + 5, time.Unix(far+5, 0).UTC()},
		{with(time.Second/2, late), 1<<61 + 5, time.Unix(1<<60+5, 0).UTC()},
	} {
		if got := tt.n.SlotTime(tt.slot); !got.Equal(tt.want) || got.Location() != time.UTC {
			t.Errorf("slots of %v: slot %d at %v, want %v", tt.n.Eras[Byron].SlotLength, tt.slot, got, tt.want)
		}
	}
	nanosecond := with(1)
	for _, tt := range []struct {
		sec, nsec int64
		want      Slot
	}{
		{18_446_744_073, 709_551_614, math.MaxUint64 - 1},
		{18_446_744_073, 709_551_616, Never}, // 2^64 ns
		{18_446_744_074, 0, Never},
		{far, 0, Never},
	} {
		if got, ok := nanosecond.SlotAt(time.Unix(tt.sec, tt.nsec)); !ok || got != tt.want {
			t.Errorf("slots of 1 ns: slot %d (%t) at %d s, want %d", got, ok, tt.sec, tt.want)
		}
	}
	if s, ok := (Network{}).SlotAt(time.Unix(0, 0)); ok || s != 0 {
		t.Errorf("slot %d (%t) of a network without eras", s, ok)
	}
	for _, tt := range []struct {
		n     Network
		epoch uint64
		want  Slot
	}{
		{with(1), math.MaxUint64 / 10, math.MaxUint64 - 5},
		{with(1), math.MaxUint64/10 + 1, Never}, // the product has 65 bits
		{with(1), math.MaxUint64, Never},
		{with(1, late), 1<<50 + (math.MaxUint64-1<<61)/10, math.MaxUint64 - (math.MaxUint64-1<<61)%10},
		{with(1, late), 1<<50 + (math.MaxUint64-1<<61)/10 + 1, Never}, // the sum has
		{Network{}, 7, 0},
	} {
		if got := tt.n.EpochStart(tt.epoch); got != tt.want {
			t.Errorf("epoch %d starts in slot %d, want %d", tt.epoch, got, tt.want)
		}
	}
	// An era without a known start is not that of the last slot of all.
	for _, n := range publicNetworks {
		if e := n.EraAt(Never); e != Conway || !n.EraPossible(Conway, Never) {
			t.Errorf("%s: slot 2^64 - 1 is in %v", n.Name, e)
		}
	}
	var none Network
	none.Eras[Conway].StartEpoch = 9
	if got := none.Epoch(5); got != 0 {
		t.Errorf("epoch %d without a length", got)
	}
	for e := Shelley; e.Known(); e++ {
		none.Eras[e] = EraParams{Start: Never}
	}
	none.Eras[Byron] = EraParams{StartEpoch: 3, EpochLength: 1}
	if got := none.Epoch(5); got != 8 {
		t.Errorf("epoch %d with a length of 1", got)
	}
}

// The window is rounded up, and the largest number where 64 bits do not hold it.
func TestWindows(t *testing.T) {
	for _, tt := range []struct {
		k    uint64
		f    Ratio
		m    uint64
		want uint64
	}{
		{10, Ratio{}, 3, math.MaxUint64},
		{10, Ratio{1, 1}, 3, 30},
		{10, Ratio{1, 2}, 1, 20},
		{10, Ratio{2, 3}, 1, 15},
		{10, Ratio{3, 4}, 1, 14},
		{10, Ratio{29, 30}, 3, 32},
		{1 << 32, Ratio{1, 1 << 31}, 1, 1 << 63},
		{1 << 32, Ratio{1, 1 << 32}, 1, math.MaxUint64}, // 2^64
		{1 << 32, Ratio{1, 1 << 33}, 1, math.MaxUint64},
		{1 << 32, Ratio{2, 1 << 33}, 1, math.MaxUint64},
		{1 << 32, Ratio{3, 1 << 33}, 1, 1<<65/3 + 1},
	} {
		n := Network{SecurityParam: tt.k, ActiveSlots: tt.f}
		if got := n.Window(tt.m); got != tt.want {
			t.Errorf("k %d, f %v: Window(%d) = %d, want %d", tt.k, tt.f, tt.m, got, tt.want)
		}
	}
}

// The parameters of the public networks, also where their genesis files are not
// at hand: see TestGenesisFiles.
func TestPublicParameters(t *testing.T) {
	for _, tt := range []struct {
		n           Network
		magic       uint32
		k           uint64
		epochLength uint64 // from Shelley on
	}{
		{Mainnet, 764824073, 2160, 432000},
		{Preprod, 1, 2160, 432000},
		{Preview, 2, 432, 86400},
	} {
		n := &tt.n
		if n.Magic != tt.magic || n.SecurityParam != tt.k || n.ActiveSlots != (Ratio{1, 20}) {
			t.Errorf("%s: magic %d, k %d, f %v", n.Name, n.Magic, n.SecurityParam, n.ActiveSlots)
		}
		if n.SlotsPerKESPeriod != 129600 || n.MaxKESEvolutions != 62 || n.MaxHeaderSize != 1100 || n.MaxBodySize != 65536 {
			t.Errorf("%s: %d evolutions of %d slots, headers of %d bytes, bodies of %d", n.Name, n.MaxKESEvolutions, n.SlotsPerKESPeriod, n.MaxHeaderSize, n.MaxBodySize)
		}
		if p := n.Eras[Byron]; p != (EraParams{EpochLength: 10 * tt.k, SlotLength: 20 * time.Second}) {
			t.Errorf("%s: Byron %+v", n.Name, p)
		}
		for e := Shelley; e.Known(); e++ {
			if p := n.Eras[e]; p.EpochLength != tt.epochLength || p.SlotLength != time.Second || (p.Start == Never) != (e == Dijkstra) {
				t.Errorf("%s: %v %+v", n.Name, e, p)
			}
		}
		if p := n.Eras[Dijkstra]; p.StartEpoch != math.MaxUint64 {
			t.Errorf("%s: Dijkstra %+v", n.Name, p)
		}
	}
}
