package node_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// The refusal reaches a peer over a bearer that can lose bytes on close.
func TestRefusedOverTCP(t *testing.T) {
	testenv.CheckLeaks(t)
	_, address := nodetest.OverTCP(t, nodetest.NewChain())
	other := nodetest.Network()
	other.Magic++
	for range 20 {
		_, err := node.Dial(t.Context(), address, node.Config{Network: other})
		var refused *handshake.RefusedError
		if !errors.As(err, &refused) {
			t.Fatalf("got %v", err)
		}
	}
}

// Blocks that were asked for without their headers and not taken are our own
// fault.
func TestConsumerTooSlow(t *testing.T) {
	testenv.CheckLeaks(t)
	c := chaintest.New(chaintest.Config{Network: nodetest.Network(), BlockSize: 80_000}).Grow(400)
	_, address := nodetest.OverTCP(t, c)
	conn, err := node.Dial(t.Context(), address, node.Config{Network: nodetest.Network()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, err := range conn.BlockFetch().Range(t.Context(), c.Point(399), c.Point(0)) {
		if err == nil {
			<-conn.Done()
		}
	}
	if err := conn.Err(); !errors.Is(err, blockfetch.ErrConsumerTooSlow) || node.Blame(err) {
		t.Errorf("got %v", err)
	}
}

// Errors of TCP name the peer once, and no system call; what they wrap is still
// there.
func TestErrorsOverTCP(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has numbers of its own for these errors")
	}
	testenv.CheckLeaks(t)
	l := nodetest.Listen(t)
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Read(make([]byte, 1))
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	address, cfg := l.Addr().String(), node.Config{Network: nodetest.Network()}
	_, reset := node.Dial(t.Context(), address, cfg)
	l.Close()
	_, refused := node.Dial(t.Context(), address, cfg)
	_, queried := node.QueryVersions(t.Context(), address, cfg)
	cfg.Dial = func(context.Context, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nobody.invalid", Server: "192.0.2.1:53"}}
	}
	_, unknown := node.Dial(t.Context(), "nobody.invalid:3001", cfg)
	cfg.Dial = func(context.Context, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.Addr(), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	_, named := node.Dial(t.Context(), "somebody.invalid:3001", cfg)
	for _, test := range []struct {
		err  error
		is   error
		want string
	}{
		{reset, syscall.ECONNRESET, "peer " + address + ": mux: read: " + syscall.ECONNRESET.Error()},
		{refused, syscall.ECONNREFUSED, "peer " + address + ": dial: " + syscall.ECONNREFUSED.Error()},
		{queried, syscall.ECONNREFUSED, refused.Error()},
		{unknown, nil, "peer nobody.invalid:3001: dial: look up the name: no such host"},
		{named, syscall.ECONNREFUSED, "peer somebody.invalid:3001: dial " + address + ": " + syscall.ECONNREFUSED.Error()},
	} {
		if test.err.Error() != test.want || test.is != nil && !errors.Is(test.err, test.is) {
			t.Errorf("got %q, want %q", test.err, test.want)
		}
	}
}

func TestDialNobody(t *testing.T) {
	l := nodetest.Listen(t)
	l.Close()
	_, err := node.Dial(t.Context(), l.Addr().String(), node.Config{Network: nodetest.Network()})
	var peer *node.PeerError
	if !errors.As(err, &peer) || peer.Peer != l.Addr().String() || node.Permanent(err) || node.Blame(err) {
		t.Errorf("got %v", err)
	}
}

// dialFrom is TCP from an address of our own.
func dialFrom(source string) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
		return d.DialContext(ctx, "tcp4", address)
	}
}

// Of 500 nodes that dial at the same time from as many addresses, all get in;
// of those at one address, 8.
func TestManyDialAtOnce(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux answers for all of 127.0.0.0/8 without being configured")
	}
	testenv.CheckLeaks(t)
	_, address := nodetest.OverTCP(t, nodetest.NewChain().Grow(1))
	dial := func(n int, source func(int) string) (in int) {
		conns := make(chan *node.Conn, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				c, err := node.Dial(t.Context(), address, node.Config{Network: nodetest.Network(), Dial: dialFrom(source(i))})
				if err == nil {
					conns <- c
				}
			})
		}
		all.Wait()
		close(conns)
		for c := range conns {
			t.Cleanup(func() { c.Close() })
			if _, _, err := c.ChainSync().Intersect(t.Context(), ledger.Origin); err == nil {
				in++
			}
		}
		return in
	}
	if in := dial(500, func(i int) string { return fmt.Sprintf("127.1.%d.%d", i/250, 1+i%250) }); in != 500 {
		t.Errorf("%d of 500 got in", in)
	}
	if in := dial(20, func(int) string { return "127.2.0.1" }); in != 8 {
		t.Errorf("%d of 20 from one address got in", in)
	}
}
