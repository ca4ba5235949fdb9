package nodetest

import (
	"log/slog"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// K is the security parameter in these tests.
const K = 30

// Network is the network of the tests.
func Network() ledger.Network {
	n := chaintest.Network()
	n.SecurityParam = K
	return n
}

// NewChain returns an empty chain on it.
func NewChain() *chaintest.Chain {
	return chaintest.New(chaintest.Config{Seed: 1, BlockSize: 1200, Network: Network()})
}

// World is some upstream nodes on a network in memory.
type World struct {
	T       *testing.T
	Net     testnode.Net
	Servers map[string]*Server
}

// NewWorld returns a network without nodes.
func NewWorld(t *testing.T) *World {
	return &World{T: t, Servers: make(map[string]*Server)}
}

// Config is how a node of the network talks to others.
func (w *World) Config() node.Config {
	cfg := node.Config{Network: Network(), Dial: w.Net.Dial}
	if testing.Verbose() {
		cfg.Logger = slog.New(slog.NewTextHandler(w.T.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return cfg
}

// Serve puts a node with a chain on the network.
func (w *World) Serve(address string, c *chaintest.Chain) *Server {
	return w.ServePeer(address, chaintest.Peer{Chain: c})
}

// ServePeer puts a peer on the network.
func (w *World) ServePeer(address string, p chaintest.Peer) *Server {
	p.Listener, p.Config = w.Net.Listen(address), w.Config()
	s := ServePeer(w.T, p)
	w.Servers[address] = s
	return s
}
