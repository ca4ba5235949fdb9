package relay_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node/relay"
)

// A relay begins with the folder that a node or a snapshot has left, appends to it, and
// changes nothing else in it.
func TestStartsFromOtherFolders(t *testing.T) {
	const have, all, first = 120, 150, 40
	for name, test := range map[string]struct {
		first int               // block that the folder begins with
		files map[string]string // beside the chunks
		torn  int               // bytes that the last chunk lacks
	}{
		"a node's":                      {0, map[string]string{"lock": "", "clean": "", "ledger/100/state": "x", "ledger/100/tables": "y", "gsm/CaughtUpMarker": ""}, 0},
		"a node's that was killed":      {0, map[string]string{"lock": "", "ledger/100": "x"}, 10},
		"a snapshot, ancillary files":   {0, map[string]string{"clean": "", "ledger/100/state": "x", "ledger/100/meta": "{}"}, 0},
		"a snapshot without them":       {0, nil, 0},
		"one that begins in the middle": {first, map[string]string{"clean": ""}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write := func(name, text string) {
				name = filepath.Join(root, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			network := signedNetwork()
			write("protocolMagicId", strconv.FormatUint(uint64(network.Magic), 10))
			for name, text := range test.files {
				write(name, text)
			}
			blocks := chaintest.NewGenerator(signedConfig()).Blocks(have)
			chunks := filepath.Join(root, "immutable")
			if err := os.MkdirAll(chunks, 0o755); err != nil {
				t.Fatal(err)
			}
			db, err := immutable.OpenAppend(chunks, immutable.Options{Network: network, Owned: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range blocks[test.first:] {
				if err := db.Append(b); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			tip := have - 1
			if test.torn > 0 {
				files, err := filepath.Glob(filepath.Join(chunks, "*.chunk"))
				if err != nil {
					t.Fatal(err)
				}
				last := files[len(files)-1]
				info, err := os.Stat(last)
				if err == nil {
					err = os.Truncate(last, info.Size()-int64(test.torn))
				}
				if err != nil {
					t.Fatal(err)
				}
				tip--
			}
			synctest.Test(t, func(t *testing.T) {
				s := &stage{t: t, signed: true}
				c := newSigned(all)
				s.upstream("upstream", c)
				r, stop := s.relay("relay", relay.Config{Follow: s.config("upstream"), DataDir: root})
				if got := r.Status().Tip.Point; got != blocks[tip].Header.Point() {
					t.Errorf("starts after %v, want %v", got, blocks[tip].Header.Point())
				}
				for range 100 {
					if r.Status().Tip.Point == c.Tip().Point {
						break
					}
					time.Sleep(time.Second)
				}
				if got := r.Status().Tip; got.Point != c.Tip().Point {
					t.Errorf("follows up to %v, want %v", got, c.Tip())
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
			for name, text := range test.files {
				got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
				if err != nil || string(got) != text {
					t.Errorf("%s is %q now, %v", name, got, err)
				}
			}
			opened, err := immutable.Open(chunks, immutable.Options{Network: network})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for raw, err := range opened.BlocksFrom(opened.First()) {
				if i := test.first + n; err != nil || i < have && string(raw) != string(blocks[i].Raw) {
					t.Fatalf("block %d: %v", i, err)
				}
				n++
			}
			if test.first+n <= tip {
				t.Errorf("%d blocks in the folder", n)
			}
		})
	}
}
