package chain

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// phase is where chain-sync with a peer stands.
type phase uint8

const (
	finding   phase = iota // FindIntersect is under way
	following              // the candidate is known
	ended                  // until retryAt
)

// Pauses before chain-sync is tried again. (relay-behaviour, 5.1 and 5.4)
const (
	retryNoIntersection = 120 * time.Second
	retryRolledBack     = 180 * time.Second
)

// peer is all that is known about one connection.
type peer struct {
	id      PeerID
	address uint64 // see PeerConnected
	salt    uint64

	phase     phase
	offered   []ledger.Point // while finding
	tip       *block         // end of the candidate, while following
	announced ledger.Tip     // a hint, never trusted
	credit    int            // headers granted and not come
	retryAt   time.Duration  // while ended

	spans  []*span // ranges asked for, oldest first
	flying int     // bytes of them to come
	limit  int     // of flying
	rate   rate
	cameAt time.Duration // when it sent a block last

	refused  ledger.Hash   // start of the range refused last
	refusals int           // of it
	unheard  bool          // it could not tell us of a rollback meanwhile
	idleTill time.Duration // nothing is asked for before
	stallAt  time.Duration // while live ranges are in flight
	stalled  bool          // not asked again before it delivers

	fork     fork
	pace     pace
	strikes  int           // how often it was late, less the ranges that it sent in time since
	lateTill time.Duration // asked only if there is no other
}

func (c *Core) peerConnected(ev PeerConnected) {
	if c.byID[ev.Peer] != nil {
		return
	}
	p := &peer{id: ev.Peer, address: ev.Address, salt: mix(uint64(ev.Peer) ^ c.cfg.Salt), limit: ev.MaxInFlight}
	if p.limit <= 0 {
		p.limit = DefaultMaxInFlight
	}
	c.planner.recall(p)
	c.byID[ev.Peer] = p
	c.planner.peers = append(c.planner.peers, p)
	c.find(p)
}

// mix is the finalizer of splitmix64: it makes near numbers far.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// find starts chain-sync, or starts it anew from our present chain.
func (c *Core) find(p *peer) {
	c.retip(p, nil)
	c.credits.revoke(&p.credit)
	p.phase, p.offered = finding, c.tree.offer()
	c.emit(FindIntersect{p.id, p.offered})
}

// endChainSync ends chain-sync with a peer that is not to blame.
func (c *Core) endChainSync(p *peer, err error, retry time.Duration) {
	c.planner.noPeer.of = nil
	c.retip(p, nil)
	c.credits.revoke(&p.credit)
	p.phase, p.offered, p.retryAt = ended, nil, c.now+retry
	c.emit(StopChainSync{p.id, err, retry})
}

// disconnect drops a peer that broke a rule.
func (c *Core) disconnect(p *peer, err error) {
	if p == nil {
		return
	}
	c.emit(Disconnect{p.id, err})
	c.forgetPeer(p)
}

// forgetPeer forgets a peer. What it was to deliver can be fetched from others.
func (c *Core) forgetPeer(p *peer) {
	if p == nil {
		return
	}
	c.planner.hungUp(p)
	c.planner.remember(p)
	delete(c.byID, p.id)
	for i, q := range c.planner.peers {
		if q == p {
			c.planner.peers = append(c.planner.peers[:i], c.planner.peers[i+1:]...)
			break
		}
	}
	for len(p.spans) > 0 {
		c.forgetRange(p, p.spans[len(p.spans)-1])
	}
	c.credits.revoke(&p.credit)
	c.retip(p, nil)
}

// retip moves the end of a peer's candidate to b, nil for none.
func (c *Core) retip(p *peer, b *block) {
	old := p.tip
	if old == b {
		return
	}
	if b != nil {
		b.tips++
	}
	p.tip = b
	if old != nil {
		old.tips--
		c.prune(old)
	}
}
