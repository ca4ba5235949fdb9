package ledger

import (
	"math"
	"testing"
	"time"
)

func TestEraStarts(t *testing.T) {
	for _, n := range publicNetworks {
		for e := Shelley; e <= Conway; e++ {
			p, before := n.Eras[e], n.Eras[e-1]
			if want := before.Start + Slot((p.StartEpoch-before.StartEpoch)*before.EpochLength); p.Start != want {
				t.Errorf("%s: %v starts at slot %d, its epoch at %d", n.Name, e, p.Start, want)
			}
		}
	}
}

func TestSlotTimes(t *testing.T) {
	for _, tt := range []struct {
		n     Network
		slot  Slot
		at    string
		era   Era
		epoch uint64
	}{
		{Mainnet, 0, "2017-09-23T21:44:51Z", Byron, 0},
		{Mainnet, 4492799, "2020-07-29T21:44:31Z", Byron, 207},
		{Mainnet, 4492800, "2020-07-29T21:44:51Z", Shelley, 208},
		{Mainnet, 39916800, "2021-09-12T21:44:51Z", Alonzo, 290},
		{Mainnet, 133660800, "2024-09-01T21:44:51Z", Conway, 507},
		{Preprod, 86399, "2022-06-20T23:59:40Z", Byron, 3},
		{Preprod, 86400, "2022-06-21T00:00:00Z", Shelley, 4},
		{Preview, 0, "2022-10-25T00:00:00Z", Alonzo, 0},
		{Preview, 259200, "2022-10-28T00:00:00Z", Babbage, 3},
	} {
		got := tt.n.SlotTime(tt.slot)
		if got.Format(time.RFC3339Nano) != tt.at {
			t.Errorf("%s: slot %d at %v, want %s", tt.n.Name, tt.slot, got, tt.at)
		}
		if era := tt.n.EraAt(tt.slot); era != tt.era {
			t.Errorf("%s: slot %d in %v, want %v", tt.n.Name, tt.slot, era, tt.era)
		}
		if epoch := tt.n.Epoch(tt.slot); epoch != tt.epoch {
			t.Errorf("%s: slot %d in epoch %d, want %d", tt.n.Name, tt.slot, epoch, tt.epoch)
		}
	}
}

func TestSlotRoundTrip(t *testing.T) {
	for _, n := range publicNetworks {
		for _, s := range []Slot{0, 1, 21599, 86399, 86400, 4492799, 4492800, 4492801, 1 << 32, 1 << 40} {
			begin := n.SlotTime(s)
			length := n.Eras[n.EraAt(s)].SlotLength
			for _, at := range []time.Time{begin, begin.Add(length - 1)} {
				if got, ok := n.SlotAt(at); !ok || got != s {
					t.Errorf("%s: SlotAt(%v) = %d, %v, want %d", n.Name, at, got, ok, s)
				}
			}
		}
		for _, epoch := range []uint64{0, 1, 3, 4, 5, 207, 208, 209, 1000} {
			start := n.EpochStart(epoch)
			if got := n.Epoch(start); got != epoch {
				t.Errorf("%s: epoch %d starts at slot %d, which is in epoch %d", n.Name, epoch, start, got)
			}
			if start > 0 && n.Epoch(start-1) != epoch-1 {
				t.Errorf("%s: slot %d before epoch %d is in epoch %d", n.Name, start-1, epoch, n.Epoch(start-1))
			}
		}
	}
}

func TestSlotsAtTheEdges(t *testing.T) {
	n := Mainnet
	if _, ok := n.SlotAt(n.Start.Add(-1)); ok {
		t.Error("a slot before the start")
	}
	last := n.SlotTime(math.MaxUint64)
	if last.Year() < 1e6 || last.Before(n.SlotTime(1<<50)) {
		t.Errorf("SlotTime(max) = %v", last)
	}
	if _, ok := n.SlotAt(last); !ok {
		t.Errorf("SlotAt(%v) is not ok", last)
	}
	if got := n.EpochStart(math.MaxUint64); got != Never {
		t.Errorf("EpochStart(max) = %d", got)
	}
	var zero Network
	zero.SlotTime(5)
	zero.SlotAt(time.Unix(0, 0))
	zero.Epoch(5)
	zero.EpochStart(5)
	zero.Window(3)
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		n       Network
		m, want uint64
	}{
		{Mainnet, 3, 129600}, {Mainnet, 4, 172800}, {Preview, 3, 25920}, {Preview, 4, 34560},
		{Network{SecurityParam: 10, ActiveSlots: Ratio{7, 10}}, 3, 43},
	} {
		if got := tt.n.Window(tt.m); got != tt.want {
			t.Errorf("%s: Window(%d) = %d, want %d", tt.n.Name, tt.m, got, tt.want)
		}
	}
}
