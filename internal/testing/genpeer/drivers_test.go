package genpeer_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// magic of the generated network.
var magic = chaintest.Network().Magic

// chain is what drivers and peers know.
var chain = chaintest.NewGenerator(chaintest.Config{BlockSize: 3000}).Blocks(20)

var txs = chaintest.Txs(chaintest.NewGenerator(chaintest.Config{Seed: 7, BlockSize: 10_000}).Blocks(40))

// driver runs the real driver of a side until the conversation ends or ctx
// does. What a legal peer may cause comes back as nil.
type driver func(ctx context.Context, spec *protocol.Spec, t protocol.Transport, r *rand.Rand) error

// drivers by mini-protocol number: initiator, responder.
var drivers = map[uint16][2]driver{
	0:  {propose, answer},
	2:  {follow, lead},
	3:  {fetch, serve},
	4:  {provide, collect},
	8:  {ping, pong},
	10: {request, share},
}

func propose(ctx context.Context, spec *protocol.Spec, t protocol.Transport, _ *rand.Rand) error {
	_, err := handshake.Propose(ctx, spec, t, handshake.Versions(handshake.Data{Magic: magic}))
	return settled(err)
}

func answer(ctx context.Context, spec *protocol.Spec, t protocol.Transport, _ *rand.Rand) error {
	_, err := handshake.Answer(ctx, spec, t, handshake.Versions(handshake.Data{Magic: magic}))
	return settled(err)
}

// settled drops errors that are orderly ends of a handshake.
func settled(err error) error {
	var refused *handshake.RefusedError
	if errors.As(err, &refused) || errors.Is(err, handshake.ErrQueried) || errors.Is(err, handshake.ErrQueryReply) {
		return nil
	}
	return err
}

// rounds is how often an asking driver asks.
const rounds = 30

func follow(ctx context.Context, spec *protocol.Spec, t protocol.Transport, r *rand.Rand) error {
	i := chainsync.NewInitiator(spec, t)
	for range rounds {
		if r.IntN(2) == 0 {
			at := chain[r.IntN(len(chain))].Header.Point()
			points := [][]ledger.Point{{at, ledger.Origin}, {ledger.Origin}, {{Slot: 1, Hash: ledger.Hash{1}}}}[r.IntN(3)]
			if _, _, err := i.Intersect(ctx, points...); err != nil && !errors.Is(err, chainsync.ErrNoIntersect) {
				return err
			}
			continue
		}
		left := 1 + r.IntN(10)
		for _, err := range i.Updates(ctx) {
			if err != nil {
				return err
			}
			if left--; left == 0 {
				break
			}
		}
	}
	return i.Done(ctx)
}

func fetch(ctx context.Context, spec *protocol.Spec, t protocol.Transport, r *rand.Rand) error {
	i := blockfetch.NewInitiator(spec, t, chaintest.Network())
	for range rounds {
		from := r.IntN(len(chain))
		to := min(from+1+r.IntN(6), len(chain))
		var wants []blockfetch.Want
		for _, b := range chain[from:to] {
			wants = append(wants, blockfetch.WantOf(&b.Header))
		}
		blocks := i.Fetch(ctx, wants)
		if r.IntN(2) == 0 {
			blocks = i.Range(ctx, wants[0].Point, wants[len(wants)-1].Point)
		}
		left := r.IntN(8)
		for _, err := range blocks {
			if err != nil && !errors.Is(err, blockfetch.ErrNoBlocks) {
				return err
			}
			if left--; left == 0 {
				break
			}
		}
	}
	return i.Done(ctx)
}

// offer is a txsubmission.Source that ends after some transactions.
type offer struct{ left []ledger.Tx }

func (o *offer) Next(_ context.Context, most int, block bool) (list []txsubmission.Announced, _ error) {
	n := min(most, len(o.left), 3)
	if !block && n > 1 {
		n--
	}
	for _, tx := range o.left[:n] {
		list = append(list, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
	}
	o.left = o.left[n:]
	return list, nil
}

func (o *offer) Get(_ context.Context, ids []ledger.TxID) (list []ledger.RawTx, _ error) {
	for _, tx := range txs {
		if slices.Contains(ids, tx.ID) {
			list = append(list, tx.Raw)
		}
	}
	return list, nil
}

func provide(ctx context.Context, spec *protocol.Spec, t protocol.Transport, _ *rand.Rand) error {
	return txsubmission.Provide(ctx, spec, t, &offer{txs[:rounds]})
}

// sink wants some transactions.
type sink struct{ r *rand.Rand }

func (s sink) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, _ error) {
	for _, a := range ids {
		if s.r.IntN(4) > 0 {
			want = append(want, a.ID)
		}
	}
	return want, nil
}

func (sink) Deliver(context.Context, []ledger.TxID, []ledger.Tx) error { return nil }

func collect(ctx context.Context, spec *protocol.Spec, t protocol.Transport, r *rand.Rand) error {
	return txsubmission.NewResponder(spec, t).Run(ctx, sink{r})
}

func ping(ctx context.Context, spec *protocol.Spec, t protocol.Transport, r *rand.Rand) error {
	i := keepalive.NewInitiator(spec, t)
	for range rounds {
		if _, err := i.Ping(ctx, uint16(r.Uint32())); err != nil {
			return err
		}
	}
	return i.Done(ctx)
}

func pong(ctx context.Context, spec *protocol.Spec, t protocol.Transport, _ *rand.Rand) error {
	return keepalive.Respond(ctx, spec, t, nil)
}

func request(ctx context.Context, spec *protocol.Spec, t protocol.Transport, r *rand.Rand) error {
	i := peersharing.NewInitiator(spec, t)
	for range rounds {
		if _, err := i.Request(ctx, uint8(r.IntN(20))); err != nil {
			return err
		}
	}
	return i.Done(ctx)
}

// node answers everything else.
type node struct {
	n    int
	back bool
}

func share(ctx context.Context, spec *protocol.Spec, t protocol.Transport, _ *rand.Rand) error {
	return peersharing.Respond(ctx, spec, t, &node{}, nil)
}

func (*node) Peers(_ context.Context, amount int) (list []netip.AddrPort, _ error) {
	for i := range amount {
		list = append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{1, 2, 3, byte(i)}), 3001))
	}
	return list, nil
}

func lead(ctx context.Context, spec *protocol.Spec, t protocol.Transport, _ *rand.Rand) error {
	return chainsync.Respond(ctx, spec, t, &node{back: true})
}

func (n *node) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	tip := chain[len(chain)-1].Header.Tip()
	for _, p := range points {
		at := slices.IndexFunc(chain, func(b ledger.Block) bool { return b.Header.Point() == p })
		if at >= 0 || p.IsOrigin() {
			n.n, n.back = at+1, true
			return p, tip, nil
		}
	}
	return ledger.Point{}, tip, chainsync.ErrNoIntersect
}

// Next goes round in circles, with a pause at the tip.
func (n *node) Next(context.Context) (chainsync.Update, error) {
	tip := chain[len(chain)-1].Header.Tip()
	switch {
	case n.back && n.n == 0:
		n.back = false
		return chainsync.RollBackward{Tip: tip}, nil
	case n.back:
		n.back = false
		return chainsync.RollBackward{Point: chain[n.n-1].Header.Point(), Tip: tip}, nil
	case n.n < len(chain):
		n.n++
		return chainsync.RollForward{Header: chain[n.n-1].Header.Raw, Tip: tip}, nil
	}
	return nil, nil
}

func (n *node) Wait(ctx context.Context) error {
	select {
	case <-time.After(20 * time.Second):
		n.n, n.back = 0, true
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func serve(ctx context.Context, spec *protocol.Spec, t protocol.Transport, _ *rand.Rand) error {
	return blockfetch.Respond(ctx, spec, t, &node{})
}

func (*node) Range(_ context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	at := func(p ledger.Point) int {
		return slices.IndexFunc(chain, func(b ledger.Block) bool { return b.Header.Point() == p })
	}
	first, last := at(from), at(to)
	if first < 0 || last < first {
		return nil, nil
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range chain[first : last+1] {
			if !yield(b.Raw, nil) {
				return
			}
		}
	}, nil
}
