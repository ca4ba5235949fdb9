package chainsync

import (
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

func TestChangesKeepFew(t *testing.T) {
	var c Changes
	for n := range ledger.BlockNo(10_000) {
		c.RolledBack(ledger.Tip{Point: ledger.Point{Slot: ledger.Slot(n)}, BlockNo: n})
		if len(c.cuts) > maxCuts {
			t.Fatalf("%d rollbacks are kept, at most %d should be", len(c.cuts), maxCuts)
		}
	}
	c.RolledBack(ledger.Tip{})
	if len(c.cuts) != 1 {
		t.Errorf("%d rollbacks are kept after one to the origin", len(c.cuts))
	}
}
