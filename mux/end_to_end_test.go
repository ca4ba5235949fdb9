package mux_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

type blockfetchWant = blockfetch.Want

// shake runs the handshake on both sides.
func shake(t *testing.T, ma, mb *mux.Mux) {
	t.Helper()
	ours := handshake.Versions(handshake.Data{Magic: 1})
	answered := make(chan error, 1)
	go func() {
		spec := handshake.Spec()
		_, err := handshake.Answer(context.Background(), spec, mb.Handshake(spec, protocol.Responder), ours)
		answered <- err
	}()
	spec := handshake.Spec()
	agreed, err := handshake.Propose(context.Background(), spec, ma.Handshake(spec, protocol.Initiator), ours)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if agreed.Version != handshake.V15 || !agreed.Duplex() {
		t.Fatalf("agreed on %+v", agreed)
	}
}

// serve declares the responders of chain and starts m. ended receives for each
// conversation that ended in order.
func serve(m *mux.Mux, chain *testChain, ended chan<- struct{}) {
	sync, fetch := chainsync.Spec(), blockfetch.Spec()
	m.Respond(sync, mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		err := chainsync.Respond(ctx, sync, c, &follower{chain: chain})
		if err == nil {
			ended <- struct{}{}
		}
		return err
	})
	m.Respond(fetch, mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		err := blockfetch.Respond(ctx, fetch, c, chain)
		if err == nil {
			ended <- struct{}{}
		}
		return err
	})
	m.Start()
}

// follow takes all headers of the peer's chain and ends the conversation.
func follow(t *testing.T, ctx context.Context, c *mux.Channel, chain *testChain) {
	t.Helper()
	i := chainsync.NewInitiator(chainsync.Spec(), c)
	if _, _, err := i.Intersect(ctx, ledger.Origin); err != nil {
		t.Error(err)
		return
	}
	n := 0
	for u, err := range i.Updates(ctx) {
		if err != nil {
			t.Errorf("after %d headers: %v", n, err)
			return
		}
		if m, ok := u.(chainsync.RollForward); ok {
			if !bytes.Equal(m.Header.Bytes, chain.headers[n].Raw.Bytes) {
				t.Errorf("header %d differs", n)
			}
			if n++; n == len(chain.headers) {
				break
			}
		}
	}
	if err := i.Done(ctx); err != nil {
		t.Error(err)
	}
}

// fetch takes all blocks and ends the conversation.
func fetch(t *testing.T, ctx context.Context, c *mux.Channel, chain *testChain) {
	t.Helper()
	i := blockfetch.NewInitiator(blockfetch.Spec(), c, chain.network)
	i.SkipBodies = true
	n := 0
	for b, err := range i.Fetch(ctx, chain.wants()) {
		if err != nil {
			t.Errorf("after %d blocks: %v", n, err)
			return
		}
		if !bytes.Equal(b.Raw, chain.blocks[n]) {
			t.Errorf("block %d differs", n)
		}
		n++
	}
	if n != len(chain.blocks) {
		t.Errorf("got %d blocks, want %d", n, len(chain.blocks))
	}
	if err := i.Done(ctx); err != nil {
		t.Error(err)
	}
}

// Both sides follow and serve on one bearer, twice over, then one closes.
func TestEndToEnd(t *testing.T) {
	chain := newTestChain(500, 18_000)
	onBearers(t, func(t *testing.T, a, b net.Conn) {
		ctx := within(t)
		ma, mb := pair(t, a, b, mux.Config{})
		shake(t, ma, mb)
		const rounds = 2
		ended := [2]chan struct{}{make(chan struct{}, 2*rounds), make(chan struct{}, 2*rounds)}
		finished := make(chan struct{}, 4)
		for k, m := range []*mux.Mux{ma, mb} {
			sync := m.Channel(chainsync.Spec(), protocol.Initiator)
			blocks := m.Channel(blockfetch.Spec(), protocol.Initiator)
			serve(m, chain, ended[k])
			m.Go(func(context.Context) error {
				for range rounds {
					follow(t, ctx, sync, chain)
				}
				finished <- struct{}{}
				return nil
			})
			m.Go(func(context.Context) error {
				for range rounds {
					fetch(t, ctx, blocks, chain)
				}
				finished <- struct{}{}
				return nil
			})
		}
		for range 4 {
			<-finished
		}
		for range 2 * rounds {
			<-ended[0] // ma has taken all that mb sent
		}
		if err := ma.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		<-mb.Done()
		if err := mb.Err(); !errors.Is(err, io.EOF) {
			t.Errorf("the peer ended with %v, want io.EOF", err)
		}
		if err := mb.Close(ctx); !errors.Is(err, io.EOF) {
			t.Errorf("Close of the peer: %v, want io.EOF", err)
		}
		// What ma sent before it closed has arrived and was acted upon.
		if n := len(ended[1]); n != 2*rounds {
			t.Errorf("%d conversations ended in order, want %d", n, 2*rounds)
		}
	})
}
