package chainsync_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// growing is a chain that only grows: the simplest [chainsync.Source].
type growing struct {
	headers []ledger.Header
	read    int
	back    bool // the follower has to be told where it is
	grow    func() ledger.Header
}

func (g *growing) tip() ledger.Tip { return g.headers[len(g.headers)-1].Tip() }

func (g *growing) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	for _, p := range points {
		for n, h := range g.headers {
			if h.Point() == p {
				g.read, g.back = n+1, true
				return p, g.tip(), nil
			}
		}
		if p.IsOrigin() {
			g.read, g.back = 0, true
			return p, g.tip(), nil
		}
	}
	return ledger.Point{}, g.tip(), chainsync.ErrNoIntersect
}

func (g *growing) Next(context.Context) (chainsync.Update, error) {
	if g.back {
		g.back = false
		p := ledger.Origin
		if g.read > 0 {
			p = g.headers[g.read-1].Point()
		}
		return chainsync.RollBackward{Point: p, Tip: g.tip()}, nil
	}
	if g.read == len(g.headers) {
		return nil, nil
	}
	g.read++
	return chainsync.RollForward{Header: g.headers[g.read-1].Raw, Tip: g.tip()}, nil
}

func (g *growing) Wait(context.Context) error {
	g.headers = append(g.headers, g.grow())
	return nil
}

// Follow a peer's chain from a point we know, through the tip.
func ExampleInitiator_Updates() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	network := chaintest.Network()

	// A peer with three blocks, which makes more when it is waited for.
	chain := chaintest.NewGenerator(chaintest.Config{BlockSize: 1})
	next := func() ledger.Header { return chain.Next().Header }
	source := &growing{headers: []ledger.Header{next(), next(), next()}, back: true, grow: next}
	known := source.headers[0].Point()

	a, b := net.Pipe()
	us, peer := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	peer.Respond(chainsync.Spec(), mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		return chainsync.Respond(ctx, chainsync.Spec(), c, source)
	})
	cs := chainsync.NewInitiator(chainsync.Spec(), us.Channel(chainsync.Spec(), protocol.Initiator))
	peer.Start()
	us.Start()

	if _, tip, err := cs.Intersect(ctx, known, ledger.Origin); err != nil {
		fmt.Println(err)
		return
	} else {
		fmt.Println("the peer has blocks up to", tip.BlockNo)
	}
	for u, err := range cs.Updates(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch u := u.(type) {
		case chainsync.RollForward:
			h, err := network.ParseHeader(u.Header)
			if err != nil {
				fmt.Println(cs.Violation(u, err))
				return
			}
			fmt.Println("forward to block", h.BlockNo)
			if h.BlockNo == 4 {
				cancel()
			}
		case chainsync.RollBackward:
			fmt.Println("back to what we know:", u.Point == known)
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			break
		}
	}
	us.Close(ctx)
	peer.Close(ctx)
	// Output:
	// the peer has blocks up to 2
	// back to what we know: true
	// forward to block 1
	// forward to block 2
	// forward to block 3
	// forward to block 4
}
