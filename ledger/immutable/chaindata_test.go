package immutable_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

func TestReadChainData(t *testing.T) {
	for _, tt := range []struct {
		folder  string
		network ledger.Network
		blocks  int
		tip     string
		origin  bool
	}{
		{"preview-immutable", ledger.Preview, 17310, "345594.e47ac07272e95d6c3dc8279def7b88ded00e310f99ac3dfbae48ed9ff55e6001 (block 17309)", true},
		{"preview-immutable-late", ledger.Preview, 4202, "", false},
		{"preprod-chunk-01285", ledger.Preprod, 864, "", false},
	} {
		t.Run(tt.folder, func(t *testing.T) {
			db := open(t, filepath.Join(testenv.ChainData(t), tt.folder), tt.network)
			if tt.tip != "" && db.Tip().String() != tt.tip {
				t.Errorf("tip is %v, want %v", db.Tip(), tt.tip)
			}
			if ok, err := db.Contains(ledger.Origin); ok != tt.origin || err != nil {
				t.Errorf("Contains(origin) = %v, %v, want %v", ok, err, tt.origin)
			}
			next, stop := iter.Pull2(db.HeadersFrom(db.First()))
			defer stop()
			n := 0
			var last ledger.Header
			for raw, err := range db.BlocksFrom(db.First()) {
				if err != nil {
					t.Fatal(err)
				}
				b := parse(t, tt.network, raw)
				h, err, ok := next()
				if err != nil || !ok || h.Point() != b.Header.Point() || !bytes.Equal(h.Raw.Bytes, b.Header.Raw.Bytes) {
					t.Fatalf("header %d is %v (%v, %v), block is %v", n, h.Point(), ok, err, b.Header.Point())
				}
				if n > 0 && !h.PrevIs(last.Point()) {
					t.Fatalf("%v does not follow %v", h.Point(), last.Point())
				}
				if n%97 == 0 {
					checkLookup(t, db, b)
				}
				last = h
				n++
			}
			if _, _, ok := next(); ok || n != tt.blocks || last.Tip() != db.Tip() {
				t.Errorf("%d blocks to %v, want %d to %v; more headers: %v", n, last.Tip(), tt.blocks, db.Tip(), ok)
			}
		})
	}
}

func checkLookup(t *testing.T, db *immutable.DB, b ledger.Block) {
	t.Helper()
	p := b.Header.Point()
	if raw, err := db.Block(p); err != nil || !bytes.Equal(raw, b.Raw) {
		t.Errorf("Block(%v): other bytes, %v", p, err)
	}
	if h, err := db.Header(p); err != nil || h.Point() != p {
		t.Errorf("Header(%v) = %v, %v", p, h.Point(), err)
	}
	p.Hash[0]++
	if _, err := db.Block(p); !errors.Is(err, immutable.ErrNotFound) {
		t.Errorf("Block of an unknown point: %v", err)
	}
}

// What is appended makes the files that cardano-node made.
func TestRewriteChainData(t *testing.T) {
	for folder, network := range map[string]ledger.Network{
		"preview-immutable":      ledger.Preview,
		"preview-immutable-late": ledger.Preview,
		"preprod-chunk-01285":    ledger.Preprod,
	} {
		t.Run(folder, func(t *testing.T) {
			source := filepath.Join(testenv.ChainData(t), folder)
			from := open(t, source, network)
			dir := t.TempDir()
			to := openAppend(t, dir, network)
			for raw, err := range from.BlocksFrom(from.First()) {
				if err != nil {
					t.Fatal(err)
				}
				b, err := network.ParseBlock(raw)
				if err != nil {
					t.Fatal(err)
				}
				if err := to.Append(b); err != nil {
					t.Fatal(err)
				}
			}
			if err := to.Close(); err != nil {
				t.Fatal(err)
			}
			compareFolders(t, source, dir, network)
		})
	}
}

// compareFolders compares all files. The source was cut from a longer chain, so
// that the primary file of its last chunk is filled to the end; that of a chain
// that ends there is not.
func compareFolders(t *testing.T, source, dir string, n ledger.Network) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(source, "0*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	for i, name := range names {
		want := readFile(t, name)
		got := readFile(t, filepath.Join(dir, filepath.Base(name)))
		if i >= len(names)-3 && filepath.Ext(name) == ".primary" {
			got = fillPrimary(got, n)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes differ from the %d of the original", filepath.Base(name), len(got), len(want))
		}
	}
	all, _ := filepath.Glob(filepath.Join(dir, "0*"))
	if len(all) != len(names) {
		t.Errorf("%d files, want %d", len(all), len(names))
	}
}

func fillPrimary(b []byte, n ledger.Network) []byte {
	end := binary.BigEndian.Uint32(b[len(b)-4:])
	for len(b) < 1+4*(int(n.Eras[ledger.Byron].EpochLength)+2) {
		b = binary.BigEndian.AppendUint32(b, end)
	}
	return b
}

func open(tb testing.TB, dir string, n ledger.Network) *immutable.DB {
	tb.Helper()
	db, err := immutable.Open(dir, immutable.Options{Network: n})
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

func openAppend(tb testing.TB, dir string, n ledger.Network) *immutable.DB {
	tb.Helper()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: n})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	return db
}

func appendTo(tb testing.TB, db *immutable.DB, blocks []ledger.Block) {
	tb.Helper()
	for _, b := range blocks {
		if err := db.Append(b); err != nil {
			tb.Fatal(err)
		}
	}
}

func parse(tb testing.TB, n ledger.Network, raw ledger.RawBlock) ledger.Block {
	tb.Helper()
	b, err := n.ParseBlock(raw)
	if err == nil {
		err = b.CheckBody()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func readFile(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
