package node

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/seeded"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// CloseTime bounds how long [Conn.Close] sends queued bytes.
const CloseTime = 1500 * time.Millisecond

// Conn is a connection to another node, after the handshake. Its methods may be called
// from any goroutine; one goroutine at a time uses an initiator; a second one gets
// [protocol.ErrInUse].
type Conn struct {
	cfg    Config
	role   protocol.Role // initiator if we dialled
	peer   string
	local  net.Addr
	remote net.Addr
	agreed handshake.Agreement
	mux    *mux.Mux

	chainSync, blockFetch, txSubmission, keepAlive, peerSharing *mux.Channel

	own map[uint16]*mux.Channel // initiators of Config.Protocols, by number

	// How often the peer may ask, whatever conversation it asks in.
	intersecting, sharing, pinging, refusing pace

	rtt  atomic.Int64 // nanoseconds, 0 before the first keep-alive
	told atomic.Bool  // Observer.Connected was, and Closed was not

	mu           sync.Mutex
	walks        bool  // Blocks runs
	provides     bool  // ProvideTxs runs
	provided     error // why it can run no more
	chainSyncI   *chainsync.Initiator
	blockFetchI  *blockfetch.Initiator
	peerSharingI *peersharing.Initiator
	life         life
}

// newConn declares the channels that the agreement has and starts them, with what the
// peer owes, if owed is not nil. What carries bodies is in a class of its own; requests,
// headers, handshakes, keep-alives and addresses are small or waited for: mux.Control.
func newConn(cfg Config, m *mux.Mux, bearer net.Conn, peer string, role protocol.Role, agreed handshake.Agreement, owed func() [paces]time.Time) *Conn {
	c := &Conn{
		cfg: cfg, role: role, peer: peer, local: bearer.LocalAddr(), remote: bearer.RemoteAddr(), agreed: agreed, mux: m,
		intersecting: pace{every: perPoint, free: freePoints}, sharing: pace{every: perSharing, free: freeSharing},
		pinging: pace{every: perPing, free: freePings}, refusing: pace{every: perRefusal, free: freeRefused},
	}
	c.life = newLife(agreed.Data.PeerSharing)
	// The side that dialled may ask; so may the other if both said they
	// answer. (handshake, 6)
	if c.MayAsk() {
		c.chainSync = m.Channel(cfg.Specs.ChainSync, protocol.Initiator)
		c.blockFetch = m.Channel(cfg.Specs.BlockFetch, protocol.Initiator)
		c.txSubmission = m.Channel(cfg.Specs.TxSubmission, protocol.Initiator).SetClass(mux.Fresh)
		c.keepAlive = m.Channel(cfg.Specs.KeepAlive, protocol.Initiator)
		if agreed.Data.PeerSharing {
			c.peerSharing = m.Channel(cfg.Specs.PeerSharing, protocol.Initiator)
		}
	}
	answers := role == protocol.Responder || agreed.Duplex()
	if answers {
		c.answer()
	}
	c.declareOwn(answers)
	if owed != nil {
		c.owe(owed())
	}
	m.Start() // what came behind the handshake is answered from here on
	return c
}

// answer declares the responders.
func (c *Conn) answer() {
	sources := c.cfg.Sources
	if sources == nil {
		sources = new(Sources)
	}
	specs := c.cfg.answering
	c.mux.Respond(specs.KeepAlive, mux.OnAny, func(ctx context.Context, ch *mux.Channel) error {
		return keepalive.Respond(ctx, specs.KeepAlive, ch, func(ctx context.Context) error { return c.pinging.wait(ctx, 1) })
	})
	c.mux.Respond(specs.ChainSync, mux.OnOwn, func(ctx context.Context, ch *mux.Channel) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var source chainsync.Source = emptyChain{}
		if sources.ChainSync != nil {
			source = sources.ChainSync(ctx, c)
		}
		return chainsync.Respond(ctx, specs.ChainSync, ch, pacedChain{source, &c.intersecting})
	})
	c.mux.Respond(specs.BlockFetch, mux.OnOwn, func(ctx context.Context, ch *mux.Channel) error {
		var source blockfetch.Source = noBlocks{}
		if sources.BlockFetch != nil {
			source = sources.BlockFetch
		}
		return blockfetch.Respond(ctx, specs.BlockFetch, ch, pacedBlocks{source, &c.refusing})
	}).SetClass(mux.Bulk)
	c.mux.Respond(specs.TxSubmission, mux.OnOwn, func(ctx context.Context, ch *mux.Channel) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var sink txsubmission.Sink = noTxs{} // the peer can be done only if we ask
		if sources.TxSubmission != nil {
			sink = sources.TxSubmission(ctx, c)
		}
		return txsubmission.NewResponder(specs.TxSubmission, ch).Run(ctx, sink)
	})
	if c.agreed.Data.PeerSharing {
		c.mux.Respond(specs.PeerSharing, mux.OnOwn, func(ctx context.Context, ch *mux.Channel) error {
			var source peersharing.Source = noPeers{}
			if sources.PeerSharing != nil {
				source = sources.PeerSharing
			}
			return peersharing.Respond(ctx, specs.PeerSharing, ch, pacedPeers{source, &c.sharing}, c.cfg.Routable)
		})
	}
}

// Remote returns the address of the other side as the bearer knows it.
func (c *Conn) Remote() net.Addr { return c.remote }

// Peer names the other side: its address and, if we dialled one, its name.
func (c *Conn) Peer() string { return c.peer }

// Dialled reports whether we opened the connection.
func (c *Conn) Dialled() bool { return c.role == protocol.Initiator }

// Agreement returns the result of the handshake.
func (c *Conn) Agreement() handshake.Agreement { return c.agreed }

// MayAsk reports whether our side may use the initiators below: it may on a
// connection that it dialled, and on one where both sides answer.
func (c *Conn) MayAsk() bool { return c.role == protocol.Initiator || c.agreed.Duplex() }

// RTT returns the round-trip time of the last keep-alive, 0 before the first.
func (c *Conn) RTT() time.Duration { return time.Duration(c.rtt.Load()) }

// ChainSync returns the initiator of chain-sync. After its Done, the next call begins a
// new conversation. If [Conn.MayAsk] is false, every call of it returns [ErrMayNotAsk];
// so it is with the initiators below.
func (c *Conn) ChainSync() *chainsync.Initiator {
	c.mu.Lock()
	walks := c.walks
	c.mu.Unlock()
	if walks {
		return chainsync.NewInitiator(c.cfg.Specs.ChainSync, refusal{c.errInUse()})
	}
	return c.chainSyncInitiator()
}

// chainSyncInitiator is ChainSync for [Conn.Blocks] itself.
func (c *Conn) chainSyncInitiator() *chainsync.Initiator {
	c.use()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chainSyncI == nil || c.chainSyncI.Ended() {
		c.chainSyncI = chainsync.NewInitiator(c.cfg.Specs.ChainSync, c.transport(c.chainSync))
		if r := c.random("timeouts"); r != nil {
			c.chainSyncI.SetRandom(r.Float64)
		}
	}
	return c.chainSyncI
}

// BlockFetch returns the initiator of block-fetch.
func (c *Conn) BlockFetch() *blockfetch.Initiator {
	c.use()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blockFetchI == nil || c.blockFetchI.Ended() {
		c.blockFetchI = blockfetch.NewInitiator(c.cfg.Specs.BlockFetch, c.transport(c.blockFetch), c.cfg.Network)
	}
	return c.blockFetchI
}

// PeerSharing returns the initiator of peer-sharing. If peer-sharing was not agreed on,
// every call of it returns [ErrNotSharing].
func (c *Conn) PeerSharing() *peersharing.Initiator {
	c.use()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.peerSharingI == nil || c.peerSharingI.Ended() {
		c.peerSharingI = peersharing.NewInitiator(c.cfg.Specs.PeerSharing, c.transport(c.peerSharing))
	}
	return c.peerSharingI
}

// ProvideTxs offers the transactions of source to the peer until source ends,
// then nil, or the connection does. One call runs at a time; another meanwhile
// returns [protocol.ErrInUse]. After an error the conversation is in its middle,
// and so every further call is refused: close the connection.
func (c *Conn) ProvideTxs(ctx context.Context, source txsubmission.Source) (err error) {
	if !c.MayAsk() {
		return &PeerError{c.peer, ErrMayNotAsk}
	}
	c.use()
	c.mu.Lock()
	provides, provided := c.provides, c.provided
	c.provides = true
	c.mu.Unlock()
	switch {
	case provided != nil:
		return fmt.Errorf("node: tx-submission ended before its Done and cannot begin again: %w", provided)
	case provides:
		return fmt.Errorf("%s: %w", c.cfg.Specs.TxSubmission.Name, protocol.ErrInUse)
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.provides, c.provided = err != nil, err
	}()
	return txsubmission.Provide(ctx, c.cfg.Specs.TxSubmission, c.txSubmission, source)
}

// transport returns what an initiator runs on: its channel, or what refuses to
// carry anything.
func (c *Conn) transport(channel *mux.Channel) protocol.Transport {
	switch {
	case channel != nil:
		return channel
	case c.MayAsk():
		return refusal{&PeerError{c.peer, ErrNotSharing}}
	}
	return refusal{&PeerError{c.peer, ErrMayNotAsk}}
}

// refusal is a protocol.Transport on which nothing may be said, and why.
type refusal struct{ err error }

// Send fails with the reason.
func (r refusal) Send(context.Context, []byte, []byte) error { return r.err }

// Peek fails with the reason.
func (r refusal) Peek(int) ([]byte, error) { return nil, r.err }

// Ready returns nil: no bytes will come.
func (r refusal) Ready() <-chan struct{} { return nil }

// Consume has nothing to do, as no bytes were shown.
func (r refusal) Consume(int) {}

// random returns what draws for one purpose of this connection, or nil.
func (c *Conn) random(purpose string) *rand.Rand {
	return seeded.Source(c.cfg.Seed, purpose, c.local, c.remote)
}

// Go runs f in a goroutine of the connection. ctx ends when the connection
// does; an error of f ends the connection.
func (c *Conn) Go(f func(ctx context.Context) error) { c.mux.Go(f) }

// Done is closed when the connection has ended; [Conn.Err] says why.
func (c *Conn) Done() <-chan struct{} { return c.mux.Done() }

// Err returns why the connection ended, as a [*PeerError], or nil if it has not.
func (c *Conn) Err() error {
	if err := c.mux.Err(); err != nil {
		return c.wrap(err)
	}
	return nil
}

// Fail ends the connection at once with err as the reason. The first reason
// stays.
func (c *Conn) Fail(err error) {
	c.mux.Fail(err)
}

// Close sends queued bytes, for at most [CloseTime], closes the connection and waits
// for its goroutines. It must not be called from one of them.
func (c *Conn) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), CloseTime)
	defer cancel()
	err := c.mux.Close(ctx)
	c.tellClosed()
	return c.wrap(err)
}

func (c *Conn) wrap(err error) error {
	if err == nil {
		return nil
	}
	return &PeerError{c.peer, err}
}

func peerName(conn net.Conn, name string) string {
	remote := conn.RemoteAddr().String()
	if name == "" || name == remote {
		return remote
	}
	return name + " (" + remote + ")"
}
