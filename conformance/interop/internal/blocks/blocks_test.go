package blocks_test

import (
	"testing"

	"github.com/ouronet/ouronet/conformance/interop/internal/blocks"
	"github.com/ouronet/ouronet/ledger"
)

func TestConwayLinksAndBodiesMatch(t *testing.T) {
	prev := ledger.Origin
	for _, raw := range blocks.Conway(5, 18_000) {
		b, err := ledger.Preview.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		if !b.Header.PrevIs(prev) {
			t.Fatalf("block %d does not follow %v", b.Header.BlockNo, prev)
		}
		if err := b.CheckBody(); err != nil {
			t.Fatal(err)
		}
		if len(raw) < 17_000 || len(raw) > 19_000 {
			t.Errorf("block of %d bytes, want about 18,000", len(raw))
		}
		prev = b.Header.Point()
	}
}
