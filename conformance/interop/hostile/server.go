//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// config is the chain that is served. Its first blocks are there from the start.
var config = chaintest.Config{BlockSize: 20_000}

const firstBlocks = 1000

// shared are what a server gives to those who ask for peers.
var shared = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:3001")}

func following(upstream string) follow.Config {
	return follow.Config{
		Config: node.Config{Network: chaintest.Network(), PeerSharing: true},
		Peers:  []string{upstream},
	}
}

// serveOurs is a relay with a data folder.
func serveOurs(ctx context.Context, upstream string) error {
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ready := announce(l.Addr().String())
	r, err := relay.New(relay.Config{
		Follow:    following(upstream),
		Listener:  l,
		DataDir:   dir,
		NoVerify:  true, // the chain is not signed
		Advertise: shared,
		Observer: relay.Observer{Event: func(ev follow.Event) {
			if _, ok := ev.(follow.RollForward); ok {
				ready()
			}
		}},
	})
	if err != nil {
		return err
	}
	return r.Run(ctx)
}

// serveTheirs is gouroboros' server, fed by our follower.
func serveTheirs(ctx context.Context, upstream string) error {
	c := peer.NewChain(nil)
	s, err := peer.Listen(peer.ServerConfig{
		Magic:       chaintest.Network().Magic,
		Chain:       c,
		PeerSharing: true,
		Peers:       shared,
		OnTx:        func(peer.Tx) {},
	})
	if err != nil {
		return err
	}
	defer s.Close()
	ready := announce(s.Addr())
	for ev, err := range follow.Follow(ctx, following(upstream)) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		if ev, ok := ev.(follow.RollForward); ok {
			c.Append(ev.Block)
			ready()
		}
	}
	return errors.New("nothing to follow any more")
}

// announce returns what to call for each block: with the last of the first ones
// the server's address is printed.
func announce(address string) func() {
	n := 0
	return func() {
		if n++; n == firstBlocks {
			fmt.Println(address)
		}
	}
}
