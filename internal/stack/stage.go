package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/sim"
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
		Seed: s.plot.Seed, Plan: s.path, Wait: cfg.Wait, Arrange: arrange, Observe: s.watch.network,
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
		if m == sim.Slow && to == name(i) {
			latency += time.Duration(200+r.IntN(1300)) * time.Millisecond
			perKB += time.Duration(20+r.IntN(200)) * time.Millisecond
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

// direct has everything happen that the plot has.
func (s *stage) direct() {
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	s.peers = make([]*peer, len(s.plot.Manners))
	for i, m := range s.plot.Manners {
		if m == sim.Node {
			r := newPlayer(s, i)
			s.relays = append(s.relays, r)
			tasks.Go(func() { r.live(ctx) })
			continue
		}
		p := newPeer(s.tree, m, s.plot.Seed<<16+uint64(i), s.plot.Start, s.watch.fail)
		s.peers[i] = p
		tasks.Go(func() { s.serve(ctx, i, p) })
	}
	s.follow(ctx, &tasks)
	s.settle()
	cancel()
	tasks.Wait()
}

// serve serves a scripted peer.
func (s *stage) serve(ctx context.Context, i int, p *peer) {
	l, err := s.net.Host(name(i)).Listen(port)
	if err == nil {
		cfg := s.config(i)
		cfg.Sources = p.sources()
		err = node.Serve(ctx, l, cfg, nil)
	}
	if err != nil {
		s.watch.fail("serving %s: %v", name(i), err)
	}
}

// cue is something that the plot has at a time.
type cue struct {
	at time.Duration
	do func()
}

// follow gives each cue at its time.
func (s *stage) follow(ctx context.Context, tasks *sync.WaitGroup) {
	var cues []cue
	for _, m := range s.plot.Moves {
		cues = append(cues, cue{m.At, func() { s.peers[m.Node].move(m.Block) }})
	}
	for i, x := range s.plot.Submissions {
		cues = append(cues, cue{x.At, func() { tasks.Go(func() { s.submit(ctx, i, x.Node) }) }})
	}
	for _, f := range s.plot.Faults {
		cues = append(cues, cue{f.At, func() { s.fault(f) }})
	}
	for i, m := range s.plot.Manners {
		if m == sim.Resetting {
			r := rand.New(rand.NewPCG(s.plot.Seed, uint64(i)))
			for at := time.Duration(0); at < s.plot.Quiet; {
				at += time.Duration(1+r.IntN(40)) * time.Second
				cues = append(cues, cue{at, func() { s.net.Add(vnet.Fault{Kind: vnet.Reset, From: name(i)}) }})
			}
		}
	}
	slices.SortStableFunc(cues, func(a, b cue) int { return cmp.Compare(a.at, b.at) })
	for _, c := range cues {
		time.Sleep(max(c.at-s.net.Now(), moment))
		c.do()
	}
	time.Sleep(s.plot.Quiet - s.net.Now())
}

// fault has something go wrong around a relay.
func (s *stage) fault(f sim.PlannedFault) {
	r := s.relays[f.Node]
	switch f.Kind {
	case sim.Restart, sim.RestartBare:
		if s.cfg.Dir != nil {
			r.restart(f.Kind == sim.RestartBare)
		}
		return
	case sim.Part:
		s.net.Add(vnet.Fault{Kind: vnet.Reset, From: name(f.Node)})
		if d := time.Duration(f.Chance%30) * time.Second; d > 0 {
			s.net.Add(vnet.Fault{Kind: vnet.Partition, From: name(f.Node), At: s.net.Now(), For: d})
		}
		return
	}
	ups := r.connected()
	if len(ups) == 0 {
		return
	}
	up := name(ups[f.Chance%len(ups)])
	if f.Kind == sim.Cut {
		s.net.Add(vnet.Fault{Kind: vnet.Reset, From: name(f.Node), To: up})
		return
	}
	d := time.Duration(1+f.Chance%10) * time.Second
	s.net.Add(vnet.Fault{Kind: vnet.Stall, From: up, To: name(f.Node), At: s.net.Now(), For: d})
}

// settle waits until all relays have the best chain and all peers all
// transactions.
func (s *stage) settle() {
	for {
		behind := s.behind()
		if behind == "" {
			break
		}
		if s.net.Now() > s.plot.Quiet+settleTime {
			s.watch.fail("progress: %s", behind)
			break
		}
		time.Sleep(lookEvery)
	}
	time.Sleep(lookEvery)
	s.audit()
}

func (s *stage) behind() string {
	for _, r := range s.relays {
		if got, want := r.tip(), s.tree.Tip(s.plot.Best); got != want {
			return fmt.Sprintf("%s is at %v, the best chain at %v", name(r.index), got, want)
		}
	}
	return s.missingTxs()
}

// missingTxs returns which transaction has not come to a scripted peer that it
// should come to: one that keeps its connections, and that relays lead to which
// do not lose their queue.
func (s *stage) missingTxs() string {
	for _, f := range s.plot.Faults {
		if f.Kind == sim.Restart || f.Kind == sim.RestartBare {
			return ""
		}
	}
	for i, x := range s.plot.Submissions {
		reached := make([]bool, len(s.plot.Manners))
		reached[x.Node] = true
		for range s.relays {
			for _, f := range s.plot.Follows {
				reached[f.Peer] = reached[f.Peer] || reached[f.Node]
			}
		}
		for n, p := range s.peers {
			if p != nil && reached[n] && !p.hasTx(s.tree.Txs[i].ID) {
				return fmt.Sprintf("%s has not transaction %d", name(n), i)
			}
		}
	}
	return ""
}

func (p *peer) hasTx(id ledger.TxID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.txs[id]
}
