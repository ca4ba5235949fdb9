package immutable

import (
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
)

// Reading all blocks, or headers, of real folders takes few reads, of all files together.
func TestRealHeaderReads(t *testing.T) {
	for _, test := range []struct {
		folder          string
		network         ledger.Network
		blocks, headers float64 // reads for each, at most
	}{
		{"preview-immutable", ledger.Preview, 0.02, 0.04},
		{"preview-immutable-late", ledger.Preview, 0.03, 0.05},
		{"preprod-chunk-01285", ledger.Preprod, 0.03, 0.03},
	} {
		db, err := Open(filepath.Join(testenv.ChainData(t), test.folder), Options{Network: test.network})
		if err != nil {
			t.Fatal(err)
		}
		n := count(db)
		all, gaps := 0, int64(0)
		for h, err := range db.HeadersFrom(db.First()) {
			if err != nil {
				t.Fatal(err)
			}
			all++
			gaps -= int64(len(h.Raw.Bytes))
		}
		headers := float64(n.total()) / float64(all)
		t.Logf("%s: %d headers, %.3f reads and %d bytes of chunks for each", test.folder, all, headers, n.bytes[chunkFile]/all)
		n = count(db)
		sum := 0
		for raw, err := range db.BlocksFrom(db.First()) {
			if err != nil {
				t.Fatal(err)
			}
			sum += len(raw)
		}
		blocks := float64(n.total()) / float64(all)
		t.Logf("%s: %.3f reads for each block of %d bytes; %d bytes between two headers", test.folder, blocks, sum/all, (int64(sum)+gaps)/int64(all))
		if headers > test.headers || blocks > test.blocks || n.bytes[chunkFile] > sum*11/10 {
			t.Errorf("%s: %.3f reads a header, %.3f a block, %d bytes for %d of blocks", test.folder, headers, blocks, n.bytes[chunkFile], sum)
		}
	}
}
