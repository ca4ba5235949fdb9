package relay_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// ahead has a chain enter an unknown era with a block number.
func ahead(c *chaintest.Chain, from ledger.BlockNo) chaintest.Peer {
	return chaintest.Peer{Chain: c.Fork(0), Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
		if f, ok := u.(chainsync.RollForward); ok {
			if no, err := f.Header.BlockNo(); err != nil || no >= from {
				f.Header.Era = ledger.Era(ledger.NumEras)
			}
			return f
		}
		return u
	}}}
}

// A relay whose peers are all in an era that it does not know goes on serving
// what came before, says so in its status, once in its log, and follows them
// again when it can.
func TestRelayUnknownEra(t *testing.T) {
	for _, folder := range []bool{false, true} {
		for _, signed := range []bool{false, true} {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s, c := &stage{t: t, signed: signed}, newChain()
				if signed {
					c = newSigned(0)
				}
				c.Grow(200)
				one, two := s.peer("one", ahead(c, 150)), s.peer("two", ahead(c, 150))
				log, logs := logtest.New(slog.LevelWarn)
				cfg := relay.Config{Follow: s.config("one", "two")}
				cfg.Follow.Logger = log
				if folder {
					cfg.DataDir = dir
				}
				r, stop := s.relay("relay", cfg)
				known := c.Fork(50)
				s.reader("relay").reach(known)
				for range 50 {
					time.Sleep(time.Minute)
					st := r.Status()
					var stuck *follow.UnfollowableError
					var unknown *ledger.UnknownEraError
					if !errors.As(st.Stuck, &stuck) || len(stuck.Peers) != 2 || !errors.As(st.Stuck, &unknown) || unknown.Era != 8 {
						t.Fatalf("stuck because of %v", st.Stuck)
					}
					if st.Tip != known.Tip() || st.AtTip() {
						t.Errorf("at %v, at the tip: %t", st.Tip, st.AtTip())
					}
				}
				s.reader("relay").reach(known) // still serves
				if n := len(logs.Of("no peer can be followed")); n != 1 {
					t.Errorf("logged %d times", n)
				}
				one.Close()
				two.Close()
				s.upstream("two", c)
				s.reader("relay").reach(c)
				if st := r.Status(); st.Stuck != nil {
					t.Error(st.Stuck)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// One peer in an unknown era is no reason to say so as long as there is another.
func TestRelayBesideUnknownEra(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(100)
		s.peer("ahead", ahead(c.Fork(10).Grow(15), 90))
		s.upstream("honest", c)
		r, _ := s.relay("relay", relay.Config{Follow: s.config("ahead", "honest")})
		reader := s.reader("relay")
		for range 5 {
			c.Grow(1)
			reader.reach(c)
			time.Sleep(10 * time.Minute)
			st := r.Status()
			if st.Stuck != nil || st.Tip != c.Tip() {
				t.Errorf("at %v, stuck because of %v", st.Tip, st.Stuck)
			}
			if err := st.Upstream[0].Err; !errors.As(err, new(*ledger.UnknownEraError)) || node.Blame(err) {
				t.Errorf("lost the peer ahead: %v", err)
			}
		}
	})
}
