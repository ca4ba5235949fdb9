package node

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Defaults of [Limits].
const (
	// DefaultInbound is cardano-node's hard limit. (relay-behaviour, 1)
	DefaultInbound = 512

	// DefaultPerAddress leaves room for the nodes behind one router.
	DefaultPerAddress = 8
)

const (
	// HandshakePlaces is how many connections without a handshake there may be
	// beyond [Limits].Inbound, so that those which never finish one take no place.
	HandshakePlaces = 64

	// pruneEvery is the pause between two connections that make way for new ones: it
	// bounds how fast a node that dials again and again pushes others out.
	pruneEvery = 5 * time.Second
)

// Limits bound the connections that [Serve] accepts.
//
// While all places are taken, a connection whose handshake is done takes the
// place of a random one that we do not use ourselves, one each 5 s at most;
// others are closed. Of connections without a handshake, the oldest makes way
// when there are [HandshakePlaces] more than Inbound in all.
type Limits struct {
	// Inbound is how many connections there may be; 0 is [DefaultInbound].
	Inbound int

	// PerAddress is how many may come from one IP address, and twice as many from one
	// IPv6 network of 64 bits; 0 is [DefaultPerAddress], a negative number sets no
	// limit. More are closed at once. Bearers without an IP address are not counted.
	PerAddress int

	// Exempt, if not nil, reports which addresses PerAddress does not apply to. Their
	// connections never make way for others, and get a place as long as there are fewer
	// than Inbound and [HandshakePlaces] in all. It must not block.
	Exempt func(netip.Addr) bool
}

func (l Limits) complete() (Limits, error) {
	if l.Inbound < 0 {
		return l, errors.New("node: Config.Limits.Inbound is negative")
	}
	if l.Inbound == 0 {
		l.Inbound = DefaultInbound
	}
	if l.PerAddress == 0 {
		l.PerAddress = DefaultPerAddress
	}
	return l, nil
}

var (
	errCrowded = errors.New("node: too many connections from this address")
	errFull    = errors.New("node: all places for inbound connections are taken")
	errPruned  = errors.New("node: the connection made way for a new one")
)

// places decides which of the connections that others opened stay.
type places struct {
	limits Limits
	rand   *rand.Rand

	mu     sync.Mutex
	fresh  []*place // without a handshake, oldest first
	agreed []*place // in any order
	counts map[netip.Prefix]int
	pruned time.Time // when the last one of agreed made way
	debts  debts
}

// place is one connection.
type place struct {
	addr   netip.Addr // invalid for a bearer without one
	exempt bool
	leave  func(error) // ends the connection; must not block

	idle func() bool // reports that we do not use it; set with its handshake
	gone bool
}

func newPlaces(l Limits, r *rand.Rand) *places {
	if r == nil {
		r = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return &places{limits: l, rand: r, counts: make(map[netip.Prefix]int)}
}

// networks are the prefixes by which an address is counted, with the share of
// each in PerAddress.
func (p *place) networks() []netip.Prefix {
	if !p.addr.IsValid() {
		return nil
	}
	all := []netip.Prefix{netip.PrefixFrom(p.addr, p.addr.BitLen())}
	if p.addr.Is6() {
		wide, _ := p.addr.Prefix(64)
		all = append(all, wide)
	}
	return all
}

// admit gives a new connection a place, or returns why there is none.
func (ps *places) admit(addr netip.Addr, leave func(error)) (*place, error) {
	p := &place{addr: addr.Unmap(), leave: leave}
	p.exempt = p.addr.IsValid() && ps.limits.Exempt != nil && ps.limits.Exempt(p.addr)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.limits.PerAddress > 0 && !p.exempt {
		for i, n := range p.networks() {
			if ps.counts[n] >= ps.limits.PerAddress*(i+1) {
				return nil, errCrowded
			}
		}
	}
	if len(ps.fresh)+len(ps.agreed) >= ps.limits.Inbound+HandshakePlaces {
		oldest := slices.IndexFunc(ps.fresh, func(x *place) bool { return !x.exempt })
		if oldest < 0 {
			return nil, errFull // only exempt ones can be so many
		}
		ps.dismiss(ps.fresh[oldest], errPruned)
	}
	for _, n := range p.networks() {
		ps.counts[n]++
	}
	ps.fresh = append(ps.fresh, p)
	return p, nil
}

// confirm keeps the place of a connection whose handshake is done, or reports
// that there is none left. idle reports that we do not use it ourselves; leave
// ends it from now on.
func (ps *places) confirm(p *place, now time.Time, idle func() bool, leave func(error)) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p.gone {
		return errPruned
	}
	if len(ps.agreed) >= ps.limits.Inbound {
		victim := ps.victim()
		if !p.exempt && (victim == nil || !ps.pruned.IsZero() && now.Sub(ps.pruned) < pruneEvery) {
			return errFull
		}
		if victim != nil {
			ps.pruned = now
			ps.dismiss(victim, errPruned)
		}
	}
	p.idle, p.leave = idle, leave
	ps.fresh = slices.DeleteFunc(ps.fresh, func(x *place) bool { return x == p })
	ps.agreed = append(ps.agreed, p)
	return nil
}

// victim draws one of the connections that can make way; nil if there is none.
func (ps *places) victim() *place {
	var drawn *place
	n := 0
	for _, p := range ps.agreed {
		if p.exempt || !p.idle() {
			continue
		}
		if n++; ps.rand.IntN(n) == 0 {
			drawn = p
		}
	}
	return drawn
}

func (ps *places) dismiss(p *place, why error) {
	ps.remove(p)
	p.leave(why)
}

// release gives the place back; again does nothing.
func (ps *places) release(p *place) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.remove(p)
}

// owed returns what peers at the address of p owe; exempt ones owe nothing.
func (ps *places) owed(p *place) (due [paces]time.Time) {
	if n := p.networks(); len(n) > 0 && !p.exempt {
		ps.mu.Lock()
		defer ps.mu.Unlock()
		due = ps.debts.of(n[len(n)-1])
	}
	return due
}

// remember keeps what the peer of p, which is gone, owes; exempt ones owe nothing.
func (ps *places) remember(p *place, due [paces]time.Time, now time.Time) {
	if n := p.networks(); len(n) > 0 && !p.exempt {
		ps.mu.Lock()
		defer ps.mu.Unlock()
		ps.debts.add(n[len(n)-1], due, now)
	}
}

// full reports whether a new connection can only stay in place of another.
func (ps *places) full() bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return len(ps.agreed) >= ps.limits.Inbound
}

func (ps *places) remove(p *place) {
	if p.gone {
		return
	}
	p.gone = true
	same := func(x *place) bool { return x == p }
	ps.fresh = slices.DeleteFunc(ps.fresh, same)
	ps.agreed = slices.DeleteFunc(ps.agreed, same)
	for _, n := range p.networks() {
		if ps.counts[n]--; ps.counts[n] == 0 {
			delete(ps.counts, n)
		}
	}
}
