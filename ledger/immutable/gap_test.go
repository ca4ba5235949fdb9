package immutable_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// What MaxGap allows can be appended, and covers what an honest chain can skip,
// whatever the two security parameters are.
func TestMaxGap(t *testing.T) {
	for _, test := range []struct {
		byron, k uint64
		f        ledger.Ratio
		want     ledger.Slot
	}{
		{2160, 2160, ledger.Ratio{Num: 1, Den: 20}, 1000 * 21600},
		{5, 2160, ledger.Ratio{Num: 1, Den: 20}, 2593 * 50}, // 3 k / f is 129,600
		{60, 100, ledger.Ratio{Num: 1, Den: 1}, 1000 * 600},
		{2160, 5, ledger.Ratio{Num: 1, Den: 20}, 1000 * 21600},
		{5, 5, ledger.Ratio{}, 1000 * 50},
	} {
		n := smallChunks()
		n.Eras[ledger.Byron].EpochLength, n.SecurityParam, n.ActiveSlots = 10*test.byron, test.k, test.f
		got := immutable.MaxGap(n)
		if got != test.want || test.f.Num > 0 && uint64(got) < n.Window(3) {
			t.Errorf("k %d and %d, f %v: %d, want %d", test.byron, test.k, test.f, got, test.want)
		}
	}
	// In a folder: the block before is at the end of a chunk, or the start.
	n := smallChunks()
	n.Eras[ledger.Byron].EpochLength = 2
	n.SecurityParam, n.ActiveSlots = 70, ledger.Ratio{Num: 1, Den: 10}
	gap := immutable.MaxGap(n)
	if gap != 2*1051 {
		t.Fatalf("MaxGap is %d", gap)
	}
	for _, test := range []struct {
		first, next ledger.Slot
		ok          bool
	}{
		{3, gap + 5, true}, {3, gap + 6, false}, {2, gap + 6, false},
	} {
		dir := t.TempDir()
		db := openAppend(t, dir, n)
		blocks := chainAt(t, n, test.first, test.next)
		if err := db.Append(blocks[0]); err != nil {
			t.Fatal(err)
		}
		err := db.Append(blocks[1])
		if test.ok != (err == nil) || err != nil && !errors.Is(err, immutable.ErrDoesNotFollow) {
			t.Errorf("block in slot %d after %d: %v", test.next, test.first, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if again := open(t, dir, n); test.ok && (again.Tip() != blocks[1].Header.Tip() || count(t, again, ledger.Origin) != 2) {
			t.Errorf("opened at %v", again.Tip())
		}
	}
}

// chainAt returns two blocks in these slots, the first at the origin.
func chainAt(t *testing.T, n ledger.Network, first, next ledger.Slot) [2]ledger.Block {
	t.Helper()
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 1}
	chain := func(seed uint64, from ledger.Slot) *chaintest.Generator {
		c := chaintest.Config{Seed: seed, Network: n, BlockSize: 1}
		if from > 0 {
			c.After = from - 1
		}
		return chaintest.NewGenerator(c)
	}
	a := chain(1, first)
	one := a.Next()
	b := chain(2, next-1)
	before, two := b.Next(), b.Next()
	raw := bytes.Replace(two.Raw, before.Header.Hash[:], one.Header.Hash[:], 1)
	two, err := n.ParseBlock(raw)
	if err != nil || !two.Header.PrevIs(one.Header.Point()) || one.Header.Slot != first || two.Header.Slot != next {
		t.Fatalf("blocks %v and %v, %v", one.Header, two.Header, err)
	}
	return [2]ledger.Block{one, two}
}
