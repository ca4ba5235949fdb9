package main

import (
	"context"
	"iter"
	"net"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// ouronet is this module: package node where it answers, and the mini-protocol
// packages on a mux where it asks, since a node sends its keep-alives by itself
// and the table wants to time them.
type ouronet struct{}

func (ouronet) serve(conn net.Conn, c *chain) error {
	served, err := node.Handshake(context.Background(), conn, protocol.Responder, node.Config{
		Network: chaintest.Network(),
		Sources: &node.Sources{
			ChainSync:  func(context.Context, *node.Conn) chainsync.Source { return newReader(c) },
			BlockFetch: newRanges(c),
		},
	})
	if err != nil {
		return err
	}
	<-served.Done()
	return served.Close()
}

// reader is a chain that does not change, seen by one follower. Its tip is made
// once, as a store would keep it.
type reader struct {
	blocks []ledger.Block
	tip    ledger.Tip
	next   int
	began  bool
}

func newReader(c *chain) *reader { return &reader{blocks: c.blocks, tip: c.tip()} }

// Intersect implements chainsync.Source.
func (r *reader) Intersect(context.Context, []ledger.Point) (ledger.Point, ledger.Tip, error) {
	return ledger.Origin, r.tip, nil // where the table's initiators begin
}

// Next implements chainsync.Source: a rollback to the origin, then each header.
func (r *reader) Next(context.Context) (chainsync.Update, error) {
	switch {
	case !r.began:
		r.began = true
		return chainsync.RollBackward{Point: ledger.Origin, Tip: r.tip}, nil
	case r.next == len(r.blocks):
		return nil, nil
	}
	r.next++
	return chainsync.RollForward{Header: r.blocks[r.next-1].Header.Raw, Tip: r.tip}, nil
}

// Wait implements chainsync.Source. The chain never changes.
func (r *reader) Wait(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// ranges finds blocks by their points.
type ranges struct {
	chain *chain
	index map[ledger.Point]int
}

func newRanges(c *chain) *ranges {
	r := &ranges{c, make(map[ledger.Point]int, len(c.blocks))}
	for i := range c.blocks {
		r.index[c.blocks[i].Header.Point()] = i
	}
	return r
}

// Range implements blockfetch.Source.
func (r *ranges) Range(_ context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	i, ok := r.index[from]
	j, ok2 := r.index[to]
	if !ok || !ok2 || i > j {
		return nil, nil
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, b := range r.chain.blocks[i : j+1] {
			if !yield(b.Raw, nil) {
				return
			}
		}
	}, nil
}

func (ouronet) dial(conn net.Conn, c *chain, o options) (initiator, error) {
	m := mux.New(conn, mux.Config{})
	spec := handshake.Spec()
	versions := handshake.Versions(handshake.Data{Magic: magic, InitiatorOnly: true})
	if _, err := handshake.Propose(context.Background(), spec, m.Handshake(spec, protocol.Initiator), versions); err != nil {
		m.Fail(err)
		return nil, err
	}
	channel := func(spec *protocol.Spec) (*protocol.Spec, *mux.Channel) {
		return spec, m.Channel(spec, protocol.Initiator)
	}
	out := &ouronetClient{
		mux:   m,
		sync:  chainsync.NewInitiator(channel(chainsync.Spec())),
		alive: keepalive.NewInitiator(channel(keepalive.Spec())),
		wants: make([]blockfetch.Want, len(c.blocks)),
	}
	fetchSpec, fetchChannel := channel(blockfetch.Spec())
	out.blocks = blockfetch.NewInitiator(fetchSpec, fetchChannel, chaintest.Network())
	out.blocks.SkipBodies = !o.bodyHash
	for i := range c.blocks {
		out.wants[i] = blockfetch.WantOf(&c.blocks[i].Header)
	}
	m.Hold()
	m.Start()
	return out, nil
}

type ouronetClient struct {
	mux    *mux.Mux
	sync   *chainsync.Initiator
	blocks *blockfetch.Initiator
	alive  *keepalive.Initiator
	wants  []blockfetch.Want
	cookie uint16
}

func (c *ouronetClient) close() {
	c.mux.Fail(net.ErrClosed)
	c.mux.Close(context.Background())
}

// fetch asks for the ranges as they are; that each block is the one wanted is
// checked by the initiator.
func (c *ouronetClient) fetch(spans []span) error {
	asked, taken := 0, 0 // ranges, the second also as blocks of the oldest
	left := 0
	if len(spans) > 0 {
		left = spans[0].n
	}
	next := func() (wants []blockfetch.Want, ok bool) {
		if asked == len(spans) || asked-taken >= blockfetch.MaxRequests {
			return nil, false
		}
		s := spans[asked]
		asked++
		return c.wants[s.first : s.first+s.n], true
	}
	for r, err := range c.blocks.Stream(context.Background(), next, nil) {
		if err != nil {
			return err
		}
		if r.Missing != nil {
			return blockfetch.ErrNoBlocks
		}
		if left--; left == 0 {
			if taken++; taken < len(spans) {
				left = spans[taken].n
			}
		}
	}
	return nil
}

func (c *ouronetClient) headers(n int) error {
	ctx := context.Background()
	if _, _, err := c.sync.Intersect(ctx, ledger.Origin); err != nil {
		return err
	}
	for u, err := range c.sync.Updates(ctx) {
		if err != nil {
			return err
		}
		if _, ok := u.(chainsync.RollForward); ok {
			if n--; n == 0 {
				break
			}
		}
	}
	return nil
}

func (c *ouronetClient) ping() error {
	c.cookie++
	_, err := c.alive.Ping(context.Background(), c.cookie)
	return err
}

func (ouronet) idle(conn net.Conn) error {
	_, err := node.Handshake(context.Background(), conn, protocol.Initiator, node.Config{
		Network:   chaintest.Network(),
		Sources:   &node.Sources{},
		KeepAlive: keepAlivePeriod,
	})
	return err
}
