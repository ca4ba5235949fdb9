package relay_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// A Status is of one moment: readers beside a relay that syncs from one peer, without
// rollbacks, find the counts of just the blocks up to the tip, and no block that those
// before it on its way do not know. An Observer may ask, too.
func TestStatusIsOfOneMoment(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(800)
		s.upstream("upstream", c)
		upTo := []int64{0} // bytes of the first blocks, by how many
		for _, b := range c.Blocks() {
			upTo = append(upTo, upTo[len(upTo)-1]+int64(len(b.Raw)))
		}
		blocks := func(tip ledger.Tip) int64 {
			if tip == (ledger.Tip{}) {
				return 0
			}
			return int64(tip.BlockNo) + 1
		}
		var r atomic.Pointer[relay.Relay]
		var looked atomic.Int64
		var mu sync.Mutex
		wrong := make(map[string]int)
		look := func() (at ledger.Tip) {
			if r.Load() == nil {
				return ledger.Tip{}
			}
			st := r.Load().Status()
			looked.Add(1)
			found := func(bad bool, what string) {
				if bad {
					mu.Lock()
					defer mu.Unlock()
					if wrong[what]++; wrong[what] == 1 {
						t.Logf("%s: %+v", what, st)
					}
				}
			}
			tip, folder := blocks(st.Tip), blocks(st.Folder)
			found(st.Blocks != tip, "blocks are not those up to the tip")
			found(st.Bytes != upTo[tip], "bytes are not those of the blocks up to the tip")
			found(st.InMemory != upTo[tip]-upTo[folder], "in memory is not what the folder lacks")
			found(tip > k && tip < folder+k, "the folder ends less than k blocks before the tip")
			if len(st.Upstream) != 1 || st.Upstream[0].Candidate == (ledger.Tip{}) {
				return st.Tip
			}
			up, decided := st.Upstream[0], blocks(st.Decided)
			found(decided < tip, "stored before it was decided on")
			behind := int64(0) // blocks that the loop has not had yet
			for behind < decided && upTo[decided]-upTo[decided-behind] < int64(st.Sizes.Backlog) {
				behind++
			}
			found(tip > folder+k+1+behind, "the folder is further behind than the loop")
			found(int64(st.Sizes.Backlog) < upTo[decided]-upTo[tip], "the backlog is less than what is not stored yet")
			found(blocks(up.Candidate) < decided, "decided on blocks that the peer has not sent")
			found(blocks(up.Reached) < blocks(up.Candidate), "the candidate has headers that have not come")
			found(st.Best != up.Candidate, "the best candidate is not the only one")
			found(int64(st.Sizes.Missing) != blocks(st.Best)-decided, "missing is not what the best candidate has more")
			found(st.Sizes.Peers != 1 || st.Sizes.InFlight != up.InFlight, "in flight, and of no peer")
			return st.Tip
		}
		cfg := relay.Config{Follow: s.config("upstream"), DataDir: dir}
		cfg.Observer.Event = func(follow.Event) { look() }
		started, stop := s.relay("relay", cfg)
		r.Store(started)
		// With a transaction that waits, those of each block are looked at, which takes a
		// while in the middle of adopting it.
		if _, err := started.Submit(t.Context(), made(t, 1, 300)[0].Raw.Bytes); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for last := (ledger.Tip{}); ; {
					for same := 0; same < 20_000; same++ {
						if at := look(); at != last {
							last, same = at, 0
						}
						runtime.Gosched()
					}
					select {
					case <-ended:
						return
					case <-time.After(time.Millisecond): // virtual time goes on
					}
				}
			})
		}
		s.reader("relay").reach(c)
		time.Sleep(5 * time.Millisecond)
		close(ended)
		readers.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
		t.Logf("%d looks", looked.Load())
		for what, n := range wrong {
			t.Errorf("%s, %d times of %d", what, n, looked.Load())
		}
	})
}
