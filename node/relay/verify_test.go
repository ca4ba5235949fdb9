package relay_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// signedNetwork has short epochs and KES periods, and has begun when the time
// of synctest does.
func signedNetwork() ledger.Network {
	n := network()
	n.Start = time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 2}
	n.SlotsPerKESPeriod = 20
	for e := ledger.Shelley; e.Known(); e++ {
		n.Eras[e].EpochLength = 10 * k * 2
	}
	return n
}

func signedConfig() chaintest.Config {
	return chaintest.Config{Seed: 7, BlockSize: 1, Network: signedNetwork(), Signed: true}
}

func newSigned(blocks int) *chaintest.Chain { return chaintest.New(signedConfig()).Grow(blocks) }

// instead has a chain announce other headers in place of its own.
func instead(c *chaintest.Chain, other map[ledger.Hash]ledger.RawHeader) chaintest.Peer {
	return chaintest.Peer{Chain: c.Fork(0), Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
		if f, ok := u.(chainsync.RollForward); ok {
			h, err := signedNetwork().ParseHeader(f.Header)
			if err != nil {
				panic(err)
			}
			if raw, ok := other[h.Hash]; ok {
				f.Header = raw
			}
			return f
		}
		return u
	}}}
}

// losses are why a relay lost its peers.
type losses map[string]chan error

func (l losses) note(cfg follow.Config) follow.Config {
	for _, p := range cfg.Peers {
		l[p] = make(chan error, 1000)
	}
	cfg.Observer.Lost = func(address string, err error, _ time.Duration) { l[address] <- err }
	return cfg
}

// A relay refuses a damaged header of each kind, tells why, and follows an
// honest peer all the while.
func TestRelayRefuses(t *testing.T) {
	for i, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, lost := &stage{t: t, signed: true}, newSigned(200), losses{}
				h := c.Blocks()[damaged].Header
				s.peer("liar", instead(c, map[ledger.Hash]ledger.RawHeader{h.Hash: damage(t, i, c.Blocks())}))
				r, _ := s.relay("relay", relay.Config{Follow: lost.note(s.config("liar", "honest"))})
				reader := s.reader("relay")
				err := <-lost["liar"] // before there is anybody else
				var e *praos.Error
				switch {
				case !node.Blame(err):
					t.Errorf("no blame in %v", err)
				case d.want == nil && !strings.Contains(err.Error(), "does not follow"):
					t.Error(err)
				case d.want != nil && !errors.Is(err, d.want):
					t.Errorf("got %v, want %v", err, d.want)
				case errors.As(err, &e) && e.Point.Slot > h.Slot+1:
					t.Errorf("it is the header of %v that is bad: %v", h.Point(), err)
				}
				s.upstream("honest", c)
				for range 3 {
					reader.reach(c)
					c.Grow(5)
				}
				reader.reach(c)
				n := int64(len(c.Blocks()))
				if got := r.Status().Verified; got < n || got > n+1 { // the damaged one may be
					t.Errorf("%d headers verified, of %d", got, n)
				}
			})
		})
	}
}

// A bad header is remembered: neither it nor what follows it is verified again,
// whoever brings it and however often.
func TestRelayRemembersBadHeaders(t *testing.T) {
	for i, d := range damages {
		if d.want == nil || d.name == "era" { // nothing to build on
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c, lost := &stage{t: t, signed: true}, newSigned(200), losses{}
				bad := onTop(t, c.Blocks(), damage(t, i, c.Blocks()))
				s.peer("first", instead(c, bad))
				r, _ := s.relay("relay", relay.Config{Follow: lost.note(s.config("first", "second", "third"))})
				if err := <-lost["first"]; !errors.Is(err, d.want) {
					t.Fatal(err)
				}
				synctest.Wait()
				before := r.Status()
				s.peer("second", instead(c, bad))
				s.peer("third", instead(c, bad))
				time.Sleep(time.Hour)
				for peer, errs := range lost {
					n := 0
					for ; len(errs) > 0; n++ {
						if err := <-errs; node.Blame(err) && !errors.Is(err, d.want) {
							t.Errorf("lost %s for %v", peer, err)
						}
					}
					if n < 3 {
						t.Errorf("lost %s %d times", peer, n)
					}
				}
				after := r.Status()
				if after.Verified != before.Verified {
					t.Errorf("%d headers verified, %d at first", after.Verified, before.Verified)
				}
				// What is before it is as good as any, but a peer may be left before
				// all of its blocks have come.
				if after.Tip.BlockNo >= damaged {
					t.Errorf("the chain ends at %v", after.Tip)
				}
			})
		})
	}
}

// Whatever honest peers bring is verified once, on forks as well; a header comes
// with all checks that need no stake.
func TestRelaySharesVerdicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t, signed: true}, newSigned(300)
		other := c.Fork(0)
		s.upstream("one", c)
		s.upstream("two", other)
		s.upstream("three", c)
		r, _ := s.relay("relay", relay.Config{Follow: s.config("one", "two", "three")})
		reader := s.reader("relay")
		reader.reach(c)
		made := int64(300)
		for i := range 10 {
			back, forward := 1+i*k/10, 2+i*k/10
			c.Switch(back, forward)
			other.Become(c)
			made += int64(forward)
			reader.reach(c)
		}
		synctest.Wait()
		want := praos.Envelope | praos.Certificate | praos.KES | praos.VRF | praos.Bound
		if st := r.Status(); st.Verified != made || st.Checks != want {
			t.Errorf("%d headers verified, %d made; %v", st.Verified, made, st.Checks)
		}
	})
}

// A header whose era is told wrong is refused, also when the header is known; and
// its hash is not held against those who tell it right.
func TestRelayEraOfKnownHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, lost := &stage{t: t, signed: true}, newSigned(200), losses{}
		s.upstream("honest", c)
		r, _ := s.relay("relay", relay.Config{Follow: lost.note(s.config("honest", "liar"))})
		reader := s.reader("relay")
		reader.reach(c)
		h := c.Blocks()[190].Header
		raw := h.Raw
		raw.Era = ledger.Babbage
		liar := instead(c, map[ledger.Hash]ledger.RawHeader{h.Hash: raw})
		c.Switch(k-5, k-4) // so that h is known and not on our chain
		reader.reach(c)
		s.peer("liar", liar)
		time.Sleep(5 * time.Minute)
		var err error
		for len(lost["liar"]) > 0 && !errors.Is(err, praos.ErrEra) {
			err = <-lost["liar"] // at first because it was not there
		}
		if !errors.Is(err, praos.ErrEra) || !node.Blame(err) {
			t.Errorf("lost the liar for %v", err)
		}
		if len(lost["honest"]) > 0 {
			t.Errorf("lost the honest peer: %v", <-lost["honest"])
		}
		if st := r.Status(); st.Verified != 200+k-4 {
			t.Errorf("%d headers verified, %d made", st.Verified, 200+k-4)
		}
	})
}

// Where an era may come with any epoch, a peer can announce headers as of that era.
// They pass, and the blocks that come with them say what they are.
func TestRelayHeaderOfPossibleEra(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t, signed: true}, newSigned(500)
		other := make(map[ledger.Hash]ledger.RawHeader)
		for _, b := range c.Blocks() {
			if raw := b.Header.Raw; signedNetwork().EraPossible(ledger.Dijkstra, b.Header.Slot) {
				raw.Era = ledger.Dijkstra
				other[b.Header.Hash] = raw
			}
		}
		if len(other) < 100 || len(other) > 400 {
			t.Fatalf("%d headers may be of Dijkstra", len(other))
		}
		s.peer("liar", instead(c, other))
		r, _ := s.relay("relay", relay.Config{Follow: s.config("liar")})
		s.reader("relay").reach(c) // the same bytes, whose tags are those of Conway
		if st := r.Status(); st.Verified != 500 {
			t.Errorf("%d headers verified", st.Verified)
		}
	})
}

// A header that comes before its time is refused until then.
func TestRelayFutureHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, lost := &stage{t: t, signed: true}, newSigned(200), losses{}
		n := signedNetwork()
		h := c.Blocks()[damaged].Header
		cfg := lost.note(s.config("early"))
		// The slot is a minute away. The rest of the network has another clock.
		cfg.Network.Start = time.Now().Add(time.Minute - n.SlotTime(h.Slot).Sub(n.Start))
		s.upstream("early", c)
		r, _ := s.relay("relay", relay.Config{Follow: cfg})
		err := <-lost["early"]
		if !errors.Is(err, praos.ErrFuture) || !node.Blame(err) {
			t.Fatal(err)
		}
		if st := r.Status(); st.Verified == 0 || st.Verified > damaged {
			t.Errorf("%d headers verified", st.Verified)
		}
		time.Sleep(time.Hour)
		if st := r.Status(); st.Tip != c.Tip() || st.Verified != 200 {
			t.Errorf("an hour later at %v, %d headers verified", st.Tip, st.Verified)
		}
	})
}

// A relay that verifies goes on from its folder, with what it saved beside it or
// without, over epochs.
func TestRelayVerifiesAfterRestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t, signed: true}, newSigned(100)
		s.upstream("upstream", c)
		reader := s.reader("relay")
		for i := range 6 {
			r, stop := s.relay("relay", relay.Config{Follow: s.config("upstream"), DataDir: dir})
			reader.reach(c)
			c.Switch(5, 60)
			reader.reach(c)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			st := r.Status()
			if i > 0 && st.Blocks > k+1+10+60 {
				t.Errorf("%d blocks came", st.Blocks)
			}
			if st.Checks&praos.VRF == 0 || st.Verified != st.Blocks {
				t.Errorf("of %d headers %d were verified; the last for %v", st.Blocks, st.Verified, st.Checks)
			}
			if i%2 == 1 {
				if err := os.Remove(filepath.Join(dir, "ouronet.state")); err != nil {
					t.Error(err)
				}
			}
			c.Switch(3, 10)
		}
	})
}
