package folder

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

func opened(files disk.FS) (*Folder, error) {
	o := opening{
		files: files, dir: "db", network: ledger.Preview,
		recognize: func(string, ledger.Network) error { return nil }, // looks at real files
	}
	if err := o.make(); err != nil {
		return nil, err
	}
	if _, err := o.mayMark(); err != nil {
		return nil, err
	}
	return o.open()
}

// written makes a file that is certain to stay.
func written(files disk.FS, name, content string) error {
	file, err := files.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(content), 0)
	return errors.Join(err, file.Sync(), file.Close())
}

// oldNames are the files of an earlier relay.
func oldNames() (names []string) {
	for chunk := range 4 {
		for _, kind := range []string{"chunk", "primary", "secondary"} {
			names = append(names, fmt.Sprintf("%05d.%s", chunk, kind))
		}
	}
	return append(names, "ouronet.lock", "ouronet.state")
}

func old(files disk.FS) error {
	if err := files.MkdirAll("db", 0o755); err != nil {
		return err
	}
	for _, name := range oldNames() {
		if err := written(files, "db/"+name, "this is "+name); err != nil {
			return err
		}
	}
	if err := disk.SyncDir(files, "db"); err != nil {
		return err
	}
	return disk.SyncDir(files, ".")
}

// nothingLost returns an error unless each chunk file is where it was or where it is to
// be, and each is there once the marker is, which is what lets cardano-node in.
func nothingLost(files disk.FS) error {
	_, marked := files.Stat("db/" + markerName)
	for _, name := range oldNames() {
		if _, ok := immutable.ChunkOf(name); !ok {
			continue
		}
		before, err := disk.ReadFile(files, "db/"+name)
		if err == nil && marked == nil {
			return fmt.Errorf("marked before %s is moved", name)
		}
		if err != nil {
			if before, err = disk.ReadFile(files, "db/immutable/"+name); err != nil {
				return err
			}
		}
		if string(before) != "this is "+name {
			return fmt.Errorf("%s is %q", name, before)
		}
	}
	return nil
}

func checkUpgraded(files disk.FS) error {
	if err := nothingLost(files); err != nil {
		return err
	}
	f, err := opened(files)
	if err != nil {
		return err
	}
	if f.Clean() {
		return fmt.Errorf("it is clean")
	}
	if err := nothingLost(files); err != nil {
		return err
	}
	entries, err := files.ReadDir("db")
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	marker, err := disk.ReadFile(files, "db/"+markerName)
	if got := strings.Join(names, " "); got != "immutable ouronet.state protocolMagicId" || string(marker) != "2" {
		return fmt.Errorf("in the folder are %s, the marker is %q, %v", got, marker, err)
	}
	return nil
}

// Whenever the machine stops while the files of an earlier relay are moved, also when
// that goes on after a crash, the next start has them all.
func TestUpgradeCrash(t *testing.T) {
	var was bool
	disktest.Crashes(t, disktest.Trial{
		Run: func(f *disktest.FS) {
			if err := old(f); err != nil {
				t.Fatal(err)
			}
			was = true
			if _, err := opened(f); err != nil {
				t.Error(err)
			}
		},
		Check: func(c *disktest.Crash) error {
			if !was {
				return nil
			}
			return checkUpgraded(c.FS)
		},
		Again: 7,
	})
}

// A disk that is full or broken while files are moved loses none of them.
func TestUpgradeFault(t *testing.T) {
	var was bool
	disktest.Faults(t, disktest.Trial{
		Run: func(f *disktest.FS) {
			was = old(f) == nil
			if was {
				opened(f) // its error is that of the disk
			}
		},
		Check: func(c *disktest.Crash) error {
			if !was {
				return nil
			}
			return checkUpgraded(c.FS)
		},
		PerOp: 4,
	})
}

// A new folder can be opened whenever the machine stopped before, and one that was being
// written to is not clean.
func TestNewFolderCrash(t *testing.T) {
	writing := false
	disktest.Crashes(t, disktest.Trial{
		Run: func(f *disktest.FS) {
			for range 2 {
				folder, err := opened(f)
				if err != nil {
					t.Fatal(err)
				}
				if err := folder.Begin(); err != nil {
					t.Fatal(err)
				}
				writing = true
				if err := f.MkdirAll("db/immutable", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := written(f, "db/immutable/00000.chunk", "x"); err != nil {
					t.Fatal(err)
				}
				writing = false
				if err := folder.Close(true); err != nil {
					t.Fatal(err)
				}
			}
		},
		Check: func(c *disktest.Crash) error {
			if _, err := c.Stat("db/" + cleanName); err == nil && writing {
				return fmt.Errorf("clean in the middle")
			}
			_, err := opened(c.FS)
			return err
		},
		Again: 3,
	})
}

// Of two processes of different networks that find a folder empty, one gets it.
func TestTwoNetworks(t *testing.T) {
	f := disktest.New()
	ours := opening{files: f, dir: "db", network: ledger.Preview}
	other := opening{files: f, dir: "db", network: ledger.Mainnet}
	if err := ours.make(); err != nil {
		t.Fatal(err)
	}
	for _, o := range []*opening{&ours, &other} { // neither has the lock
		if missing, err := o.mayMark(); err != nil || !missing {
			t.Fatalf("empty: %t, %v", missing, err)
		}
	}
	if _, err := ours.open(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.open(); !errors.As(err, new(*immutable.NetworkError)) {
		t.Errorf("opened for two networks: %v", err)
	}
	if marker, err := disk.ReadFile(f, "db/"+markerName); string(marker) != "2" {
		t.Errorf("the marker is %q, %v", marker, err)
	}
}

// A folder in folders that are made for it is there after a crash.
func TestMadeFolderLasts(t *testing.T) {
	f := disktest.New()
	o := opening{files: f, dir: "a/b/db", network: ledger.Preview}
	if err := o.make(); err != nil {
		t.Fatal(err)
	}
	if _, err := o.open(); err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Crashed(20, 1) {
		if _, err := c.Stat("a/b/db/" + markerName); err != nil {
			t.Errorf("crash, %v: %v", c, err)
		}
	}
}
