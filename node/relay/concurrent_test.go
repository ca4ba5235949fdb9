package relay

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
)

// Readers read while the store changes and blocks move to the folder: each sees
// a chain, and ends with the one that is.
func TestStoreConcurrently(t *testing.T) {
	testenv.CheckLeaks(t)
	for _, test := range []struct{ folder, beside bool }{{}, {folder: true}, {folder: true, beside: true}} {
		w := newStoreWorld(t, 5, test.folder)
		w.extend(10)
		stop := make(chan struct{})
		var changing, readers sync.WaitGroup
		if w.decider.beside = test.beside; test.beside { // the relay's loop
			w.store.vault.giveUpEvery = 7
			readers.Go(func() { moveAll(t, w.store, stop) })
		}
		changing.Go(func() {
			for range 400 {
				w.rollBack(w.r.IntN(w.k + 1))
				w.extend(1 + w.r.IntN(w.k+2))
			}
		})
		for i := range 4 {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			readers.Go(func() { readAll(t, w, stop) })
			readers.Go(func() { fetchAll(t, w.store, r, stop) })
		}
		changing.Wait()
		close(stop)
		readers.Wait()
		if !test.beside {
			continue
		}
		if n := len(w.store.chain); n != w.k || w.store.final != 0 {
			t.Errorf("%d blocks are not in the folder, %d of them final", n, w.store.final)
		}
		if n := w.store.vault.db.Size().Blocks; n > 2*w.k+w.store.vault.giveUpEvery {
			t.Errorf("%d blocks are in the volatile folder", n)
		}
	}
}

// moveAll moves blocks to the folder as the relay's loop does, until stop is closed and
// none are left.
func moveAll(t *testing.T, s *store, stop <-chan struct{}) {
	for over := false; !over; {
		select {
		case <-stop:
			over = true
		default:
		}
		if err := errors.Join(s.move(), s.vault.sync()); err != nil {
			t.Error(err)
			return
		}
	}
}

// readAll follows until it has the last tip after stop is closed.
func readAll(t *testing.T, w *world, stop <-chan struct{}) {
	f := newFollower(w.store)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-stop
		cancel()
	}()
	chain := []ledger.Point{ledger.Origin}
	for {
		u, err := f.Next(ctx)
		if err != nil {
			t.Error(err)
			return
		}
		switch u := u.(type) {
		case nil:
			if ctx.Err() != nil && chain[len(chain)-1] == w.store.Tip().Point {
				return
			}
			if err := f.Wait(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
				return
			}
		case chainsync.RollBackward:
			n := slices.Index(chain, u.Point)
			if n < 0 {
				t.Errorf("rollback to %v, which the reader does not have", u.Point)
				return
			}
			chain = chain[:n+1]
		case chainsync.RollForward:
			h, err := w.network.ParseHeader(u.Header)
			if err != nil || !h.PrevIs(chain[len(chain)-1]) {
				t.Errorf("%v, %v after %v", err, h, chain[len(chain)-1])
				return
			}
			chain = append(chain, h.Point())
		}
	}
}

// fetchAll fetches ranges that end near the tip, old ones and new ones, until
// stop is closed and one was served.
func fetchAll(t *testing.T, s *store, r *rand.Rand, stop <-chan struct{}) {
	var points []ledger.Point
	served := 0
	for {
		select {
		case <-stop:
			if served > 0 {
				return
			}
		default:
		}
		if p := s.Tip().Point; len(points) == 0 || points[len(points)-1] != p {
			points = append(points, p)
		}
		from, to := points[r.IntN(len(points))], points[len(points)-1-r.IntN(min(3, len(points)))]
		blocks, err := s.Range(context.Background(), from, to)
		if err != nil {
			t.Error(err)
			return
		}
		if blocks == nil {
			continue
		}
		served++
		n, forgotten := 0, false
		for _, err := range blocks {
			if forgotten = errors.Is(err, errForkGone); forgotten {
				break
			}
			if err != nil {
				t.Error(err)
				return
			}
			n++
		}
		if !forgotten && (n == 0 || from == to && n != 1) {
			t.Errorf("%d blocks from %v to %v", n, from, to)
		}
	}
}
