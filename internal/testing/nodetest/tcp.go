package nodetest

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// Server is a server that ends with its test.
type Server struct {
	*chaintest.Server
	ended chan error
}

// Ended receives why each connection ended, of the first thousand.
func (s *Server) Ended() <-chan error { return s.ended }

// ServePeer serves p until the end of the test, or until Close.
func ServePeer(t testing.TB, p chaintest.Peer) *Server {
	ended := make(chan error, 1000)
	closed := p.Config.Observer.Closed
	p.Config.Observer.Closed = func(c *node.Conn) {
		select {
		case ended <- c.Err():
		default:
		}
		if closed != nil {
			closed(c)
		}
	}
	s := &Server{chaintest.Serve(p), ended}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// Serve serves l with cfg until the end of the test.
func Serve(t testing.TB, l net.Listener, cfg node.Config) *Server {
	return ServePeer(t, chaintest.Peer{Listener: l, Config: cfg})
}

// Loopback is [Serve] on a free TCP port of this machine, whose address it
// returns.
func Loopback(t testing.TB, cfg node.Config) (address string) {
	return ServePeer(t, chaintest.Peer{Config: cfg}).Addr
}

// Listen takes a free TCP port of this machine. The caller closes the listener.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// OverTCP serves c, a chain of [Network], on a free TCP port of this machine.
func OverTCP(t *testing.T, c *chaintest.Chain) (s *Server, address string) {
	t.Helper()
	s = ServePeer(t, chaintest.Peer{Chain: c})
	return s, s.Addr
}

// Same reports the first block in which got differs from want, nil if there is none.
func Same(got, want []ledger.Block) error {
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i].Raw, want[i].Raw) {
			return fmt.Errorf("block %d differs", i)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d blocks, want %d", len(got), len(want))
	}
	return nil
}

// Addresses returns n addresses that are for documentation. (RFC 5737)
func Addresses(n int) (list []netip.AddrPort) {
	for i := range n {
		list = append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), 3001))
	}
	return list
}
