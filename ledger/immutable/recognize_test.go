package immutable_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

var bothWays = map[string]func(string, immutable.Options) (*immutable.DB, error){"Open": immutable.Open, "OpenAppend": immutable.OpenAppend}

// refusedNetwork checks that a folder is not opened on a network, that the error
// says why, that it never advises to delete anything, and that nothing is changed.
func refusedNetwork(t *testing.T, dir string, n ledger.Network, want string) {
	t.Helper()
	before := folderFiles(t, dir)
	for how, open := range bothWays {
		db, err := open(dir, immutable.Options{Network: n})
		if err == nil {
			t.Errorf("%s of %s on %s: tip %v", how, dir, n.Name, db.Tip())
			db.Close()
			continue
		}
		var wrong *immutable.NetworkError
		var damage *immutable.DamageError
		if !errors.As(err, &wrong) && !(errors.As(err, &damage) && damage.Doubt) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "delete") {
			t.Errorf("%s of %s on %s: %v, want %q", how, dir, n.Name, err, want)
		}
	}
	after := folderFiles(t, dir)
	delete(after, "ouronet.lock")
	if !maps.EqualFunc(before, after, bytes.Equal) {
		t.Errorf("%s on %s: files have changed", dir, n.Name)
	}
}

// A folder of another network is refused by the marker of cardano-node beside it.
func TestMarker(t *testing.T) {
	s := newStored(t)
	if _, err := immutable.Open(s.write(t, nil), immutable.Options{}); err == nil {
		t.Error("opened without a network")
	}
	for _, test := range []struct{ marker, want string }{
		{"764824073", "the file protocolMagicId beside it says 764824073 (mainnet), and generated has 42: name its network, or another folder"},
		{"43\n", "says 43, and generated has 42"},
		{"no number", `says "no number", and generated has 42`},
		{"", `says "", and generated has 42`},
	} {
		dir := filepath.Join(t.TempDir(), "immutable")
		if err := os.CopyFS(dir, os.DirFS(s.write(t, nil))); err != nil {
			t.Fatal(err)
		}
		marker := filepath.Join(filepath.Dir(dir), "protocolMagicId")
		if err := os.WriteFile(marker, []byte(test.marker), 0o600); err != nil {
			t.Fatal(err)
		}
		refusedNetwork(t, dir, s.network, test.want)
		if err := os.WriteFile(marker, []byte("42"), 0o600); err != nil {
			t.Fatal(err)
		}
		open(t, dir, s.network)

		// With the right marker there is no doubt about the network, only damage.
		for c := range s.last {
			if err := os.Truncate(filepath.Join(dir, s.name(c, "primary")), 401); err != nil {
				t.Fatal(err)
			}
		}
		for marked, advice := range map[bool]string{true: "or delete the files of this chunk", false: "if it is not the folder of another network"} {
			at := dir
			if !marked {
				at = filepath.Join(t.TempDir(), "immutable")
				if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
			}
			for how, open := range bothWays {
				if _, err := open(at, immutable.Options{Network: s.network}); err == nil || !strings.Contains(err.Error(), advice) {
					t.Errorf("%s, marked %t: %v", how, marked, err)
				}
			}
		}
	}
}

// Without a marker a folder of another network is recognized by its first block.
func TestFirstBlockOfAnotherNetwork(t *testing.T) {
	byron := smallChunks()
	byron.Genesis.Byron = ledger.Hash{1}
	other := byron
	other.Name, other.Magic, other.Genesis.Byron = "other", 43, ledger.Hash{2}
	longer := smallChunks()
	longer.Name, longer.Magic, longer.Eras[ledger.Byron].EpochLength = "longer", 44, 150
	blocks := func(n ledger.Network) []ledger.Block {
		return chaintest.NewGenerator(chaintest.Config{Seed: 1, Network: n, BlockSize: 900,
			Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: 60}, {Era: ledger.Conway}}}).Blocks(120)
	}
	late := smallChunks() // a chain of one era, in which nothing names the network
	late.Name = "late"
	oneEra := chaintest.NewGenerator(chaintest.Config{Seed: 1, Network: late, BlockSize: 900}).Blocks(200)
	chain := blocks(byron)
	for _, test := range []struct {
		name   string
		of     ledger.Network
		blocks []ledger.Block
		on     ledger.Network
		want   string
	}{
		{"Byron's genesis", byron, chain, other, "its first block names the Byron genesis 0100000000000000"},
		{"Byron's magic", byron, chain[1:], other, "its first block has network magic 42, and other has 43"},
		{"mainnet", byron, chain, ledger.Mainnet, "that of mainnet is 5f20df93"},
		{"much longer chunks", late, oneEra, ledger.Mainnet, "if it is not the folder of another network"},
		{"longer chunks", late, oneEra, longer, "if it is not the folder of another network"},
		{"longer chunks, beginning later", late, oneEra[60:], longer, "its first block, in slot "},
		{"shorter chunks", longer, oneEra, late, "if it is not the folder of another network"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			appendAll(t, dir, test.of, test.blocks)
			open(t, dir, test.of)
			if err := os.Remove(filepath.Join(dir, "ouronet.lock")); err != nil {
				t.Fatal(err)
			}
			refusedNetwork(t, dir, test.on, test.want)
		})
	}
}

// A first block that is not what its index has shows nothing: that is damage.
func TestDamagedFirstBlock(t *testing.T) {
	n := smallChunks()
	chain := chaintest.NewGenerator(chaintest.Config{Seed: 1, Network: n, BlockSize: 900, Eras: []chaintest.Stretch{{Era: ledger.Byron}}}).Blocks(500)
	dir := t.TempDir()
	appendAll(t, dir, n, chain[1:])
	file := filepath.Join(dir, "00000.chunk")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	magic := bytes.Index(b, []byte{0x18, 42}) // the first field of the header
	if magic < 0 || magic > 10 {
		t.Fatalf("no magic in %x", b[:10])
	}
	b[magic+1]++
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for how, open := range bothWays {
		_, err := open(dir, immutable.Options{Network: n})
		wantDamage(t, how, err, "00000.chunk")
	}
}

// The folders of the public networks are told from each other.
func TestPublicFolders(t *testing.T) {
	for _, test := range []struct {
		folder string
		of     string
		want   map[string]string
	}{
		{"preview-immutable", "preview", map[string]string{"mainnet": "its first block is that of preview", "preprod": "its first block is that of preview"}},
		{"preview-immutable-late", "preview", map[string]string{"mainnet": "its first block, in slot ", "preprod": "its first block, in slot "}},
		{"preprod-chunk-01285", "preprod", map[string]string{"preview": "its first block, in slot "}},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(testenv.ChainData(t), test.folder))); err != nil {
			t.Fatal(err)
		}
		for name, want := range test.want {
			n, _ := ledger.NetworkByName(name)
			refusedNetwork(t, dir, n, want)
		}
	}
}

// Whoever names a folder of cardano-node beside or above the right one is told
// which one is right, and no chain begins there.
func TestFolderOfSomethingElse(t *testing.T) {
	s := newStored(t)
	node := filepath.Join(t.TempDir(), "db")
	right := filepath.Join(node, "immutable")
	if err := os.CopyFS(right, os.DirFS(s.write(t, nil))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"volatile/blocks-0.dat", "ledger/12/state", "protocolMagicId", "clean", "lock"} {
		file := filepath.Join(node, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("42"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	itself := filepath.Join(t.TempDir(), "immutable")
	if err := os.Mkdir(itself, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(itself, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		node:                            "did you mean " + right + "?",
		filepath.Dir(node):              "did you mean " + right + "?",
		filepath.Join(node, "volatile"): "did you mean " + right + "?",
		filepath.Join(node, "ledger"):   "did you mean " + right + "?",
		other:                           "name the folder that holds 00000.chunk",
		itself:                          "name the folder that holds 00000.chunk",
	} {
		for how, open := range bothWays {
			before, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if db, err := open(dir, immutable.Options{Network: s.network}); err == nil {
				t.Errorf("%s of %s: tip %v", how, dir, db.Tip())
			} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("%s of %s: %v, want %q", how, dir, err, want)
			}
			if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) {
				t.Errorf("%s of %s: %d files, %d before; %v", how, dir, len(after), len(before), err)
			}
		}
	}
	if db := openAppend(t, right, s.network); db.Tip() != s.blocks[len(s.blocks)-1].Header.Tip() {
		t.Errorf("tip is %v", db.Tip())
	}

	// What file systems and earlier runs leave is no reason to refuse a folder.
	fresh := t.TempDir()
	if err := os.Mkdir(filepath.Join(fresh, "lost+found"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".gitkeep", "ouronet.lock", "ouronet.state"} {
		if err := os.WriteFile(filepath.Join(fresh, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openAppend(t, fresh, s.network)
}
