package mux_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/mux"
)

// A bearer makes two connected connections.
type bearer struct {
	name string
	open func(testing.TB) (a, b net.Conn)
}

var bearers = []bearer{{"TCP", tcpPair}, {"pipe", pipePair}}

func tcpPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	a, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return a, <-accepted
}

func pipePair(testing.TB) (a, b net.Conn) { return net.Pipe() }

// onBearers runs test on each kind of bearer, with a check for goroutines.
func onBearers(t *testing.T, test func(t *testing.T, a, b net.Conn)) {
	for _, bearer := range bearers {
		t.Run(bearer.name, func(t *testing.T) {
			testenv.CheckLeaks(t)
			a, b := bearer.open(t)
			test(t, a, b)
		})
	}
}

// pair runs a Mux on either end of a connection. They are closed with the test.
func pair(t testing.TB, a, b net.Conn, cfg mux.Config) (ma, mb *mux.Mux) {
	ma, mb = mux.New(a, cfg), mux.New(b, cfg)
	t.Cleanup(func() {
		drop(ma)
		drop(mb)
	})
	return ma, mb
}

// drop ends m without sending what is queued.
func drop(m *mux.Mux) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m.Close(ctx)
}

// within returns a context that ends what hangs.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
