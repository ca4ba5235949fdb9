package vnet_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/race"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// hour keeps 500 connections of two nodes alive for a virtual hour and returns
// the number of keep-alives.
func hour(t *testing.T, dial func(context.Context, string) (net.Conn, error), l net.Listener) int64 {
	var pings atomic.Int64
	cfg := node.Config{Network: ledger.Preview, Dial: dial, RoundTrip: func(*node.Conn, time.Duration) { pings.Add(1) }}
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
	for c := range ends {
		if err := c.Err(); err != nil {
			t.Error(err)
		}
		defer c.Close()
		defer c.Fail(net.ErrClosed)
	}
	return pings.Load()
}

// The goal is 2 s on two cores that are free.
func TestVirtualHour(t *testing.T) {
	if race.Enabled || testing.Short() {
		t.Skip("takes long")
	}
	leak.Check(t)
	start := time.Now()
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 25 * time.Millisecond}})
		l, err := n.Host("server").Listen(3001)
		if err != nil {
			t.Fatal(err)
		}
		// Each begins one round trip after the last, and 10 s later again.
		if pings := hour(t, n.Host("client").Dial, l); pings != 500*359 {
			t.Errorf("%d keep-alives", pings)
		}
	})
	t.Logf("500 connections for a virtual hour: %v", time.Since(start))
}
