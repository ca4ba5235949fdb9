package relay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// Reading the headers of a folder goes on where it was: from the last checkpoint after a
// kill at any moment, from the last header after a signal.
func TestResumeGoesOn(t *testing.T) {
	v := newTestVerifier(t)
	v.reportEvery, v.checkpointEvery = 0, 35
	all := shortGenerator().Blocks(1000)
	states := statesAfter(t, v, all)
	for _, first := range []int{0, 300} { // the folder need not begin at the origin
		dir, db := folderOf(t, all[first:])
		name := filepath.Join(dir, stateFile)
		keep := func(s praos.State) error { return saveState(name, s) }
		half := ledger.BlockNo(first + (1000-first)/2)
		ctx, stop := context.WithCancel(t.Context())
		var killed []byte          // the file, when half was read
		var reached ledger.BlockNo // at that moment
		_, _, err := resume(ctx, v, db, dir, func(at, tip ledger.Tip) {
			if at.BlockNo >= half && killed == nil {
				if killed, _ = os.ReadFile(name); killed == nil {
					t.Error("no checkpoint up to the half")
				}
				reached = at.BlockNo
				stop()
			}
		}, keep)
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		stopped, ok := loadState(name)
		if !ok || stopped.Tip.BlockNo != reached {
			t.Errorf("after a signal it goes on after %v, and had reached %d", stopped.Tip, reached)
		}
		if err := os.WriteFile(name, killed, 0o600); err != nil {
			t.Fatal(err)
		}
		s, ok := loadState(name)
		if !ok || int(s.Tip.BlockNo) < first+(1000-first)*45/100 {
			t.Errorf("after a kill it goes on after %v", s.Tip)
		}
		var reports []ledger.BlockNo
		got, saved, err := resume(t.Context(), v, db, dir, func(at, tip ledger.Tip) { reports = append(reports, at.BlockNo) }, keep)
		if err != nil || got.Tip != all[999].Header.Tip() || saved != got.Tip {
			t.Errorf("at the end: %v, saved %v, %v", got.Tip, saved, err)
		}
		if first == 0 {
			sameState(t, got, states[999])
		}
		if len(reports) == 0 || reports[0] != s.Tip.BlockNo+lookEvery {
			t.Errorf("reported %v after a start from %v", reports, s.Tip)
		}
		// Nothing is left to read.
		if _, saved, err := resume(t.Context(), v, db, dir, nil, func(praos.State) error { return errors.New("saved again") }); err != nil || saved != got.Tip {
			t.Errorf("once more: saved %v, %v", saved, err)
		}
	}
}

// A checkpoint that cannot be written ends the start, unless too many files are open.
func TestCheckpointFails(t *testing.T) {
	v := newTestVerifier(t)
	v.checkpointEvery = 10
	dir, db := folderOf(t, shortGenerator().Blocks(100))
	if _, _, err := resume(t.Context(), v, db, dir, nil, func(praos.State) error { return syscall.ENOSPC }); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("no space: %v", err)
	}
	tries := 0
	_, saved, err := resume(t.Context(), v, db, dir, nil, func(praos.State) error { tries++; return syscall.EMFILE })
	if err != nil || tries != 10 || saved != (ledger.Tip{}) {
		t.Errorf("no file to open: %v, %d tries, saved %v", err, tries, saved)
	}
}

// While a relay reads the headers of its folder, it serves headers and blocks from it.
func TestServesWhileResuming(t *testing.T) {
	blocks := shortGenerator().Blocks(300)
	dir, db := folderOf(t, blocks)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var network testnode.Net
		config := node.Config{Network: shortNetwork(), Dial: network.Dial}
		resuming, served := make(chan struct{}), make(chan struct{})
		r, err := New(Config{
			Follow:   follow.Config{Config: config, Peers: []string{"nobody"}},
			Listener: network.Listen("relay"),
			DataDir:  dir,
			Observer: Observer{Resuming: func(at, tip ledger.Tip) {
				if at.BlockNo == lookEvery-1 {
					close(resuming)
					<-served
				}
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.verifier.reportEvery = 0
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		<-resuming
		conn, err := node.Dial(ctx, "relay", config)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for u, err := range conn.ChainSync().Updates(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := u.(chainsync.RollForward); ok {
				if n++; n == 300 {
					break
				}
			}
		}
		n = 0
		for b, err := range conn.Blocks(ctx, blocks[10].Header.Point(), blocks[299].Header.Point()) {
			if err != nil {
				t.Fatal(err)
			}
			if string(b.Raw) != string(blocks[10+n].Raw) {
				t.Fatalf("block %d", n)
			}
			n++
		}
		if n != 290 {
			t.Errorf("%d blocks", n)
		}
		close(served)
		conn.Close()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
