package mux_test

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// usage returns the goroutines and the bytes of heap and stacks in use.
func usage() (goroutines int, bytes uint64) {
	var s runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&s)
	return runtime.NumGoroutine(), s.HeapAlloc + s.StackInuse
}

// A connection on which nothing happens is two goroutines and few bytes, and
// is so again after it was busy.
func TestIdleMemory(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector uses memory of its own")
	}
	const (
		pairs     = 50
		mostBytes = 20 << 10 // of one side, with ten channels
	)
	type side struct {
		m  *mux.Mux
		in *mux.Channel
	}
	ctx := within(t)
	goroutines, bytes := usage()
	var sides []side
	for range pairs {
		a, b := tcpPair(t)
		for _, conn := range []net.Conn{a, b} {
			m := mux.New(conn, mux.Config{IdleTimeout: -1})
			in := m.Channel(streamSpec(), protocol.Initiator)
			m.Respond(streamSpec(), mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
				if _, err := await(c, 1); err != nil {
					return err
				}
				c.Consume(1)
				return c.Send(ctx, nil, make([]byte, 500_000))
			})
			for _, spec := range []*protocol.Spec{chainsync.Spec(), blockfetch.Spec(), spec(4, 1000), spec(8, 1000)} {
				m.Channel(spec, protocol.Initiator)
				m.Channel(spec, protocol.Responder)
			}
			m.Start()
			sides = append(sides, side{m, in})
		}
	}
	report := func(when string) {
		var goroutinesEach float64
		var bytesEach int
		// What was received may have been written a moment before its writer lets
		// go of it.
		for range 100 {
			g, b := usage()
			goroutinesEach = float64(g-goroutines) / float64(len(sides))
			bytesEach = (int(b) - int(bytes)) / len(sides)
			if goroutinesEach <= 2.1 && bytesEach <= mostBytes {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("%s: %.1f goroutines and %d bytes of heap and stack for one side", when, goroutinesEach, bytesEach)
		if goroutinesEach > 2.1 || bytesEach > mostBytes {
			t.Errorf("%s: more than 2 goroutines or %d bytes", when, mostBytes)
		}
	}
	report("fresh")
	for _, s := range sides {
		s.in.Send(ctx, []byte{1}, nil)
		if b, err := await(s.in, 500_000); err != nil {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		s.in.Consume(500_000)
	}
	report("after use")
	for _, s := range sides {
		drop(s.m)
	}
}

// Sending and receiving through a Mux allocates nothing in itself.
func TestAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	a, b := tcpPair(t)
	ma, mb := pair(t, a, b, mux.Config{IdleTimeout: -1})
	out := ma.Channel(spec(2, 1<<20), protocol.Initiator)
	in := mb.Channel(spec(2, 1<<20), protocol.Responder)
	ma.Start()
	mb.Start()
	ctx := context.Background()
	head, body := make([]byte, 20), make([]byte, 18_000)
	n := testing.AllocsPerRun(2000, func() {
		if err := out.Send(ctx, head, body); err != nil {
			t.Fatal(err)
		}
		if _, err := await(in, len(head)+len(body)); err != nil {
			t.Fatal(err)
		}
		in.Consume(len(head) + len(body))
	})
	if n >= 1 { // the pools may be emptied at times
		t.Errorf("%v allocations for each message", n)
	}
}
