package volatile_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// A folder as cardano-node leaves one, of real blocks: the single ones of mainnet from
// a Byron boundary block to Babbage, which are forks of one another as far as the folder
// knows, in a file by themselves; and 2,300 consecutive ones of Preview in files of 1,000.
// It is read without being changed, and then appended to.
func TestRealBlocks(t *testing.T) {
	data := testenv.ChainData(t)
	var single []ledger.Block
	singleFiles, err := filepath.Glob(filepath.Join(data, "mainnet-blocks", "*"))
	if err != nil {
		t.Fatal(err)
	}
	eras := make(map[ledger.Era]int)
	boundary := 0
	for _, name := range singleFiles {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			continue
		}
		b, err := ledger.Mainnet.ParseBlock(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if slices.Contains(points(single), b.Header.Point()) {
			continue
		}
		if b.Header.Raw.EBB {
			boundary++
		}
		eras[b.Header.Raw.Era]++
		single = append(single, b)
	}
	if len(eras) < 6 || boundary == 0 || len(single) < 15 {
		t.Fatalf("%d blocks of the eras %v, %d boundary blocks", len(single), eras, boundary)
	}
	chain, err := immutable.Open(filepath.Join(data, "preview-immutable-late"), immutable.Options{Network: ledger.Preview})
	if err != nil {
		t.Fatal(err)
	}
	var blocks []ledger.Block
	for raw, err := range chain.BlocksFrom(chain.First()) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := ledger.Preview.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		if blocks = append(blocks, b); len(blocks) == 2300 {
			break
		}
	}

	for name, folder := range map[string]struct {
		network ledger.Network
		blocks  []ledger.Block
		perFile int
	}{"mainnet": {ledger.Mainnet, single, 5}, "preview": {ledger.Preview, blocks, 1000}} {
		t.Run(name, func(t *testing.T) {
			files := make(map[string][]byte)
			for i, part := range slices.Collect(slices.Chunk(folder.blocks, folder.perFile)) {
				files["blocks-"+[]string{"98", "99", "100", "101"}[i]+".dat"] = raw(part...)
			}
			dir := writeFiles(t, files)
			want := slices.Clone(folder.blocks)
			slices.SortStableFunc(want, func(a, b ledger.Block) int { return int(int64(a.Header.Slot) - int64(b.Header.Slot)) })
			o := volatile.Options{Network: folder.network, MaxBlocks: folder.perFile, ReadOnly: true}
			db := open(t, dir, o)
			if len(db.Cuts()) > 0 {
				t.Fatal(db.Cuts())
			}
			has(t, db, want...)
			o.ReadOnly = false
			appends := open(t, dir, o)
			has(t, appends, want...)
			if err := appends.Drop(points(folder.blocks[:folder.perFile])...); err != nil {
				t.Fatal(err)
			}
			if got := names(t, dir); slices.Contains(got, "blocks-98.dat") || len(got) != len(files)-1 {
				t.Errorf("files: %v", got)
			}
		})
	}
}
