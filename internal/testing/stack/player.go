package stack

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// downTime is how long a relay is down that is restarted.
const downTime = 2 * time.Second

// player is a node of the plot: one relay after another.
type player struct {
	s        *stage
	index    int
	follows  map[string]time.Duration // address: from when on
	peers    []string
	consumer time.Duration // what an event takes the application
	restarts chan bool     // bare or not
	folder   bool          // it will be restarted

	mu    sync.Mutex
	relay *relay.Relay // nil while it is down
}

func newPlayer(s *stage, index int) *player {
	r := &player{s: s, index: index, follows: make(map[string]time.Duration), restarts: make(chan bool, 1)}
	for _, f := range s.plot.Follows {
		if f.Node == index {
			r.follows[s.address(f.Peer)] = f.At
			r.peers = append(r.peers, s.address(f.Peer))
		}
	}
	for _, f := range s.plot.Faults {
		r.folder = r.folder || f.Node == index && (f.Kind == sim.Restart || f.Kind == sim.RestartBare) && s.cfg.Dir != nil
	}
	// Some nanoseconds keep apart what is told to the core then and what is told
	// by timers that were set at the same time.
	random := rand.New(rand.NewPCG(s.plot.Seed, uint64(1000+index)))
	r.consumer = time.Duration(random.IntN(30))*time.Millisecond + 1 + time.Duration(random.IntN(100_000))
	return r
}

// live runs relays until ctx ends.
func (r *player) live(ctx context.Context) {
	dir := ""
	for ctx.Err() == nil {
		if r.folder && dir == "" {
			dir = r.s.cfg.Dir()
		}
		if r.run(ctx, dir) {
			dir = "" // bare
		}
	}
}

// run runs one relay until it is restarted, and reports whether nothing of it is
// to stay.
func (r *player) run(ctx context.Context, dir string) (bare bool) {
	l, err := r.s.net.Host(name(r.index)).Listen(port)
	if err != nil {
		r.s.watch.fail("%s: %v", name(r.index), err)
		<-ctx.Done()
		return false
	}
	x, err := relay.New(r.config(l, dir))
	if err != nil {
		r.s.watch.fail("%s: %v", name(r.index), err)
		l.Close()
		<-ctx.Done()
		return false
	}
	r.s.watch.started(r.index)
	r.set(x)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- x.Run(running) }()
	select {
	case bare = <-r.restarts:
	case <-ctx.Done():
	case err := <-ended:
		r.s.watch.fail("%s: ended: %v", name(r.index), err)
		ended <- nil
		<-ctx.Done()
	}
	r.set(nil)
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		r.s.watch.fail("%s: %v", name(r.index), err)
	}
	if ctx.Err() == nil {
		time.Sleep(downTime)
	}
	return bare
}

func (r *player) config(l net.Listener, dir string) relay.Config {
	core := r.s.plot.Config(r.index)
	cfg := follow.Config{
		Config: r.s.config(r.index), Peers: r.peers, Prefer: core.Prefer,
		Chain: follow.Bounds{
			MaxLead: core.MaxLead, MaxSideHeaders: core.MaxSideHeaders, MaxBytes: core.MaxBytes,
			MaxRangeBlocks: core.MaxRangeBlocks, MaxRanges: core.MaxRanges, FetchPeers: core.FetchPeers,
			MaxGap: core.MaxGap, StallTimeout: core.StallTimeout,
		},
	}
	cfg.Dial = r.dial
	if r.s.plot.Scenario.Judged {
		cfg.Judge = &plotJudge{s: r.s, seen: make(map[ledger.Hash]bool)}
	}
	told := &decisions{w: &r.s.watch, host: name(r.index)}
	if rec := r.s.cfg.Recorder; rec != nil {
		cfg.Mux.Record = rec.Record
		told.also = rec.Core(told.host)
	}
	cfg.Decisions = told
	cfg.Observer.Lost = func(address string, err error, _ time.Duration) { r.s.watch.lost(r.index, address, err) }
	return relay.Config{
		Follow: cfg, Listener: l, DataDir: dir, NoVerify: !r.s.cfg.Verify,
		Observer: relay.Observer{Event: func(ev follow.Event) {
			r.s.watch.event(r.index, ev)
			// All that follows from one block is done before the next one comes.
			time.Sleep(r.consumer)
		}},
	}
}

// dial connects to a peer, not before the plot has it so.
func (r *player) dial(ctx context.Context, address string) (net.Conn, error) {
	if early := r.follows[address] - r.s.net.Now(); early > 0 {
		wait := time.NewTimer(early)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return r.s.net.Host(name(r.index)).Dial(ctx, address)
}

func (r *player) set(x *relay.Relay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.relay = x
}

// restart stops the relay and has another one started, if it is not down.
func (r *player) restart(bare bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.relay != nil && len(r.restarts) == 0 {
		r.restarts <- bare
	}
}

// connected returns the participants that the relay is connected to.
func (r *player) connected() (ups []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.relay == nil {
		return nil
	}
	for _, st := range r.relay.Status().Upstream {
		if st.Connected {
			ups = append(ups, r.s.participant(st.Address))
		}
	}
	return ups
}

// tip returns the end of the relay's chain.
func (r *player) tip() ledger.Tip {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.relay == nil {
		return ledger.Tip{}
	}
	return r.relay.Status().Tip
}
