package interop_test

import (
	"net"
	"testing"

	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

func TestKeepAliveFromTheirServer(t *testing.T) {
	s := theirServer(t, peer.ServerConfig{})
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	m := mux.New(conn, mux.Config{})
	defer m.Close(limited(t))
	hs := handshake.Spec()
	versions := handshake.Versions(handshake.Data{Magic: magic, InitiatorOnly: true})
	if _, err := handshake.Propose(limited(t), hs, m.Handshake(hs, protocol.Initiator), versions); err != nil {
		t.Fatal(err)
	}
	spec := keepalive.Spec()
	i := keepalive.NewInitiator(spec, m.Channel(spec, protocol.Initiator))
	m.Start()
	for _, cookie := range []uint16{0, 1, 23, 24, 255, 256, 65535, 65535} {
		if _, err := i.Ping(limited(t), cookie); err != nil {
			t.Fatalf("cookie %d: %v", cookie, err)
		}
	}
	if err := i.Done(limited(t)); err != nil {
		t.Fatal(err)
	}
}

// Departure: cookies count up from zero.
func TestKeepAliveForTheirClient(t *testing.T) {
	address, _ := ourServer(t, config())
	c := theirClient(t, address, peer.ClientConfig{})
	for range 30 { // past the cookies of one byte
		if _, err := c.KeepAlive(limited(t)); err != nil {
			t.Fatal(err)
		}
	}
}
