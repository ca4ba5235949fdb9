package chaintest

import (
	"context"
	"iter"
	"net"
	"net/netip"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
	"github.com/ouronet/ouronet/vnet"
)

// Peer is a node that serves a chain, for [Serve]. Without the fields that say
// what is wrong with it, it is honest and fast.
type Peer struct {
	// Chain is what it serves; nil is a chain without blocks.
	Chain *Chain

	// Where it listens: on a host of a virtual network, at port [Port], or with
	// a listener that is there already. If both are nil, it is at a free TCP
	// port of this machine.
	Host     *vnet.Host
	Listener net.Listener

	// Txs is called with each transaction that the peer takes, in the goroutine
	// of the connection: it then asks for all that it is offered. nil asks for
	// none.
	Txs func(ledger.Tx)

	// Addresses are what the peer shares: from the first one on, as many as it is
	// asked for. nil shares none; otherwise [Serve] sets Config.PeerSharing.
	Addresses []netip.AddrPort

	// Delay is how long the peer takes for each answer: an intersection, a header
	// or rollback, and each block of a range. It must not be negative.
	Delay time.Duration

	// Drip, if not 0, is the number of bytes of blocks that it sends each second
	// on a connection, each tenth of a second in a segment of their own; at most
	// 1e9. All else goes out beside them as usual.
	Drip int

	// Hooks change what it answers.
	Hooks Hooks

	// Config is the rest of what the node is like. If Network is zero, it is
	// Chain's, or [Network] if Chain is nil. What Sources has, if not nil, takes the place of what the peer
	// would have there.
	Config node.Config
}

// Port is the port of a [Peer] on a virtual network.
const Port = 3001

// Hooks change what a peer answers; nil is honest. They are called without
// locks, may block until ctx ends, and may be called from several goroutines.
type Hooks struct {
	// Intersect gets an answer of chain-sync and returns what to say.
	Intersect func(ctx context.Context, p ledger.Point, tip ledger.Tip, err error) (ledger.Point, ledger.Tip, error)

	// Update gets an update of chain-sync and returns what to send; nil drops
	// the update, and the next one takes its place.
	Update func(ctx context.Context, u chainsync.Update) chainsync.Update

	// Range gets the blocks of a range, nil if it is not there, and returns
	// what to send. The slice belongs to the hook; the bytes of the blocks are
	// the chain's.
	Range func(ctx context.Context, blocks []ledger.Block) []ledger.Block

	// Block is called before each block of a range.
	Block func(ctx context.Context, b ledger.Block)
}

// Sources returns what the peer answers with, for a node.Config of one's own.
// Drip has no part in it: only [Serve] drips.
func (p Peer) Sources() *node.Sources {
	s := new(node.Sources)
	if p.Config.Sources != nil {
		*s = *p.Config.Sources
	}
	if p.Chain != nil && s.ChainSync == nil {
		s.ChainSync = func(ctx context.Context, _ *node.Conn) chainsync.Source {
			return &updates{p.Chain.follow(ctx), &p}
		}
	}
	if p.Chain != nil && s.BlockFetch == nil {
		s.BlockFetch = ranges{&p}
	}
	if p.Txs != nil && s.TxSubmission == nil {
		s.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return taker(p.Txs) }
	}
	if p.Addresses != nil && s.PeerSharing == nil {
		s.PeerSharing = addresses(p.Addresses)
	}
	return s
}

// wait waits for the peer's delay.
func (p *Peer) wait(ctx context.Context) error {
	if p.Delay > 0 {
		select {
		case <-time.After(p.Delay):
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

// updates is the chainsync.Source of a peer.
type updates struct {
	*follower
	p *Peer
}

// Intersect implements chainsync.Source.
func (u *updates) Intersect(ctx context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	if err := u.p.wait(ctx); err != nil {
		return ledger.Point{}, ledger.Tip{}, err
	}
	at, tip, err := u.follower.Intersect(ctx, points)
	if u.p.Hooks.Intersect != nil {
		return u.p.Hooks.Intersect(ctx, at, tip, err)
	}
	return at, tip, err
}

// Next implements chainsync.Source.
func (u *updates) Next(ctx context.Context) (chainsync.Update, error) {
	for {
		next, err := u.follower.Next(ctx)
		if next == nil || err != nil {
			return next, err
		}
		if err := u.p.wait(ctx); err != nil {
			return nil, err
		}
		if u.p.Hooks.Update != nil {
			next = u.p.Hooks.Update(ctx, next)
		}
		if err := context.Cause(ctx); next != nil || err != nil {
			return next, err
		}
	}
}

// ranges is the blockfetch.Source of a peer.
type ranges struct{ p *Peer }

// Range implements blockfetch.Source.
func (r ranges) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	blocks := r.p.Chain.between(from, to)
	if r.p.Hooks.Range != nil {
		blocks = r.p.Hooks.Range(ctx, blocks)
	}
	if blocks == nil {
		return nil, nil
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range blocks {
			if r.p.Hooks.Block != nil {
				r.p.Hooks.Block(ctx, b)
			}
			if err := r.p.wait(ctx); err != nil {
				yield(nil, err)
				return
			}
			if !yield(b.Raw, nil) {
				return
			}
		}
	}, nil
}

var _ blockfetch.Source = ranges{}

// taker is a txsubmission.Sink that asks for every transaction.
type taker func(ledger.Tx)

// Want implements txsubmission.Sink.
func (taker) Want(_ context.Context, announced []txsubmission.Announced) (ids []ledger.TxID, _ error) {
	for _, a := range announced {
		ids = append(ids, a.ID)
	}
	return ids, nil
}

// Deliver implements txsubmission.Sink.
func (t taker) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	for _, tx := range txs {
		t(tx)
	}
	return nil
}

// addresses is a peersharing.Source.
type addresses []netip.AddrPort

// Peers implements peersharing.Source.
func (a addresses) Peers(_ context.Context, amount int) ([]netip.AddrPort, error) {
	return a[:min(amount, len(a))], nil
}
