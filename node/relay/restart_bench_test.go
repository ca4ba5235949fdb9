package relay

import (
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// BenchmarkRestart opens the store of a relay that has mainnet's k blocks of 20 kB which
// can be rolled back, and finds its chain in them. After that the tip is served.
func BenchmarkRestart(b *testing.B) {
	const k = 2160
	dir, n := b.TempDir(), chaintest.Network()
	open := func() (s *store, headers int) {
		db, err := immutable.OpenAppend(filepath.Join(dir, "immutable"), immutable.Options{Network: n})
		if err != nil {
			b.Fatal(err)
		}
		s = newStore(db, 0)
		adopted, err := s.openVault(filepath.Join(dir, "volatile"), volatile.Options{Network: n}, nil)
		if err != nil {
			b.Fatal(err)
		}
		return s, len(adopted)
	}
	shut := func(s *store) {
		if err := also(s.vault.close(), s.db.Close()); err != nil {
			b.Fatal(err)
		}
	}
	s, _ := open()
	d, gen := decider{s: s, k: k}, chaintest.NewGenerator(chaintest.Config{BlockSize: 20_000, Network: n})
	for range k + 50 {
		if err := d.extend(gen.Next()); err != nil {
			b.Fatal(err)
		}
	}
	tip := s.Tip()
	shut(s)
	b.ReportAllocs()
	for b.Loop() {
		s, adopted := open()
		if s.Tip() != tip || adopted != k {
			b.Fatalf("begins at %v with %d blocks, want %v", s.Tip(), adopted, tip)
		}
		shut(s)
	}
}
