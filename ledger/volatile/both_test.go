package volatile_test

import (
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// owner keeps a chain in both folders by the rules of this package: blocks are put and
// synced, those more than k deep are copied to the immutable folder, synced there, and
// dropped here, and a file says up to where they are.
type owner struct {
	k      int
	blocks []ledger.Block // of the chain
	forks  []ledger.Block // one beside each

	put, told int // blocks of the chain
}

type folders struct {
	old *immutable.DB
	new *volatile.DB
}

const stateName = "db/ouronet.state"

func (o *owner) open(f *disktest.FS) (d folders, err error) {
	n := chaintest.AllEras()
	if d.old, err = immutable.OpenAppend("db/immutable", immutable.Options{Network: n, Disk: f}); err != nil {
		return d, err
	}
	d.new, err = volatile.Open("db/volatile", volatile.Options{Network: n, Disk: f, MaxBlocks: 5})
	return d, err
}

// stored returns how many blocks of the chain there are in the immutable folder, and
// with those that follow in the volatile one.
func (o *owner) stored(d folders) (old, all int) {
	for i, b := range o.blocks {
		if b.Header.Tip() == d.old.Tip() {
			old = i + 1
		}
	}
	for all = old; all < len(o.blocks) && d.new.Has(o.blocks[all].Header.Point()); {
		all++
	}
	return old, all
}

func (o *owner) run(f *disktest.FS) {
	d, err := o.open(f)
	if err != nil {
		return
	}
	var moved []ledger.Point // to the immutable folder
	for i, b := range o.blocks {
		o.put = i + 1
		if d.new.Put(o.forks[i]) != nil || d.new.Put(b) != nil {
			return
		}
		if i%2 == 0 {
			if d.new.Sync() != nil {
				return
			}
			o.told = o.put
		}
		if deep := i - o.k; deep >= 0 {
			if d.old.Append(o.blocks[deep]) != nil {
				return
			}
			moved = append(moved, o.blocks[deep].Header.Point(), o.forks[deep].Header.Point())
		}
		if len(moved) >= 8 {
			tip := d.old.Tip()
			if d.old.Sync() != nil || disk.Replace(f, stateName, fmt.Append(nil, tip.BlockNo)) != nil || d.new.Drop(moved...) != nil {
				return
			}
			moved = nil
		}
		if i%17 == 13 { // the process ends and begins again, without its locks
			if d, err = o.open(f); err != nil {
				return
			}
			old, _ := o.stored(d)
			moved = points(o.blocks[:old])
		}
	}
	d.new.Close()
	d.old.Close()
}

// check finds the chain that a run without a crash had after some block, not before
// the one that was told last, and no gap between the two folders; and the file is not
// ahead of the immutable one.
func (o *owner) check(c *disktest.Crash) error {
	for again := range 2 {
		d, err := o.open(c.FS)
		if err != nil {
			return err
		}
		old, all := o.stored(d)
		switch {
		case all < o.told || all > o.put:
			return fmt.Errorf("%d blocks, %d of them immutable; %d were told and %d put", all, old, o.told, o.put)
		case c.Killed() && all < o.put-1:
			return fmt.Errorf("%d blocks, %d were put and only the process ended", all, o.put)
		case again > 0 && (d.old.Removed() > 0 || len(d.new.Cuts()) > 0):
			return fmt.Errorf("the second opening removes %d bytes and cuts %v", d.old.Removed(), d.new.Cuts())
		}
		if b, err := disk.ReadFile(c, stateName); err == nil {
			var no ledger.BlockNo
			if _, err := fmt.Sscan(string(b), &no); err != nil {
				return fmt.Errorf("the state file has %q: %w", b, err)
			}
			if no > d.old.Tip().BlockNo {
				return fmt.Errorf("the state file is of block %d, the immutable folder ends with %v", no, d.old.Tip())
			}
		}
		if err := d.new.Close(); err != nil {
			return err
		}
		if err := d.old.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Whatever a crash leaves of both folders and the file beside them after any operation,
// nothing that was told is lost.
func TestBothFolders(t *testing.T) {
	chain := func(seed uint64) []ledger.Block {
		return chaintest.NewGenerator(chaintest.Config{Seed: seed, Network: chaintest.AllEras(), BlockSize: 1,
			Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: 12}, {Era: ledger.Conway}}}).Blocks(26)
	}
	o := &owner{k: 6, blocks: chain(1), forks: chain(2)}
	n := disktest.Crashes(t, disktest.Trial{Run: o.run, Check: o.check, PerOp: 6, Again: 150})
	if o.told < 20 || n < 1000 {
		t.Errorf("%d blocks were told, %d crashes", o.told, n)
	}
}
