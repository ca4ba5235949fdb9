package follow_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// Whatever keeps a peer from being followed, the hooks say so within the time that
// dialling and the handshake may take, and again each time it is tried; when trying
// again cannot help, the error that ends the loop does, and names the peer.
func TestFollowTellsWhyItWaits(t *testing.T) {
	for _, test := range []struct {
		name  string
		peer  func(*nodetest.World)
		ends  error  // what ends the loop
		says  string // in each reason
		times int    // that it is told in an hour, at least; what ends the loop may be told by that alone
	}{
		{"nobody listens", func(*nodetest.World) {}, nil, "connection refused", 50},
		{"mute before the handshake", func(w *nodetest.World) { nodetest.Silent{Listener: w.Net.Listen("peer")}.Hold(w.T) }, nil, "no message in time", 45},
		{"hangs up at once", func(w *nodetest.World) {
			l := w.Net.Listen("peer")
			w.T.Cleanup(func() { l.Close() })
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					c.Close()
				}
			}()
		}, nil, "", 50}, // reading finds out, or writing
		{"hangs up after the handshake", func(w *nodetest.World) {
			w.ServeRaw("peer", func(p *nodetest.Raw) { p.Accept(); p.Conn.Close() })
		}, nil, "", 50}, // the same
		{"mute after the handshake", func(w *nodetest.World) {
			w.ServeRaw("peer", func(p *nodetest.Raw) { p.Accept(); p.Drain() })
		}, nil, "no message in time", 45},
		{"another network", func(w *nodetest.World) {
			cfg := w.Config()
			cfg.Network.Magic++
			nodetest.Serve(w.T, w.Net.Listen("peer"), cfg)
		}, &handshake.RefusedError{}, "refused", 0},
		{"an unknown era from its start", func(w *nodetest.World) { w.ServePeer("peer", ahead(nodetest.NewChain().Grow(10), 0)) }, &ledger.UnknownEraError{}, "newer version", 0},
		{"rolled back behind the start", func(w *nodetest.World) {
			c := nodetest.NewChain().Grow(100)
			w.Serve("peer", c)
			time.AfterFunc(time.Minute, func() { c.Switch(90, 95) })
		}, nil, "chain", 25},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := nodetest.NewWorld(t)
				test.peer(w)
				cfg := w.FollowConfig("peer")
				began, last := time.Now(), time.Now()
				told, gap := 0, 70*time.Second
				if test.says == "chain" {
					gap = 3 * time.Minute
				}
				tell := func(address string, err error, retry time.Duration) {
					if address != "peer" || !strings.Contains(err.Error(), test.says) || retry <= 0 || retry > gap {
						t.Errorf("%s, again in %v: %v", address, retry, err)
					}
					if d := time.Since(last); d > gap+21*time.Second {
						t.Errorf("nothing told for %v", d)
					}
					told++
					last = time.Now()
				}
				cfg.Observer.Lost, cfg.Observer.Stopped = tell, tell
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				var end error
				for _, end = range follow.Follow(ctx, cfg) {
				}
				if told < test.times {
					t.Errorf("told %d times", told)
				}
				if test.ends == nil {
					if !errors.Is(end, context.DeadlineExceeded) {
						t.Errorf("ended with %v", end)
					}
					return
				}
				var all *follow.UnfollowableError
				if !errors.As(end, &all) || !strings.HasPrefix(all.Peers[0].Peer, "peer") || !node.Permanent(end) || !strings.Contains(end.Error(), test.says) {
					t.Errorf("ended with %v", end)
				}
				if d := time.Since(began); d > 21*time.Second {
					t.Errorf("ended after %v", d)
				}
			})
		})
	}
}

// What cannot be an address is the first thing that comes, and is named; unless
// something else than TCP dials, whose addresses are its own.
func TestFollowAddresses(t *testing.T) {
	for address, why := range map[string]string{
		"relay.example":        "missing port",
		"relay.example:":       "is no port",
		"192.0.2.1:0":          "is no port",
		"192.0.2.1:65536":      "is no port",
		"192.0.2.1:-1":         "is no port",
		"192.0.2.1:no-service": "is no port",
		"2001:db8::1:3001":     "too many colons",
		"[2001:db8::1]":        "missing port",
		"":                     "missing port",
	} {
		cfg := follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{"192.0.2.1:3001", address}}
		n := 0
		for ev, err := range follow.Follow(t.Context(), cfg) {
			n++
			if ev != nil || !errors.As(err, new(*net.AddrError)) || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), `"`+address+`"`) {
				t.Errorf("%q: %v, %v", address, ev, err)
			}
		}
		if n != 1 {
			t.Errorf("%q: %d values", address, n)
		}
		if _, err := node.Dial(t.Context(), address, cfg.Config); !errors.As(err, new(*net.AddrError)) || !node.Permanent(err) || !strings.Contains(err.Error(), why) {
			t.Errorf("dial %q: %v", address, err)
		}
		cfg.Dial = func(context.Context, string) (net.Conn, error) { return nil, errors.New("not this time") }
		if _, err := follow.NewFollower(cfg); err != nil {
			t.Errorf("%q for another dialler: %v", address, err)
		}
	}
	for _, address := range []string{"192.0.2.1:3001", "[2001:db8::1]:3001", "relay.example:3001", "relay.example:https"} {
		if _, err := follow.NewFollower(follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{address}}); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// Before a peer has said that its chain has the point, no event claims that it is
// there: not while nobody is there, nor while those who are have older points only.
func TestFollowFirstEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(100)
		f := w.Follow(w.FollowConfig("none", "behind", "has it"), c.Point(10), c.Point(30))
		came := false
		first := make(chan struct{})
		go func() {
			f.Step()
			came = true
			close(first)
		}()
		pause := func(what string) {
			time.Sleep(time.Hour)
			synctest.Wait()
			if came {
				t.Fatalf("%s: started at %v", what, f.Base)
			}
		}
		pause("nobody")
		w.Serve("none", c.Fork(60))
		pause("one has none of the points")
		w.Serve("behind", c.Fork(30))
		pause("one has the older point, and nothing better")
		w.Serve("has it", c)
		<-first
		if f.Base != c.Point(10) {
			t.Errorf("started at %v", f.Base)
		}
		f.Reach(c)
	})
}

// Tip is the longest chain that a connected peer announces, and never shorter than
// what was adopted.
func TestFollowTip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(300)
		made := ledger.Tip{Point: ledger.Point{Slot: 1 << 40}, BlockNo: 1 << 40}
		lying := false
		liar := c.Fork(0)
		lies := chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if f, ok := u.(chainsync.RollForward); ok && lying {
				f.Tip = made
				return f
			}
			return u
		}}
		short := c.Fork(250)
		w.Serve("short", short)
		w.Serve("long", c)
		f := w.Follow(w.FollowConfig("short", "long", "liar"))
		f.Start()
		time.Sleep(time.Minute)
		announced := false // the tip of long; blocks may be adopted before it
		for f.Tip() != c.Tip().Point {
			f.Step()
			if f.Events == 1 { // where it starts
				continue
			}
			announced = announced || f.Last.Tip != short.Tip()
			if want := c.Tip(); announced && f.Last.Tip != want {
				t.Fatalf("block %v of %v, want %v", f.Last.Block.Header.BlockNo, f.Last.Tip, want)
			}
		}
		grow := func(want func() ledger.Tip) {
			t.Helper()
			c.Grow(1)
			liar.Become(c)
			f.Reach(c)
			if f.Last.Tip != want() {
				t.Errorf("block %v of %v, want %v", f.Last.Block.Header.BlockNo, f.Last.Tip, want())
			}
		}
		grow(c.Tip)
		lying = true
		s := w.ServePeer("liar", chaintest.Peer{Chain: liar, Hooks: lies})
		time.Sleep(2 * time.Minute)
		c.Grow(1) // of which the liar lies
		liar.Become(c)
		f.Reach(c)
		time.Sleep(time.Second)
		grow(func() ledger.Tip { return made })
		s.Close()
		time.Sleep(time.Second)
		grow(c.Tip)
	})
}

// More says whether the loop will wait for the next event: a slow loop gets batches
// of all that is there, and a block at the tip is one of its own, whatever tip a
// peer makes up.
func TestFollowMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(300)
		peer := chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if f, ok := u.(chainsync.RollForward); ok {
				f.Tip.BlockNo += 1000
				return f
			}
			return u
		}}}
		w.ServePeer("a", peer)
		f := w.Follow(w.FollowConfig("a"))
		f.Step()
		time.Sleep(time.Minute) // all is there
		synctest.Wait()
		for n := range 300 {
			began := time.Now()
			f.Step()
			if f.Last.More != (n < 299) || time.Since(began) > 0 {
				t.Fatalf("block %d: more %t", n, f.Last.More)
			}
		}
		for range 3 {
			time.Sleep(time.Minute)
			c.Grow(1)
			f.Step()
			if f.Last.More {
				t.Error("there is more after the last block")
			}
		}
		c.Switch(2, 3)
		time.Sleep(time.Minute)
		synctest.Wait()
		f.Step() // back
		for n := range 3 {
			if f.Step(); f.Last.More != (n < 2) {
				t.Errorf("after the rollback, block %d: more %t", n, f.Last.More)
			}
		}
	})
}

// The end of the run is no event to wait for: a batch before it is complete.
func TestFollowMoreBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(50)
		w.ServePeer("a", ahead(c, 40))
		f := w.Follow(w.FollowConfig("a"))
		f.Step()
		time.Sleep(time.Minute)
		synctest.Wait()
		for range 40 {
			f.Step()
		}
		if f.Last.More {
			t.Error("there is more after the last block")
		}
		checkUnknownEra(t, stopped(f, 0))
	})
}

func TestPeerStatusString(t *testing.T) {
	tip := ledger.Tip{Point: ledger.Point{Slot: 5}, BlockNo: 3}
	for want, s := range map[string]follow.PeerStatus{
		"a:1 is not connected yet":                                     {},
		"a:1 is not connected: connection refused":                     {Err: &node.PeerError{Peer: "a:1", Err: errors.New("connection refused")}},
		"a:1 is not connected: plain":                                  {Err: errors.New("plain")},
		"a:1 is connected and has not said where its chain ends":       {Connected: true, Err: errors.New("before")},
		"a:1 is connected, its chain ends at " + tip.String():          {Connected: true, Announced: true, Tip: tip},
		"a:1 is connected, its chain is not followed: no intersection": {Connected: true, Announced: true, Stopped: errors.New("no intersection")},
	} {
		s.Address = "a:1"
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A header that comes together with the news that there are no more goes on at once.
// Such news come where the chain is shorter than the peer said.
func TestFollowHeaderBesideAwaitReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(250)
		w.ServePeer("a", chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if f, ok := u.(chainsync.RollForward); ok {
				f.Tip.BlockNo += 1000
				return f
			}
			return u
		}}})
		began := time.Now()
		w.Follow(w.FollowConfig("a")).Reach(c)
		if d := time.Since(began); d > time.Second {
			t.Errorf("the last block came after %v", d)
		}
	})
}
