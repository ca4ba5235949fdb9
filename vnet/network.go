package vnet

import (
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/wake"
)

// Config describes a [Network]. Its zero value is a network without delays and faults.
type Config struct {
	// Seed makes all randomness repeatable; 0 is a seed like any other.
	Seed uint64

	// Link describes both directions of each connection, if Plan is nil.
	Link Link

	// Plan, if not nil, returns the links of each connection that from makes to to. r
	// depends only on the seed, the names and the number of connections between them
	// before. Calls may overlap.
	Plan func(r *rand.Rand, from, to string) Path

	// Faults happen at their times. See also [Network.Add].
	Faults []Fault

	// Wait, if not nil, makes the network one in lockstep: [Network.Run]
	// must run. Wait blocks until all goroutines but its own are blocked:
	// synctest.Wait.
	Wait func()

	// Arrange, if not nil, is for hosts whose goroutines write to one connection in any
	// order, such as a multiplexer. In lockstep it gets the bytes that one side of a
	// connection sent at one instant, and returns chunks that arrive one at a time, in
	// an order that does not depend on the goroutines. The last rest bytes, of an
	// incomplete message, are given to it again with those that follow. The chunks may
	// differ from the bytes sent, such as by headers between them. With nil chunks and
	// no rest, or an impossible rest, the bytes are sent unchanged.
	//
	// What a host writes to a connection at the instant at which it closes it
	// is lost, unless CloseWrite came first, and what arrived then counts as
	// read: how far its goroutines got depends on their order. So it does when
	// a write has to wait; let windows be so large that none does.
	Arrange func(sent []byte) (chunks [][]byte, rest int)

	// Observe, if not nil, gets the events of a network in lockstep, in an order that
	// depends only on the seed and on what the hosts do. [Network.Run] calls it; it
	// must not use the network.
	Observe func(Event)
}

// Path has the links of one connection.
type Path struct {
	Out  Link // from the side that dialled
	Back Link // to it
}

// Network connects hosts. Its methods, and those of its hosts, listeners and
// connections, may be called from any goroutine.
type Network struct {
	cfg   Config
	epoch time.Time

	alarms alarms

	kick wake.One // something changed, in lockstep

	dirtyMu  sync.Mutex // guards what follows; no other is locked under it
	dirty    []*pair
	requests []*dial

	mu        sync.Mutex // guards what follows; locked before that of a pair
	hosts     map[string]*Host
	byIP      map[netip.Addr]*Host
	listeners map[netip.AddrPort]*Listener
	faults    []Fault
	resets    []Fault // still to come, by time
	breaking  []*pair // in lockstep: hit by a reset whose turn it is
	timer     *time.Timer
	pairs     map[uint64]*pair
	ids       uint64
	dials     map[[2]string]uint64
	closed    bool
	agenda    agenda
	replan    bool // the faults have changed
}

// New returns a network without hosts. Inside a bubble of testing/synctest, it
// must be called there.
func New(cfg Config) *Network {
	epoch := time.Now()
	n := &Network{
		cfg:       cfg,
		epoch:     epoch,
		alarms:    alarms{epoch: epoch, set: never},
		kick:      wake.NewOne(),
		hosts:     make(map[string]*Host),
		byIP:      make(map[netip.Addr]*Host),
		listeners: make(map[netip.AddrPort]*Listener),
		pairs:     make(map[uint64]*pair),
		dials:     make(map[[2]string]uint64),
	}
	n.Add(cfg.Faults...)
	return n
}

func (n *Network) lockstep() bool { return n.cfg.Wait != nil }

func (n *Network) arranged() bool { return n.lockstep() && n.cfg.Arrange != nil }

// now is the time since the network was made.
func (n *Network) now() time.Duration { return time.Since(n.epoch) }

// Now returns the time since the network was made, to which the times of faults are
// relative.
func (n *Network) Now() time.Duration { return n.now() }

// Add adds faults.
func (n *Network) Add(faults ...Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.now()
	for _, f := range faults {
		f.At = max(f.At, now)
		if f.Kind == Reset {
			n.resets = append(n.resets, f)
		} else {
			n.faults = append(n.faults, f)
		}
	}
	slices.SortStableFunc(n.resets, func(a, b Fault) int { return int(a.At - b.At) })
	n.changed(now)
}

// Heal ends the faults that have begun.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.now()
	n.faults = slices.DeleteFunc(n.faults, func(f Fault) bool { return f.At == now })
	for i := range n.faults {
		if f := &n.faults[i]; f.At < now && f.span().to > now {
			f.For = now - f.At
		}
	}
	n.changed(now)
}

// changed follows a change of the faults.
func (n *Network) changed(now time.Duration) {
	for _, p := range n.pairs { // any order
		p.setStalls(n.faults, now)
	}
	n.faults = slices.DeleteFunc(n.faults, func(f Fault) bool { return f.span().to < now })
	if n.lockstep() {
		n.replan = true
		n.wakeRun()
		return
	}
	n.strike(now)
}

// strike breaks what the resets that are due break and sets a timer for the
// next one.
func (n *Network) strike(now time.Duration) {
	for len(n.resets) > 0 && n.resets[0].At <= now {
		n.reset(n.resets[0], now)
		n.resets = n.resets[1:]
	}
	if len(n.resets) == 0 || n.lockstep() {
		return
	}
	wait := n.resets[0].At - now
	if n.timer != nil {
		n.timer.Reset(wait)
		return
	}
	n.timer = time.AfterFunc(wait, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.strike(n.now())
	})
}

// reset breaks the connections that a fault hits, in the order of their making.
func (n *Network) reset(f Fault, now time.Duration) {
	for _, p := range n.hit(f) {
		p.breakDown(now)
	}
}

// hit returns the connections that a fault is about, in the order of their
// making.
func (n *Network) hit(f Fault) (hit []*pair) {
	for _, p := range n.pairs { // any order: sorted below
		if f.hits(p.from(), p.to()) {
			hit = append(hit, p)
		}
	}
	slices.SortFunc(hit, byID)
	return hit
}

// Close breaks all connections, closes all listeners, and refuses new connections.
func (n *Network) Close() error {
	n.mu.Lock()
	listeners := make([]*Listener, 0, len(n.listeners))
	for _, l := range n.listeners { // any order
		listeners = append(listeners, l)
	}
	n.closed = true
	n.resets = nil
	if n.timer != nil {
		n.timer.Stop()
	}
	n.reset(Fault{Kind: Reset}, n.now())
	n.mu.Unlock()
	for _, l := range listeners {
		l.Close()
	}
	return nil
}

// random returns a source for one purpose on the k-th connection between two
// hosts.
func (n *Network) random(from, to string, k uint64, purpose byte) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(from))
	h.Write([]byte{0})
	h.Write([]byte(to))
	h.Write([]byte{0, purpose, byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)})
	return rand.New(rand.NewPCG(n.cfg.Seed, h.Sum64()))
}
