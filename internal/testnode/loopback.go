package testnode

import (
	"net"

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
