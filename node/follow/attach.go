package follow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
)

// NewEngine returns an Engine that starts at cfg.Anchor or, without one, after the
// newest of points, as [Follow] does. It dials no peer: leave out Peers, Persist and
// Observer.Lost of cfg. Events of a connection go to the Observer of the configuration
// that it was made with, not to that of cfg.
//
// It does nothing before [Engine.Run].
func NewEngine(cfg Config, points ...ledger.Point) (*Engine, error) {
	for _, given := range []struct {
		name string
		set  bool
	}{{"Peers", len(cfg.Peers) > 0}, {"Persist", cfg.Persist}, {"Observer.Lost", cfg.Observer.Lost != nil}} {
		if given.set {
			return nil, fmt.Errorf("follow: Config.%s is for Follow: an Engine follows the connections that are attached to it", given.name)
		}
	}
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return newEngine(context.Background(), cfg, points)
}

// Run decides until ctx ends or a local failure occurs (a failing peer only loses its
// connection), and returns the reason. It can be called once.
func (e *Engine) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { e.cancel(context.Cause(ctx)) })()
	e.run(e.ctx)
	return context.Cause(e.ctx)
}

// Attach makes a connection hot and follows the chain of the peer, beside those of the
// other connections that are attached, until ctx ends, Run does, or the connection. The
// connection may be one that another node opened, if [node.Conn.MayAsk].
//
// When ctx ends, nothing more is asked of the peer, and the connection cools: see
// [node.Conn.Heat]. Then Attach returns nil, and the connection may be attached again,
// to this engine as a new peer, or to another one. An error says why the connection
// ended, or could not be made hot.
func (e *Engine) Attach(ctx context.Context, conn *node.Conn) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.ctx, func() { cancel(context.Cause(e.ctx)) })()
	u := &upstream{engine: e, address: conn.Peer(), conn: conn, heard: time.Now()}
	e.mu.Lock()
	e.peers = append(e.peers, u)
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.peers = slices.DeleteFunc(e.peers, func(other *upstream) bool { return other == u })
		e.mu.Unlock()
	}()
	return e.attach(ctx, conn, u)
}

// attach is Attach for a peer whose state is shown.
func (e *Engine) attach(ctx context.Context, conn *node.Conn, u *upstream) error {
	l := newLink(u, conn, chain.PeerID(e.lastPeer.Add(1)))
	e.mu.Lock()
	u.id = l.id
	e.mu.Unlock()
	e.send(e.ctx, message{event: chain.PeerConnected{Peer: l.id, MaxInFlight: conn.BlockFetch().Window(), Address: u.number}, link: l})
	what := node.Spell{ChainSync: l.headers, BlockFetch: l.fetchBlocks}
	if e.cfg.TxSubmission != nil {
		what.TxSubmission = func(ctx context.Context) txsubmission.Source { return e.cfg.TxSubmission(ctx, conn) }
	}
	hot, cool := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cool(nil)
	left := make(chan struct{})
	stays := context.AfterFunc(ctx, func() {
		defer close(left)
		// This comes first: nothing is asked of a peer whose connection cools.
		e.send(e.ctx, message{event: chain.PeerGone{Peer: l.id}})
		cool(context.Cause(ctx))
	})
	err := conn.Heat(hot, what)
	if stays() {
		e.send(e.ctx, message{event: chain.PeerGone{Peer: l.id}, address: u.address, ended: err})
	} else {
		<-left
	}
	return err
}

// Events yields the events that [Follow] yields, until ctx or Run ends; the error comes
// last. One loop runs at a time. After a break, the next loop goes on with the next
// event.
func (e *Engine) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := e.yield(ctx, yield); !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}
