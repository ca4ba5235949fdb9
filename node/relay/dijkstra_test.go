package relay_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// The step into Dijkstra goes through two relays that verify, whether they know
// when it comes or not, and through folders and restarts; the reader holds the
// same bytes.
func TestRelayIntoDijkstra(t *testing.T) {
	for _, scheduled := range []bool{true, false} {
		t.Run(fmt.Sprintf("scheduled=%t", scheduled), func(t *testing.T) {
			dirs := [2]string{t.TempDir(), t.TempDir()}
			synctest.Test(t, func(t *testing.T) {
				made := signedNetwork()
				length := made.Eras[ledger.Conway].EpochLength
				made.Eras[ledger.Dijkstra].Start, made.Eras[ledger.Dijkstra].StartEpoch = ledger.Slot(length), 1
				c := chaintest.New(chaintest.Config{Seed: 8, BlockSize: 1, Network: made, Signed: true}).Grow(100)
				s := &stage{t: t, signed: true}
				config := func(peer string, dir string) relay.Config {
					cfg := relay.Config{Follow: s.config(peer), DataDir: dir}
					if scheduled {
						cfg.Follow.Network = made
					}
					return cfg
				}
				s.upstream("upstream", c)
				for range 4 {
					one, stopOne := s.relay("one", config("upstream", dirs[0]))
					two, stopTwo := s.relay("two", config("one", dirs[1]))
					r := s.reader("two")
					r.reach(c)
					for range 6 {
						c.Switch(k/4, 30)
						r.reach(c)
						time.Sleep(time.Minute)
					}
					for _, r := range []*relay.Relay{one, two} {
						st := r.Status()
						if st.Tip != c.Tip() || st.Stuck != nil || st.Checks&(praos.KES|praos.VRF|praos.Bound) != praos.KES|praos.VRF|praos.Bound {
							t.Errorf("at %v, stuck %v, the last header was verified for %v", st.Tip, st.Stuck, st.Checks)
						}
					}
					for _, stop := range []func() error{stopTwo, stopOne} {
						if err := stop(); err != nil {
							t.Fatal(err)
						}
					}
				}
				eras := make(map[ledger.Era]int)
				for _, b := range c.Blocks() {
					eras[b.Header.Raw.Era]++
				}
				if eras[ledger.Conway] < 50 || eras[ledger.Dijkstra] < 200 {
					t.Errorf("blocks by era: %v", eras)
				}
				s.relay("last", config("upstream", dirs[0]))
				for ev, err := range follow.Follow(t.Context(), s.config("last")) {
					if err != nil {
						t.Fatal(err)
					}
					if f, ok := ev.(follow.RollForward); ok && f.Block.Header.Raw.Era == ledger.Dijkstra {
						if want := c.Blocks()[f.Block.Header.BlockNo]; string(want.Raw) != string(f.Block.Raw) {
							t.Errorf("block %v differs", f.Block.Header.Point())
						}
						break // served from the folder
					}
				}
			})
		})
	}
}
