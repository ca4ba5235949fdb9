package interop_test

import (
	"errors"
	"fmt"
	"net"
	"testing"

	theirs "github.com/blinklabs-io/gouroboros/protocol/handshake"

	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// combinations are what both sides may say, and what follows. (handshake, 6)
func combinations(f func(name string, ourDuplex, theirDuplex, ourSharing, theirSharing bool)) {
	for i := range 16 {
		b := func(n int) bool { return i>>n&1 == 1 }
		name := fmt.Sprintf("duplex %v %v, sharing %v %v", b(0), b(1), b(2), b(3))
		f(name, b(0), b(1), b(2), b(3))
	}
}

// Departure: the server accepts with its own data. We combine it with ours, as
// a Haskell initiator does with what it is told.
func TestTheirServerAccepts(t *testing.T) {
	combinations(func(name string, ourDuplex, theirDuplex, ourSharing, theirSharing bool) {
		t.Run(name, func(t *testing.T) {
			s := theirServer(t, peer.ServerConfig{Duplex: theirDuplex, PeerSharing: theirSharing})
			cfg := config()
			cfg.PeerSharing = ourSharing
			if ourDuplex {
				cfg.Sources = &node.Sources{}
			}
			checkAgreement(t, ourClient(t, s.Addr(), cfg), ourDuplex && theirDuplex, ourSharing && theirSharing)
		})
	})
}

// Departure: the client proposes 7 to 13 as well and takes what it is told.
func TestTheirClientIsAccepted(t *testing.T) {
	combinations(func(name string, _, theirDuplex, ourSharing, theirSharing bool) {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.PeerSharing = ourSharing
			address, conns := ourServer(t, cfg)
			c := theirClient(t, address, peer.ClientConfig{Duplex: theirDuplex, PeerSharing: theirSharing})
			checkAgreement(t, <-conns, theirDuplex, ourSharing && theirSharing)
			version, data := c.Negotiated()
			if version != uint16(handshake.V15) || data.NetworkMagic() != magic ||
				bool(data.DiffusionMode()) == theirDuplex || data.PeerSharing() != (ourSharing && theirSharing) {
				t.Errorf("it was told %d, %+v", version, data)
			}
		})
	})
}

func checkAgreement(t *testing.T, c *node.Conn, duplex, sharing bool) {
	t.Helper()
	want := handshake.Agreement{Version: handshake.V15, Data: handshake.Data{
		Magic: magic, InitiatorOnly: !duplex, PeerSharing: sharing,
	}}
	if got := c.Agreement(); got != want {
		t.Errorf("agreed on %+v, want %+v", got, want)
	}
}

func TestTheirServerRefusesAnotherNetwork(t *testing.T) {
	s := theirServer(t, peer.ServerConfig{Magic: magic + 1})
	_, err := node.Dial(limited(t), s.Addr(), config())
	var refused *handshake.RefusedError
	if !errors.As(err, &refused) || refused.ByUs || refused.Reason != handshake.Refused || refused.Version != handshake.V15 {
		t.Fatalf("got %v, want a refusal of version 15", err)
	}
	if !node.Permanent(err) || node.Blame(err) {
		t.Errorf("%v: permanent %v, blame %v", err, node.Permanent(err), node.Blame(err))
	}
}

func TestTheirClientIsRefusedForAnotherNetwork(t *testing.T) {
	address, _ := ourServer(t, config())
	_, err := peer.Dial(limited(t), address, peer.ClientConfig{Magic: magic + 1})
	var refused *theirs.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refusal", err)
	}
}

// unknown is a version that nobody else has.
const unknown = handshake.V16

func TestTheirServerHasNoCommonVersion(t *testing.T) {
	s := theirServer(t, peer.ServerConfig{})
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	m := mux.New(conn, mux.Config{})
	defer m.Close(limited(t))
	spec := handshake.Spec()
	versions := handshake.Versions(handshake.Data{Magic: magic}, unknown)
	_, err = handshake.Propose(limited(t), spec, m.Handshake(spec, protocol.Initiator), versions)
	var refused *handshake.RefusedError
	if !errors.As(err, &refused) || refused.Reason != handshake.VersionMismatch || len(refused.Versions) == 0 {
		t.Fatalf("got %v, want a version mismatch", err)
	}
}

func TestTheirClientFindsNoCommonVersion(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answered := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			answered <- err
			return
		}
		m := mux.New(conn, mux.Config{})
		defer m.Close(limited(t))
		spec := handshake.Spec()
		versions := handshake.Versions(handshake.Data{Magic: magic}, unknown)
		_, err = handshake.Answer(limited(t), spec, m.Handshake(spec, protocol.Responder), versions)
		answered <- err
	}()
	_, err = peer.Dial(limited(t), l.Addr().String(), peer.ClientConfig{Magic: magic})
	var mismatch *theirs.VersionMismatchError
	if !errors.As(err, &mismatch) {
		t.Errorf("their client got %v, want a version mismatch", err)
	}
	var refused *handshake.RefusedError
	if err := <-answered; !errors.As(err, &refused) || !refused.ByUs || refused.Reason != handshake.VersionMismatch {
		t.Errorf("we got %v, want our own version mismatch", err)
	}
}

// Departure: their versions below 14 are in the answer; they stay bytes.
func TestQueries(t *testing.T) {
	s := theirServer(t, peer.ServerConfig{})
	versions, err := node.QueryVersions(limited(t), s.Addr(), config())
	if err != nil {
		t.Fatal(err)
	}
	has := make(map[handshake.Version]bool)
	for _, e := range versions {
		has[e.Version] = true
	}
	if !has[handshake.V14] || !has[handshake.V15] {
		t.Errorf("versions %v, want 14 and 15 among them", versions)
	}

	address, _ := ourServer(t, config())
	c := theirClient(t, address, peer.ClientConfig{Query: true})
	got := c.Versions()
	if len(got) != 2 || got[14] == nil || got[15] == nil {
		t.Errorf("it was told %v, want 14 and 15", got)
	}
}
