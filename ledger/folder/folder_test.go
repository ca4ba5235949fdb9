package folder_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/folder"
	"github.com/ouronet/ouronet/ledger/immutable"
)

func network() ledger.Network {
	n := chaintest.Network()
	n.Eras[ledger.Byron].EpochLength = 100 // chunks
	return n
}

// chunks writes the chunk files of a chain to a folder and returns their names.
func chunks(t *testing.T, dir string, blocks int) []string {
	t.Helper()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: network()})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range chaintest.NewGenerator(chaintest.Config{Network: network()}).Blocks(blocks) {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range tree(t, dir) {
		if _, ok := immutable.ChunkOf(name); ok {
			names = append(names, name)
		}
	}
	return names
}

func write(t *testing.T, content string, name ...string) {
	t.Helper()
	path := filepath.Join(name...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tree returns the content of all files in a folder, by name with slashes.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func open(t *testing.T, dir string) *folder.Folder {
	t.Helper()
	f, err := folder.Open(dir, network())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(false) })
	return f
}

// A folder is marked as cardano-node marks it, and refused where that refuses it.
// (operator, 4)
func TestMarker(t *testing.T) {
	n := network()
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string // "" for opened
	}{
		{"empty", nil, ""},
		{"of the network", map[string]string{"protocolMagicId": "42", "ledger/1": "x", "gsm/CaughtUpMarker": ""}, ""},
		{"with a newline", map[string]string{"protocolMagicId": "42\n"}, ""},
		{"interrupted before the marker", map[string]string{"protocolMagicId.new": "", "lock": ""}, ""},
		{"fresh file system", map[string]string{"lost+found/x": ""}, ""},
		{"of another network", map[string]string{"protocolMagicId": "1"}, "says 1 (preprod)"},
		{"unreadable", map[string]string{"protocolMagicId/x": ""}, "cannot be read"},
		{"no number", map[string]string{"protocolMagicId": "preview"}, `says "preview", not a network magic`},
		{"too large a number", map[string]string{"protocolMagicId": "4294967296"}, "not a network magic"},
		{"empty marker", map[string]string{"protocolMagicId": ""}, "not a network magic"},
		{"marker removed", map[string]string{"immutable/00000.chunk": "", "lock": ""}, "is missing, but the folder has other files (immutable)"},
		{"of something else", map[string]string{"thesis.doc": ""}, "write 42 into that file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.files { // any order
				write(t, content, dir, name)
			}
			before := tree(t, dir)
			f, err := folder.Open(dir, n)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				f.Close(false)
				if got := strings.TrimSpace(tree(t, dir)["protocolMagicId"]); got != "42" {
					t.Errorf("the marker is %q", got)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if !errors.As(err, new(*folder.MarkerError)) && !errors.As(err, new(*immutable.NetworkError)) {
				t.Errorf("the error is a %T", err)
			}
			if after := tree(t, dir); !maps.Equal(before, after) {
				t.Errorf("changed from %v to %v", before, after)
			}
		})
	}
}

// The folder is clean if the last process found it clean and closed it in order.
// (ouroboros-consensus, Node/Recovery.hs)
func TestClean(t *testing.T) {
	dir := t.TempDir()
	is := func(want bool) {
		t.Helper()
		if _, ok := tree(t, dir)["clean"]; ok != want {
			t.Errorf("clean is %t, want %t", ok, want)
		}
	}
	begin := func(clean bool) *folder.Folder {
		t.Helper()
		f := open(t, dir)
		if f.Clean() != clean {
			t.Errorf("found clean: %t", f.Clean())
		}
		if err := f.Begin(); err != nil {
			t.Fatal(err)
		}
		is(false)
		return f
	}
	end := func(f *folder.Folder, intact bool) {
		t.Helper()
		if err := f.Close(intact); err != nil {
			t.Fatal(err)
		}
	}
	f := begin(true)
	end(f, true)
	is(true)
	write(t, "x", dir, "immutable", "00000.chunk")
	end(open(t, dir), true) // ended before it began: as it was
	is(true)
	end(open(t, dir), false)
	is(true)
	end(begin(true), false)
	is(false)
	end(begin(false), true) // nobody has checked it
	is(false)
	write(t, "", dir, "clean") // cardano-node has
	end(begin(true), true)
	is(true)
}

// A folder of an earlier relay is moved, and only once.
func TestUpgrade(t *testing.T) {
	for _, test := range []struct {
		name   string
		before func(dir string, names []string) // what else is done to the folder
		moved  int                              // less than all
	}{
		{"whole", func(string, []string) {}, 0},
		{"half", func(dir string, names []string) {
			write(t, "", dir, "ouronet.moving")
			for _, name := range names[:7] {
				os.MkdirAll(filepath.Join(dir, "immutable"), 0o755)
				if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, "immutable", name)); err != nil {
					t.Error(err)
				}
			}
		}, 7},
		{"with a marker", func(dir string, _ []string) { write(t, "42", dir, "protocolMagicId") }, 0},
		{"of who knows", func(dir string, _ []string) { write(t, "", dir, "notes.txt") }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			names := chunks(t, dir, 30)
			slices.Sort(names)
			if len(names) < 9 {
				t.Fatal(names)
			}
			write(t, "state", dir, "ouronet.state")
			want := tree(t, dir)
			test.before(dir, names)
			for _, moved := range []int{len(names) - test.moved, 0} {
				f := open(t, dir)
				if f.Moved() != moved || f.Clean() {
					t.Errorf("moved %d, want %d; clean: %t", f.Moved(), moved, f.Clean())
				}
				f.Close(true)
			}
			got := tree(t, dir)
			for _, name := range names {
				if got["immutable/"+name] != want[name] {
					t.Errorf("%s is not what it was", name)
				}
			}
			if got["ouronet.state"] != "state" || got["protocolMagicId"] != "42" {
				t.Errorf("state %q, marker %q", got["ouronet.state"], got["protocolMagicId"])
			}
			for name := range got {
				if _, ok := immutable.ChunkOf(name); ok || name == "ouronet.moving" || name == "ouronet.lock" {
					t.Errorf("%s is still there", name)
				}
			}
		})
	}
}

// What cannot be moved stays as it is.
func TestUpgradeRefused(t *testing.T) {
	other := network()
	other.Eras[ledger.Byron].EpochLength = 120
	for _, test := range []struct {
		name    string
		network ledger.Network
		file    string // that is there, too
		want    string
	}{
		{"both", network(), "immutable/00004.chunk", "where a file of that name is"},
		{"other chunks", other, "", "is not of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range chunks(t, dir, 30) { // begins later
				if chunk, _ := immutable.ChunkOf(name); chunk < 3 {
					if err := os.Remove(filepath.Join(dir, name)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if test.file != "" {
				write(t, "x", dir, test.file)
			}
			before := tree(t, dir)
			before["lock"] = ""
			_, err := folder.Open(dir, test.network)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if after := tree(t, dir); !maps.Equal(before, after) {
				t.Errorf("changed: %v", slices.Sorted(maps.Keys(after)))
			}
		})
	}
}

// Earlier relays could append to the chunk folder of a node, and kept their state there.
func TestWithinNode(t *testing.T) {
	dir := t.TempDir()
	write(t, "42", dir, "protocolMagicId")
	within := filepath.Join(dir, "immutable")
	chunks(t, within, 20)
	write(t, "state", within, "ouronet.state")
	if _, err := folder.Open(within, network()); err == nil || !strings.Contains(err.Error(), "give "+dir) {
		t.Errorf("the chunk folder: %v", err)
	}
	open(t, dir)
	if files := tree(t, dir); files["ouronet.state"] != "state" {
		t.Error("the state is not moved")
	} else if _, ok := files["immutable/ouronet.state"]; ok {
		t.Error("the state is still there")
	}
}

func TestLocate(t *testing.T) {
	dir, plain := t.TempDir(), t.TempDir()
	write(t, "42", dir, "protocolMagicId")
	within := filepath.Join(dir, "immutable")
	chunks(t, within, 5)
	chunks(t, plain, 5)
	for _, test := range [][3]string{{dir, within, dir}, {within, within, dir}, {plain, plain, plain}, {"none", "none", "none"}} {
		if chunks, root := folder.Locate(test[0]); chunks != test[1] || root != test[2] {
			t.Errorf("%s: chunks in %s, root %s", test[0], chunks, root)
		}
	}
}

// Only one can have the folder open, of another process see TestLockedByOther.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	if _, err := folder.Open(dir, network()); !errors.Is(err, immutable.ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	if err := f.Close(true); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

// An earlier relay that still runs is not moved away under its feet.
func TestOldRelayRuns(t *testing.T) {
	dir := t.TempDir()
	old, err := immutable.OpenAppend(dir, immutable.Options{Network: network()})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Append(chaintest.NewGenerator(chaintest.Config{Network: network()}).Next()); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Open(dir, network()); !errors.Is(err, immutable.ErrLocked) || !strings.Contains(err.Error(), "ouronet.lock") {
		t.Errorf("opened: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if f := open(t, dir); f.Moved() != 3 {
		t.Errorf("moved %d", f.Moved())
	}
}
