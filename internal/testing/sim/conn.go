package sim

import (
	"math/rand/v2"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// kind says what an event is.
type kind uint8

const (
	connect    kind = iota + 1 // up is dialled
	tick                       // a core's deadline
	consume                    // node's application takes a block
	move                       // a scripted peer goes over to block a
	fault                      // number a
	hasten                     // a delay is over
	submit                     // transaction a comes to node
	look                       // whether all are there
	serverFind                 // chain-sync, at the server from here on
	serverNext
	serverRange // block-fetch
	serverTx    // tx-submission, at the side that has transactions
	clientFound // chain-sync, at the client from here on
	clientHeaders
	clientBack
	clientBlock // block-fetch
	clientDone
	clientNone
	clientTx    // tx-submission, at the side that asks
	rangeLimit  // block-fetch's time limit
	drainLimit  // chain-sync's
	syncLimit   // the same
	resetByPeer // a connection ends
	judgement   // node's judge, about block a; b says which of the node's lives
)

// event is what happens; which fields have a meaning depends on its kind.
type event struct {
	kind   kind
	flag   bool
	sent   time.Duration
	conn   *conn
	node   *node
	up     *upstream
	a, b   int32
	tip    ledger.Tip
	points []ledger.Point
	ask    *ask
	stream *stream
	tx     txsubmission.Message
}

// Lanes keep the order within a mini-protocol and direction.
const (
	upSync = iota
	downSync
	upFetch
	downFetch
	lanes
)

// conn is one connection, from its start to its end: client follows server.
// After its end what is still under way is lost.
type conn struct {
	id             chain.PeerID
	upstream       *upstream
	client, server *node
	up             bool
	alive          int // the client's at the start
	latency        time.Duration
	perKB          time.Duration // to send that much
	last           [lanes]time.Duration
	sendFree       time.Duration // when the server has sent all blocks planned

	syncClient
	syncServer
	fetchClient
	notes

	worst   time.Duration // latency there was
	delayed bool
	txs     [2]*stream // from client, from server
}

// notes are the oracles'.
type notes struct {
	seen     view
	verdict  verdict        // on the latest message
	offered  []ledger.Point // by the FindIntersect sent last
	refused  blockID        // first block of the range refused last
	refusals int            // of it in a row
	unheard  bool           // it could not tell of a rollback meanwhile
	refusing bool           // the core is being told
	restTill time.Duration  // nothing is to be asked for before
	retryAt  time.Duration  // chain-sync was ended until then; 0 if it was not
	heard    time.Duration  // when a block came, or was asked for with none to come
	idleAt   time.Duration  // when a range was over last
	slow     bool           // a block took longer than tardyTime, or the connection ended without it
	short    bool           // the core is being told that a range is over without all of its blocks
}

// send plans an event at the other end, after all that was sent on the lane.
func (w *world) send(c *conn, lane int, k kind) *event {
	at := w.now + c.latency + time.Duration(w.link.IntN(int(c.latency/4)+1))
	at = max(at, c.last[lane])
	c.last[lane] = at
	e := w.agenda.plan(at, k)
	e.conn, e.sent = c, w.now
	return e
}

// connect starts a connection.
func (w *world) connect(c *conn) {
	n, to := c.client, c.server
	c.alive = n.alive
	c.latency, c.perKB = w.line(n, to)
	c.worst = c.latency
	n.conns = append(n.conns, c)
	to.followers = append(to.followers, c)
	if to.manner == Resetting {
		w.agenda.plan(w.now+time.Duration(1+w.link.IntN(40))*time.Second, resetByPeer).conn = c
	}
	c.denies = to.manner == Withholding && w.link.IntN(3) == 0
	if to.manner == Silent {
		c.muteAt = w.now + time.Duration(w.link.IntN(60))*time.Second
		c.patience = answerTime
		if w.link.IntN(2) == 0 {
			c.patience = nextTime
		}
	}
	w.startTxs(c)
	n.step(chain.PeerConnected{Peer: c.id, MaxInFlight: w.plot.MaxInFlight(), Address: uint64(to.index) + 1})
}

// line returns how far a server is and how long it takes to send a KiB. It is the same
// each time, whatever else happens.
func (w *world) line(client, server *node) (latency, perKB time.Duration) {
	r := rand.New(rand.NewPCG(w.plot.Seed, 1<<32|uint64(client.index)<<16|uint64(server.index)))
	latency = time.Duration(5+r.IntN(95)) * time.Millisecond
	perKB = time.Duration(20+r.IntN(400)) * time.Microsecond
	switch server.manner {
	case Slow:
		latency += time.Duration(200+r.IntN(1300)) * time.Millisecond
		perKB += time.Duration(20+r.IntN(200)) * time.Millisecond
	case Dripping:
		latency /= 20
		perKB = time.Duration(500+r.IntN(4500)) * time.Millisecond
	case Hoarding:
		latency /= 20
	}
	return latency, perKB
}

// end ends a connection.
func (w *world) end(c *conn) {
	if !c.up {
		return
	}
	c.up = false
	c.client.conns = without(c.client.conns, c)
	c.server.followers = without(c.server.followers, c)
	w.watch.connEnded(c)
	c.upstream.slow = c.slow // the core may remember it
	w.endTxs(c)
	c.client.tell(chain.PeerGone{Peer: c.id})
	if !w.draining {
		w.again(c.upstream, w.now-c.upstream.since, false)
	}
}

func without(all []*conn, c *conn) []*conn {
	for i, x := range all {
		if x == c {
			return append(all[:i], all[i+1:]...)
		}
	}
	return all
}
