package interop_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// On a connection that they opened, both sides follow and fetch the chain of
// the other at the same time.
func TestDuplexOnTheirConnection(t *testing.T) {
	ours, theirs := generate(300, 3000), generate(250, 9000)
	cfg := config()
	cfg.Sources = sources(peer.NewChain(ours))
	address, conns := ourServer(t, cfg)
	c := theirClient(t, address, peer.ClientConfig{
		Duplex: true, Serve: peer.ServerConfig{Chain: peer.NewChain(theirs)},
	})
	took := make(chan error, 1)
	go func() { took <- theyTake(limited(t), c, ours) }()
	if err := weTake(limited(t), <-conns, theirs); err != nil {
		t.Errorf("we: %v", err)
	}
	if err := <-took; err != nil {
		t.Errorf("they: %v", err)
	}
}

// The same on a connection that we opened.
func TestDuplexOnOurConnection(t *testing.T) {
	ours, theirs := generate(300, 3000), generate(250, 9000)
	took := make(chan error, 1)
	s := theirServer(t, peer.ServerConfig{
		Duplex: true, Chain: peer.NewChain(theirs),
		Asking: func(c *peer.Client) { took <- theyTake(limited(t), c, ours) },
	})
	cfg := config()
	cfg.Sources = sources(peer.NewChain(ours))
	if err := weTake(limited(t), ourClient(t, s.Addr(), cfg), theirs); err != nil {
		t.Errorf("we: %v", err)
	}
	if err := <-took; err != nil {
		t.Errorf("they: %v", err)
	}
}

// weTake follows and fetches a whole chain.
func weTake(ctx context.Context, c *node.Conn, want []ledger.Block) error {
	n := 0
	for u, err := range c.ChainSync().Updates(ctx) {
		if err != nil {
			return err
		}
		if f, ok := u.(chainsync.RollForward); ok {
			if !bytes.Equal(f.Header.Bytes, want[n].Header.Raw.Bytes) {
				return fmt.Errorf("header %d differs", n)
			}
			if n++; n == len(want) {
				break
			}
		}
	}
	n = 0
	for b, err := range c.BlockFetch().Fetch(ctx, wants(want)) {
		if err != nil {
			return err
		}
		if !bytes.Equal(b.Raw, want[n].Raw) {
			return fmt.Errorf("block %d differs", n)
		}
		n++
	}
	if n != len(want) {
		return fmt.Errorf("%d blocks, want %d", n, len(want))
	}
	return nil
}

// theyTake does the same with the third-party client.
func theyTake(ctx context.Context, c *peer.Client, want []ledger.Block) error {
	headers, err := c.Headers(ctx)
	if err != nil {
		return err
	}
	if len(headers) != len(want) {
		return fmt.Errorf("%d headers, want %d", len(headers), len(want))
	}
	for i, h := range headers {
		if !bytes.Equal(h.Bytes, want[i].Header.Raw.Bytes) {
			return fmt.Errorf("header %d differs", i)
		}
	}
	n := 0
	err = c.Fetch(ctx, peer.Ranges(want, 50), func(raw ledger.RawBlock) error {
		if !bytes.Equal(raw, want[n].Raw) {
			return fmt.Errorf("block %d differs", n)
		}
		n++
		return nil
	})
	if err == nil && n != len(want) {
		err = fmt.Errorf("%d blocks, want %d", n, len(want))
	}
	if _, e := c.KeepAlive(ctx); err == nil {
		err = e
	}
	return err
}

// Departure: a client that offers duplex takes the other side's word for what
// was agreed. We say that it is not duplex if we do not answer.
func TestNoDuplexUnlessBoth(t *testing.T) {
	s := theirServer(t, peer.ServerConfig{
		Duplex: true,
		Asking: func(*peer.Client) { t.Error("they ask on a connection that is ours alone") },
	})
	c := ourClient(t, s.Addr(), config())
	if c.Agreement().Duplex() || !c.MayAsk() {
		t.Errorf("agreed on %+v", c.Agreement())
	}
	if _, _, err := c.ChainSync().Intersect(limited(t), ledger.Origin); err != nil {
		t.Error(err)
	}

	address, conns := ourServer(t, config())
	theirClient(t, address, peer.ClientConfig{})
	if c := <-conns; c.MayAsk() {
		t.Error("we may ask on a connection that is theirs alone")
	}
}
