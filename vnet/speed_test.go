package vnet_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// hour keeps 500 connections of two nodes alive for a virtual hour and returns
// the number of keep-alives.
func hour(t *testing.T, dial func(context.Context, string) (net.Conn, error), l net.Listener) int64 {
	var pings atomic.Int64
	cfg := node.Config{Network: ledger.Preview, Dial: dial, Observer: node.Observer{RoundTrip: func(*node.Conn, time.Duration) { pings.Add(1) }}}
	ends := make(chan *node.Conn, 1000)
	var starting sync.WaitGroup
	for range 500 {
		starting.Go(func() {
			if c, err := node.Dial(t.Context(), "server:3001", cfg); err == nil {
				ends <- c
			}
		})
		starting.Go(func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if c, err := node.Handshake(t.Context(), conn, protocol.Responder, cfg); err == nil {
				ends <- c
			}
		})
	}
	starting.Wait()
	if len(ends) != 1000 {
		t.Errorf("%d ends of connections, want 1000", len(ends))
	}
	time.Sleep(time.Hour)
	close(ends)
	var all []*node.Conn
	for c := range ends {
		if err := c.Err(); err != nil {
			t.Error(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		c.Fail(net.ErrClosed)
	}
	for _, c := range all {
		c.Close()
	}
	return pings.Load()
}

// plainHour does the same without a node, to show what of the time is vnet's.
func plainHour(t *testing.T, dial func(context.Context, string) (net.Conn, error), l net.Listener) int64 {
	var pings atomic.Int64
	var tasks sync.WaitGroup
	for range 500 {
		tasks.Go(func() {
			c, err := dial(t.Context(), "server:3001")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			buf := make([]byte, 20)
			for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(10 * time.Second) {
				c.Write(buf[:12])
				if n, err := c.Read(buf); n != 12 || err != nil {
					t.Error(n, err)
					return
				}
				pings.Add(1)
			}
		})
		tasks.Go(func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
		})
	}
	tasks.Wait()
	return pings.Load()
}

// The goal is 2 s with nodes, on two cores that are free.
func TestVirtualHour(t *testing.T) {
	if testenv.Race || testing.Short() {
		t.Skip("takes long")
	}
	testenv.CheckLeaks(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, func(context.Context, string) (net.Conn, error), net.Listener) int64
	}{{"nodes", hour}, {"plain", plainHour}} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			synctest.Test(t, func(t *testing.T) {
				n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 25 * time.Millisecond}})
				l, err := n.Host("server").Listen(3001)
				if err != nil {
					t.Fatal(err)
				}
				// One begins 10 s after the answer to the last.
				if pings := test.run(t, n.Host("client").Dial, l); pings != 500*359 {
					t.Errorf("%d keep-alives", pings)
				}
			})
			t.Logf("500 connections for a virtual hour: %v", time.Since(start))
		})
	}
}

// kinds are what benchmarks compare.
func kinds(b *testing.B, run func(b *testing.B, one, other net.Conn)) {
	b.Run("vnet", func(b *testing.B) {
		n := vnet.New(vnet.Config{})
		l, err := n.Host("b").Listen(1)
		if err != nil {
			b.Fatal(err)
		}
		one, err := n.Host("a").Dial(b.Context(), "b:1")
		if err != nil {
			b.Fatal(err)
		}
		other, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		run(b, one, other)
	})
	b.Run("TCP", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		one, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		other, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
		run(b, one, other)
	})
	b.Run("pipe", func(b *testing.B) {
		one, other := net.Pipe()
		run(b, one, other)
	})
}

func BenchmarkRoundTrip(b *testing.B) {
	kinds(b, func(b *testing.B, one, other net.Conn) {
		var answering sync.WaitGroup
		answering.Go(func() { io.Copy(struct{ io.Writer }{other}, struct{ io.Reader }{other}) })
		buf := make([]byte, 12)
		b.ReportAllocs()
		for b.Loop() {
			one.Write(buf)
			if _, err := one.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
		one.Close()
		other.Close()
		answering.Wait()
	})
}

func BenchmarkThroughput(b *testing.B) {
	kinds(b, func(b *testing.B, one, other net.Conn) {
		var reading sync.WaitGroup
		reading.Go(func() {
			buf := make([]byte, 1<<17)
			for {
				if _, err := other.Read(buf); err != nil {
					return
				}
			}
		})
		buf := make([]byte, 72_000)
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := one.Write(buf); err != nil {
				b.Fatal(err)
			}
		}
		one.Close()
		other.Close()
		reading.Wait()
	})
}
