package stack

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/vnet"
)

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
		err = node.Serve(ctx, l, cfg)
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
