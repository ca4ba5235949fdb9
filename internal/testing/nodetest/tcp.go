package nodetest

import (
	"net"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/node"
)

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
func OverTCP(t *testing.T, c *testnode.Chain) (s *testnode.Server, address string) {
	t.Helper()
	l := Listen(t)
	return testnode.Serve(t, l, node.Config{Network: Network(), Sources: c.Sources()}), l.Addr().String()
}
