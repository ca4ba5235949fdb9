package nodetest

import (
	"net"
	"testing"

	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// Pair shakes hands over a pipe and returns both ends of the connection.
func Pair(t *testing.T, dialling, accepting node.Config) (dialled, accepted *node.Conn) {
	t.Helper()
	left, right := net.Pipe()
	type result struct {
		c   *node.Conn
		err error
	}
	done := make(chan result)
	go func() {
		c, err := node.Handshake(t.Context(), right, protocol.Responder, accepting)
		done <- result{c, err}
	}()
	a, err := node.Handshake(t.Context(), left, protocol.Initiator, dialling)
	r := <-done
	if err != nil || r.err != nil {
		t.Fatal(err, r.err)
	}
	t.Cleanup(func() { a.Close(); r.c.Close() })
	return a, r.c
}
