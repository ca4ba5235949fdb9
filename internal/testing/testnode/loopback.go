package testnode

import (
	"context"
	"log"
	"net"

	"github.com/ouronet/ouronet/internal/testing/chaingen"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Loopback is [Serve] on a free TCP port of this machine, whose address it
// returns.
func Loopback(t Test, cfg node.Config) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Errorf("listen: %v", err)
		return "127.0.0.1:1"
	}
	Serve(t, l, cfg)
	return l.Addr().String()
}

// Example serves a chain of ten blocks of Preview, until ctx ends, on a free TCP port
// of this machine. It is for examples, which have no [Test].
func Example(ctx context.Context) (address string, chain *Chain) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	chain = New(chaingen.Config{Seed: 1, Network: ledger.Preview}).Grow(10)
	go node.Serve(ctx, l, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	return l.Addr().String(), chain
}
