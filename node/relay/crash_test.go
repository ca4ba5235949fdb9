package relay

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/ledger/volatile"
	"github.com/ouronet/ouronet/node/follow"
)

// A life is what a relay does with its folder, up to a crash: it adopts blocks and
// forks, moves blocks to the immutable folder, and saves states.
type life struct {
	t       *testing.T
	network ledger.Network
	k       int
	plan    []adoption
	blocks  map[ledger.Hash]ledger.Block // all that are ever adopted

	begun  int // adoptions
	acked  int // of them, those that were stored when the process ended
	synced int // of them, those that were forced to the disk
}

// adoption is a change of the chain: after a block come others.
type adoption struct {
	after  ledger.Tip
	blocks []ledger.Block
	chain  []ledger.Hash // as it is then
}

func newLife(t *testing.T, adoptions int) *life {
	n := shortNetwork()
	n.SecurityParam = 4
	l := &life{t: t, network: n, k: 4, blocks: make(map[ledger.Hash]ledger.Block)}
	gen := chaintest.NewGenerator(chaintest.Config{Seed: 3, BlockSize: 1300, Network: n, Signed: true})
	var tips []ledger.Tip // of the chain
	var hashes []ledger.Hash
	for i := range adoptions {
		var a adoption
		back, more := 0, 1
		if i%5 == 4 && len(tips) > 3 {
			back, more = 2, 3
		}
		at := ledger.Tip{}
		if keep := len(tips) - back; keep > 0 {
			at = tips[keep-1]
		}
		tips, hashes = tips[:len(tips)-back], slices.Clone(hashes[:len(hashes)-back])
		if back > 0 {
			var err error
			if gen, err = gen.Fork(at.Point); err != nil {
				t.Fatal(err)
			}
		}
		a.after = at
		for range more {
			b := gen.Next()
			l.blocks[b.Header.Hash] = b
			a.blocks = append(a.blocks, b)
			tips, hashes = append(tips, b.Header.Tip()), append(hashes, b.Header.Hash)
		}
		a.chain = slices.Clone(hashes)
		l.plan = append(l.plan, a)
	}
	return l
}

// open opens what a relay has in its folder.
func (l *life) open(f *disktest.FS) (*Relay, error) {
	db, err := immutable.OpenAppend("/db/immutable", immutable.Options{Network: l.network, Disk: f, Owned: true})
	if err != nil {
		return nil, err
	}
	r := &Relay{db: db, store: newStore(db, 0), txs: newTxQueue(0), root: "/db"}
	r.cfg.DataDir, r.cfg.Follow.Network = "/db", l.network
	fail := func(err error) (*Relay, error) { return nil, errors.Join(err, r.store.vault.close(), db.Close()) }
	if r.verifier, err = newVerifier(l.network); err != nil {
		return fail(err)
	}
	r.verifier.files = f
	if r.cfg.Follow.Adopted, err = r.store.openVault("/db/volatile", volatile.Options{Network: l.network, MaxBlocks: 3, Disk: f}, nil); err != nil {
		return fail(err)
	}
	r.store.vault.giveUpEvery = 3
	if err := r.resume(l.t.Context()); err != nil {
		return fail(err)
	}
	return r, nil
}

// run adopts what is planned, and ends with the first error, as a relay does.
func (l *life) run(f *disktest.FS) {
	l.begun, l.acked, l.synced = 0, 0, 0
	r, err := l.open(f)
	if err != nil {
		return
	}
	defer func() { errors.Join(r.store.vault.close(), r.db.Close()) }()
	owner := bodies{r}
	var left []ledger.Point
	for i, a := range l.plan {
		l.begun = i + 1
		var points []ledger.Point
		for _, b := range a.blocks {
			owner.Hold(follow.Body{Block: b})
			points = append(points, b.Header.Point())
		}
		for _, e := range slices.Backward(r.store.chain) {
			if e.point == a.after.Point {
				break
			}
			left = append(left, e.point)
		}
		if err = owner.Adopt(a.after, points); err == nil && len(r.store.vault.unsaved) == 0 {
			l.acked = i + 1
		}
		if n := len(r.store.chain) - l.k; n > 0 {
			owner.Immutable(r.store.chain[n-1].block.Header.Tip())
		}
		if len(left) > l.k {
			owner.Drop(left[0])
			left = left[1:]
		}
		// The loop.
		if err == nil {
			err = r.store.move()
		}
		if err == nil && i%4 == 3 {
			err = r.save(0)
		}
		r.verifier.forgetBefore(r.db.Tip().Point.Hash)
		if err == nil && i%3 == 2 {
			saved := len(r.store.vault.unsaved) == 0
			if err = r.store.vault.db.Sync(); err == nil && saved {
				l.synced = i + 1
			}
			if tooManyFiles(err) {
				err = nil
			}
		}
		if err != nil {
			return
		}
	}
}

// worse reports whether the chain a is not as good as b.
func (l *life) worse(a, b []ledger.Hash) bool {
	if len(a) != len(b) || len(a) == 0 {
		return len(a) < len(b)
	}
	ours, cand := l.blocks[b[len(b)-1]].Header, l.blocks[a[len(a)-1]].Header
	return ours.Hash != cand.Hash && !chain.PreferPraos(&ours, &cand)
}

// left reports whether a chain is the beginning of one that was ours after an adoption.
// When the machine stops it may be all that is left of that: of blocks that were not
// synced, those that are immutable by them.
func (l *life) left(hashes []ledger.Hash, floor int) bool {
	had := l.plan[floor-1].chain
	return slices.ContainsFunc(l.plan[floor:l.begun], func(a adoption) bool {
		common := 0
		for common < min(len(had), len(a.chain)) && had[common] == a.chain[common] {
			common++
		}
		return common <= len(hashes) && len(hashes) <= len(a.chain) && slices.Equal(hashes, a.chain[:len(hashes)])
	})
}

// check starts the relay after a crash: it has a chain that was ours, not worse than the
// one that had to be there, with all its blocks, and knows how to go on.
func (l *life) check(c *disktest.Crash) error {
	floor := l.synced
	if c.Killed() {
		floor = l.acked
	}
	r, err := l.open(c.FS)
	if err != nil {
		return err
	}
	defer func() { errors.Join(r.store.vault.close(), r.db.Close()) }()
	tip := r.store.Tip()
	var hashes []ledger.Hash // of the chain, newest first
	for at := tip.Point; !at.IsOrigin(); {
		b, ok := l.blocks[at.Hash]
		if !ok {
			return fmt.Errorf("block %v was never adopted", at)
		}
		hashes = append(hashes, at.Hash)
		if !b.Header.HasPrev {
			break
		}
		before := l.blocks[b.Header.Prev].Header
		at = before.Point()
	}
	slices.Reverse(hashes)
	if floor > 0 && l.worse(hashes, l.plan[floor-1].chain) && (c.Killed() || !l.left(hashes, floor)) {
		return fmt.Errorf("the tip is %v, worse than that of adoption %d of %d", tip, floor, l.begun)
	}
	if len(hashes) == 0 {
		return nil
	}
	first := l.blocks[hashes[0]].Header
	served, err := r.store.Range(l.t.Context(), first.Point(), tip.Point)
	if err != nil || served == nil {
		return fmt.Errorf("the chain up to %v is not served: %v", tip, err)
	}
	n := 0
	for raw, err := range served {
		if err != nil {
			return err
		}
		if !bytes.Equal(raw, l.blocks[hashes[n]].Raw) {
			return fmt.Errorf("block %d is not the one that it was", n)
		}
		n++
	}
	if n != len(hashes) {
		return fmt.Errorf("%d blocks are served, want %d", n, len(hashes))
	}
	state, ok := r.verifier.state(tip.Point.Hash)
	if !ok || state.Tip != tip {
		return fmt.Errorf("the state after %v is not known: %v", tip, state.Tip)
	}
	return nil
}

func saveState(name string, s praos.State) error { return writeState(disk.OS, name, s) }

func loadState(name string) (praos.State, bool) { return readState(disk.OS, name) }

// TestCrashes: whatever a crash of the process or the machine leaves after any operation
// on the volatile folder, the immutable one or the state file, the relay starts with a
// chain that it had.
func TestCrashes(t *testing.T) {
	if testing.Short() {
		t.Skip("every crash of many runs")
	}
	l := newLife(t, 40)
	n := disktest.Crashes(t, disktest.Trial{Run: l.run, Check: l.check, PerOp: 6, Again: 40})
	if l.acked != 40 || n < 1000 {
		t.Errorf("%d adoptions, %d crashes", l.acked, n)
	}
}

// TestFaults: an operation that fails ends the relay or is waited out, and loses nothing.
func TestFaults(t *testing.T) {
	l := newLife(t, 14)
	disktest.Faults(t, disktest.Trial{Run: l.run, Check: l.check, PerOp: 3})
}

// TestRemoveFails: volatile files that cannot be removed for a while do not end the relay,
// and for ever, they do.
func TestRemoveFails(t *testing.T) {
	for _, test := range []struct {
		fails int
		ends  bool
	}{{7, false}, {maxUnremoved - 1, false}, {1 << 30, true}} {
		l, failed := newLife(t, 250), 0
		f := disktest.New()
		f.Fail(func(op disktest.Op) error {
			if op.Kind != "remove" || !strings.Contains(op.Name, "volatile") || failed == test.fails {
				return nil
			}
			failed++
			return syscall.EIO
		})
		l.run(f)
		if ends := l.begun < 250; ends != test.ends || failed < min(test.fails, maxUnremoved) {
			t.Errorf("%d removals failed, %d of 250 adoptions", failed, l.begun)
		}
		for _, c := range f.Crashed(6, 1) {
			if err := l.check(c); err != nil {
				t.Errorf("%d removals failed, then a crash, %v: %v", failed, c, err)
			}
		}
	}
}
