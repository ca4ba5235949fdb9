package relay_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node/relay"
)

// A relay takes the folder of a stopped cardano-node or of a Mithril restore as it is,
// goes on from it, leaves what is not its own alone, and leaves it clean if it was.
func TestFolderOfNode(t *testing.T) {
	dir := t.TempDir()
	others := map[string]string{
		"ledger/4492800_keep/meta": "{}", "ledger/4492800_keep/state": "state", "gsm/CaughtUpMarker": "",
		"ancillary_manifest.json": "{}", "notes": "mine", "immutable/README": "mine",
	}
	for name, content := range others { // any order
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	exists := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(100)
		chunks := filepath.Join(t.TempDir(), "chunks")
		db, err := immutable.OpenAppend(chunks, immutable.Options{Network: network()})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range c.Blocks()[:70] {
			if err := db.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(chunks, "ouronet.lock")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(dir, "immutable"), os.DirFS(chunks)); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{"protocolMagicId": "42", "clean": ""} { // any order
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s.upstream("upstream", c)
		r, stop := s.relay("relay", relay.Config{Follow: s.config("upstream"), DataDir: dir})
		if got := r.Status(); got.Moved != 0 || exists("clean") {
			t.Errorf("%d files moved; still clean: %t", got.Moved, exists("clean"))
		}
		reader := s.reader("relay")
		reader.reach(c)
		c.Grow(50)
		reader.reach(c)
		if got := r.Status().Blocks; got != 150-70 {
			t.Errorf("%d blocks came", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if !exists("clean") {
			t.Error("closed in order, and not clean")
		}
	})
	found := 0
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		if want, ok := others[filepath.ToSlash(name)]; ok {
			if got, err := os.ReadFile(path); err != nil || string(got) != want {
				t.Errorf("%s is now %q, %v", name, got, err)
			}
			found++
		}
		return err
	})
	if found != len(others) {
		t.Errorf("%d files of %d are there", found, len(others))
	}
}
