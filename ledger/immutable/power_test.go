package immutable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// powered is a folder on a disk that a crash may leave in any state.
type powered struct {
	network ledger.Network
	blocks  []ledger.Block
	kill    bool // processes end without closing

	appended, synced int                       // blocks
	references       map[int]map[string][]byte // files of a run without a crash, by blocks
}

// newPowered has a chain in chunks of 30 slots: some with a boundary block, most with
// a few blocks, some with none.
func newPowered(n int) *powered {
	p := &powered{network: smallChunks(), references: make(map[int]map[string][]byte)}
	p.network.Eras[ledger.Byron].EpochLength = 30
	p.network.ActiveSlots = ledger.Ratio{Num: 1, Den: 12}
	p.blocks = chaintest.NewGenerator(chaintest.Config{
		Seed: 5, Network: p.network, BlockSize: 1,
		Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: n / 2}, {Era: ledger.Conway}},
	}).Blocks(n)
	return p
}

const poweredDir = "db/immutable"

func (p *powered) open(f disk.FS) (*immutable.DB, error) {
	return immutable.OpenAppend(poweredDir, immutable.Options{Network: p.network, Disk: f})
}

func filesOf(f disk.FS) (map[string][]byte, error) {
	files := make(map[string][]byte)
	entries, err := f.ReadDir(poweredDir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if files[e.Name()], err = disk.ReadFile(f, filepath.Join(poweredDir, e.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// reference returns the files after n blocks without a crash.
func (p *powered) reference(n int) (map[string][]byte, error) {
	if files := p.references[n]; files != nil {
		return files, nil
	}
	mem := disktest.New()
	db, err := p.open(mem)
	if err != nil {
		return nil, err
	}
	for _, b := range p.blocks[:n] {
		if err := db.Append(b); err != nil {
			return nil, err
		}
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	p.references[n], err = filesOf(mem)
	return p.references[n], err
}

// life appends all blocks, with a sync now and then and the folder opened again. It
// goes on in spite of errors, after opening the folder again, but not when a sync
// failed: what that has lost shows at the next crash only.
func (p *powered) life(f *disktest.FS) {
	p.appended, p.synced = 0, 0
	db, err := p.open(f)
	for try := 0; try < 2*len(p.blocks) && p.appended < len(p.blocks); try++ {
		if err == nil {
			p.appended++ // or being appended
			err = db.Append(p.blocks[p.appended-1])
		}
		if err == nil && try%5 == 2 {
			if err = db.Sync(); err == nil {
				p.synced = p.appended
			}
		}
		if err == nil && try%11 != 7 {
			continue
		}
		if db != nil && (err != nil || !p.kill) {
			if closed := db.Close(); closed == nil && err == nil {
				p.synced = p.appended
			} else if err == nil {
				err = closed
			}
		}
		var failed *fs.PathError
		if db = nil; errors.As(err, &failed) && (failed.Op == "sync" || failed.Op == "syncDir") {
			return
		}
		if db, err = p.open(f); err == nil {
			p.appended = p.count(db)
		}
	}
	if db != nil && db.Close() == nil && err == nil {
		p.synced = p.appended
	}
}

// count returns how many blocks there are.
func (p *powered) count(db *immutable.DB) int {
	for i, b := range p.blocks {
		if b.Header.Tip() == db.Tip() {
			return i + 1
		}
	}
	return 0
}

// check opens the folder after a crash. What was synced is there, the files are those
// of a run without a crash that ended after some block, and opening again finds
// nothing to remove.
func (p *powered) check(c *disktest.Crash) error {
	// Before it is repaired, a folder can be damaged for those who only read.
	ro, err := immutable.Open(poweredDir, immutable.Options{Network: p.network, Disk: c.FS})
	if err == nil {
		n := 0
		for raw, err := range ro.BlocksAfter(ledger.Origin) {
			if errors.As(err, new(*immutable.DamageError)) {
				break
			}
			if err != nil {
				return fmt.Errorf("for reading: %w", err)
			}
			if n == p.appended+more || !bytes.Equal(raw, p.blocks[n].Raw) {
				return fmt.Errorf("for reading there is another block %d", n)
			}
			n++
		}
		if n < p.synced {
			return fmt.Errorf("for reading there are %d blocks, %d were synced", n, p.synced)
		}
	} else if p.synced > 0 && !errors.As(err, new(*immutable.DamageError)) {
		return fmt.Errorf("for reading: %w", err)
	}
	for again := range 2 {
		db, err := p.open(c.FS)
		if err != nil {
			return err
		}
		if err := db.Close(); err != nil {
			return err
		}
		n := p.count(db)
		switch {
		case n < p.synced || n > p.appended+more:
			return fmt.Errorf("%d blocks, %d were synced and %d appended", n, p.synced, p.appended)
		case c.Killed() && n < p.appended-1:
			return fmt.Errorf("%d blocks, %d were appended, and only the process ended", n, p.appended)
		case again > 0 && db.Removed() > 0:
			return fmt.Errorf("the second opening removes %d bytes", db.Removed())
		}
		want, err := p.reference(n)
		if err != nil {
			return err
		}
		got, err := filesOf(c)
		if err != nil {
			return err
		}
		if !maps.EqualFunc(got, want, bytes.Equal) {
			return fmt.Errorf("after %d blocks the files are not those of a run without a crash", n)
		}
	}
	return p.goesOn(c)
}

// more is how many blocks check appends.
const more = 3

// goesOn appends to a folder that was opened after a crash: what is synced then lasts
// as well.
func (p *powered) goesOn(c *disktest.Crash) error {
	db, err := p.open(c.FS)
	if err != nil {
		return err
	}
	n := p.count(db)
	for ; n < min(p.appended+more, len(p.blocks)); n++ {
		if err := db.Append(p.blocks[n]); err != nil {
			return err
		}
	}
	if err := db.Sync(); err != nil {
		return err
	}
	for _, again := range c.Crashed(2, 4) {
		db, err := p.open(again.FS)
		if err != nil {
			return err
		}
		if got := p.count(db); got != n {
			return fmt.Errorf("%d blocks, %d were synced after the first crash", got, n)
		}
	}
	return db.Close()
}

// Whatever a crash of the machine leaves after any operation, no block is lost that was
// synced, and the folder is one that a run without a crash had.
func TestPowerLoss(t *testing.T) {
	if testing.Short() {
		t.Skip("every power loss of many runs")
	}
	p := newPowered(30)
	p.kill = true
	n := disktest.Crashes(t, disktest.Trial{Run: p.life, Check: p.check, Again: 60, PerOp: 6})
	if p.synced < 20 || n < 1000 {
		t.Errorf("%d blocks synced, %d crashes", p.synced, n)
	}
}

// An operation that fails loses nothing that was synced before, leaves no file open,
// and opening the folder again mends it.
func TestDiskFaults(t *testing.T) {
	p := newPowered(14)
	disktest.Faults(t, disktest.Trial{Run: p.life, Check: p.check, PerOp: 4})
}

// Two chunks without a good block are removed so that a crash meanwhile leaves a
// folder that can be repaired.
func TestPowerLossInRepair(t *testing.T) {
	p := newPowered(30)
	files, err := p.reference(len(p.blocks))
	if err != nil {
		t.Fatal(err)
	}
	var chunks []string // that have blocks
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".chunk") && len(files[name]) > 0 {
			chunks = append(chunks, name)
		}
	}
	last := len(chunks) - 1
	want := len(p.blocks)
	for want > 0 && fmt.Sprintf("%05d.chunk", p.blocks[want-1].Header.Slot/30) >= chunks[last-1] {
		want--
	}
	ready := false
	disktest.Crashes(t, disktest.Trial{
		PerOp: 32,
		Run: func(f *disktest.FS) {
			if err := disk.MakeFolder(f, poweredDir); err != nil {
				t.Fatal(err)
			}
			for name, content := range files {
				if name == chunks[last] || name == chunks[last-1] {
					content = bytes.Clone(content)
					content[len(content)/8] ^= 1 // in the first block
				}
				if err := disk.Replace(f, filepath.Join(poweredDir, name), content); err != nil {
					t.Fatal(err)
				}
			}
			ready = true
			db, err := p.open(f)
			if err != nil {
				t.Fatal(err)
			}
			if n := p.count(db); n != want || db.Removed() == 0 {
				t.Errorf("%d blocks are left, want %d", n, want)
			}
			db.Close()
		},
		Check: func(c *disktest.Crash) error {
			if !ready {
				return nil
			}
			db, err := p.open(c.FS)
			if err != nil {
				return err
			}
			if n := p.count(db); n != want {
				return fmt.Errorf("%d blocks are left, want %d", n, want)
			}
			return db.Close()
		},
	})
}
