package stack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/trace"
	"github.com/ouronet/ouronet/vnet"
)

// Config is what to play.
type Config struct {
	Plot *sim.Plot
	Tree *Tree // of Plot, see [Render]

	// Verify has relays verify headers, which must be signed.
	Verify bool

	// Wait is synctest.Wait. nil has the network run freely: then messages come
	// in bunches and in pieces, hosts do several things at once, and no two
	// plays are alike.
	Wait func()

	// Dir makes a folder that is empty and stays for the play: relays that are
	// restarted have one. nil leaves restarts out.
	Dir func() string

	// Recorder, if not nil, records the relays: connections and decisions. It
	// must be of the same bubble.
	Recorder *trace.Recorder
}

// Times of a play.
const (
	// settleTime is how long after the last block and fault all relays must
	// have the best chain; see package sim, whose time is the same.
	settleTime = 900 * time.Second

	lookEvery = 5 * time.Second

	// moment separates what the plot has at one time.
	moment = time.Nanosecond

	port = 3001
)

// stage is one play.
type stage struct {
	cfg    Config
	plot   *sim.Plot
	tree   *Tree
	net    *vnet.Network
	relays []*player
	peers  []*peer // by participant, nil for nodes
	watch  watch
}

// Play plays a plot and returns what came of it. It returns when all that it
// started has ended.
func Play(cfg Config) *Result {
	s := &stage{cfg: cfg, plot: cfg.Plot, tree: cfg.Tree}
	s.watch.begin(s)
	s.net = vnet.New(vnet.Config{
		Seed: s.plot.Seed, Plan: s.path, Wait: cfg.Wait, Arrange: mux.Arrange, Observe: s.watch.network,
	})
	for i := range s.plot.Manners {
		s.net.Host(name(i)) // in this order, for their addresses
	}
	for i := range s.plot.Submissions {
		s.net.Host(fmt.Sprintf("u%d", i))
	}
	if cfg.Wait == nil {
		s.direct()
	} else {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			defer cancel()
			s.direct()
		}()
		if err := s.net.Run(ctx); !errors.Is(err, context.Canceled) {
			s.watch.fail("network: %v", err)
		}
	}
	s.net.Close()
	return s.watch.result(s)
}

func name(i int) string { return fmt.Sprintf("n%d", i) }

func (s *stage) address(i int) string { return fmt.Sprintf("%s:%d", name(i), port) }

// participant is whose address it is.
func (s *stage) participant(address string) int {
	for i := range s.plot.Manners {
		if s.address(i) == address {
			return i
		}
	}
	panic("stack: " + address + " is nobody's address")
}

// path is how bytes travel: as package sim has it.
func (s *stage) path(r *rand.Rand, _, to string) vnet.Path {
	latency := time.Duration(5+r.IntN(95)) * time.Millisecond
	perKB := time.Duration(20+r.IntN(400)) * time.Microsecond
	for i, m := range s.plot.Manners {
		if to != name(i) {
			continue
		}
		switch m {
		case sim.Slow:
			latency += time.Duration(200+r.IntN(1300)) * time.Millisecond
			perKB += time.Duration(20+r.IntN(200)) * time.Millisecond
		case sim.Dripping, sim.Hoarding:
			latency /= 20
		}
	}
	link := vnet.Link{Latency: latency, Jitter: latency / 4, Bandwidth: 1024 * int64(time.Second/perKB)}
	if s.cfg.Wait == nil {
		link.Ragged, link.Window = true, 1<<16
	} else {
		link.Window = 64 << 20 // so that no write has to wait: see vnet.Config.Arrange
	}
	return vnet.Path{Out: link, Back: link}
}

// config is how participant i talks to others.
func (s *stage) config(i int) node.Config {
	specs := node.NewSpecs()
	specs.BlockFetch.Ingress = 2 * s.plot.MaxInFlight()
	return node.Config{
		Network: s.tree.Network, Seed: s.plot.Seed<<16 + uint64(i) + 1, KeepAlive: 30 * time.Second, Specs: specs,
	}
}
