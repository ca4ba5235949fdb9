package relay_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
)

// from is a connection whose other end has an address.
type from struct {
	net.Conn
	address string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(f.address), 3001))
}

// fromEach is a listener whose connections have these addresses in turn.
type fromEach struct {
	net.Listener
	addresses []string
}

func (l *fromEach) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	address := l.addresses[0]
	l.addresses = l.addresses[1:]
	return from{conn, address}, nil
}

// The bound for an address does not hold for peers that are followed, by address or
// by a name and connected.
func TestFollowedPeersAreExempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t}
		s.upstream("up", newChain().Grow(10))
		cfg := relay.Config{Follow: s.config("192.0.2.1:3001", "[2001:db8::1]:3001", "relay.example:3001"), NoVerify: true}
		cfg.Follow.Limits.PerAddress = 1
		cfg.Follow.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			if address != "relay.example:3001" {
				return nil, errors.New("down")
			}
			conn, err := s.net.Dial(ctx, "up")
			return from{conn, "192.0.2.7"}, err
		}
		l := &fromEach{Listener: s.net.Listen("us")}
		cfg.Listener = l
		r, err := relay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		synctest.Wait()
		for address, want := range map[string]int{
			"192.0.2.1": 3, "::ffff:192.0.2.1": 3, "2001:db8::1": 3, "192.0.2.7": 3, "192.0.2.9": 1, "2001:db8:1::1": 1,
		} {
			got := 0
			for range 3 {
				l.addresses = append(l.addresses, address)
				if c, err := node.Dial(t.Context(), "us", s.config().Config); err == nil {
					defer c.Close()
					got++
				}
			}
			if got != want {
				t.Errorf("%d of 3 connections from %s, want %d", got, address, want)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
