package vnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/vnet"
)

const ms = time.Millisecond

// connect returns both ends of a connection from host a to host b.
func connect(t *testing.T, n *vnet.Network) (a, b *vnet.Conn) {
	t.Helper()
	l, err := n.Host("b").Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := n.Host("a").Dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); d.Close() })
	return c.(*vnet.Conn), d.(*vnet.Conn)
}

// arrival is when how many bytes came.
type arrival struct {
	at time.Duration
	n  int
}

func (a arrival) String() string { return fmt.Sprintf("%d B at %v", a.n, a.at) }

// receive reads until the end and notes what came when.
func receive(t *testing.T, c net.Conn, start time.Time) []arrival {
	var list []arrival
	buf := make([]byte, 1<<20)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			list = append(list, arrival{time.Since(start), n})
		}
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Error(err)
			return list
		}
	}
}

// Latency, bandwidth and window, to the nanosecond.
func TestArithmetic(t *testing.T) {
	tests := []struct {
		name string
		link vnet.Link
		send int
		want []arrival
		done time.Duration // when Write returns
	}{
		{"nothing in the way", vnet.Link{}, 100_000, []arrival{{0, 100_000}}, 0},
		{"latency", vnet.Link{Latency: 25 * ms}, 100_000, []arrival{{25 * ms, 100_000}}, 0},
		{"bandwidth", vnet.Link{Bandwidth: 1000, Chunk: 1000}, 2500,
			[]arrival{{1000 * ms, 1000}, {2000 * ms, 1000}, {2500 * ms, 500}}, 0},
		{"latency and bandwidth", vnet.Link{Latency: 25 * ms, Bandwidth: 1_000_000}, 20_000,
			[]arrival{{25*ms + 16384*time.Microsecond, 16384}, {25*ms + 20*ms, 3616}}, 0},
		// A window each round trip.
		{"window", vnet.Link{Latency: 25 * ms, Window: 1000}, 2500,
			[]arrival{{25 * ms, 1000}, {75 * ms, 1000}, {125 * ms, 500}}, 100 * ms},
		// The bandwidth is the bottleneck, the window is larger than both.
		{"window and bandwidth", vnet.Link{Latency: 25 * ms, Window: 2000, Bandwidth: 20_000, Chunk: 1000}, 4000,
			[]arrival{{75 * ms, 1000}, {125 * ms, 1000}, {175 * ms, 1000}, {225 * ms, 1000}}, 150 * ms},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := connect(t, vnet.New(vnet.Config{Link: test.link}))
				start := time.Now()
				go func() {
					if n, err := a.Write(make([]byte, test.send)); n != test.send || err != nil {
						t.Error(n, err)
					}
					if took := time.Since(start); took != test.done {
						t.Errorf("writing took %v, want %v", took, test.done)
					}
					a.Close()
				}()
				if got := receive(t, b, start); !slices.Equal(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			})
		})
	}
}

// Connecting takes a round trip, with each direction's own latency.
func TestConnectTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Plan: planned(vnet.Path{Out: vnet.Link{Latency: 30 * ms}, Back: vnet.Link{Latency: 70 * ms}})})
		start := time.Now()
		if _, err := n.Host("a").Dial(t.Context(), "b:1"); !isDNS(err) {
			t.Errorf("unknown host: %v", err)
		}
		n.Host("b")
		if _, err := n.Host("a").Dial(t.Context(), "b:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody listens: %v", err)
		}
		if took := time.Since(start); took != 100*ms {
			t.Errorf("refused after %v", took)
		}
		start = time.Now()
		connect(t, n)
		if took := time.Since(start); took != 100*ms {
			t.Errorf("connected after %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 99*ms)
		defer cancel()
		l, err := n.Host("b").Listen(2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Host("a").Dial(ctx, "b:2"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("impatient: %v", err)
		}
		// The other side has it already, and learns that it is gone.
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("abandoned: %v", err)
		}
	})
}

func planned(p vnet.Path) func(*rand.Rand, string, string) vnet.Path {
	return func(*rand.Rand, string, string) vnet.Path { return p }
}

func isDNS(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// With jitter, bytes come in order, within its bounds, at times that depend on
// the seed.
func TestJitter(t *testing.T) {
	run := func(seed uint64) (arrivals []arrival) {
		synctest.Test(t, func(t *testing.T) {
			n := vnet.New(vnet.Config{Seed: seed, Link: vnet.Link{Latency: 25 * ms, Jitter: 40 * ms, Chunk: 100}})
			a, b := connect(t, n)
			start := time.Now()
			var sent []byte
			for i := range 1000 {
				sent = append(sent, byte(i), byte(i>>8))
			}
			go func() {
				for i := range 20 {
					a.Write(sent[100*i : 100*i+100])
					time.Sleep(5 * ms)
				}
				a.Close()
			}()
			var got []byte
			buf := make([]byte, 2000)
			for {
				n, err := b.Read(buf)
				if err != nil {
					break
				}
				for i := len(got) / 100; i < (len(got)+n)/100; i++ {
					late := time.Since(start) - time.Duration(i)*5*ms - 25*ms
					if late < 0 || late > 40*ms {
						t.Errorf("chunk %d is %v late", i, late)
					}
				}
				got = append(got, buf[:n]...)
				arrivals = append(arrivals, arrival{time.Since(start), n})
			}
			if !bytes.Equal(got, sent) {
				t.Error("got other bytes")
			}
		})
		return arrivals
	}
	first := run(1)
	if !slices.Equal(first, run(1)) {
		t.Error("the same seed gives other times")
	}
	if slices.Equal(first, run(2)) {
		t.Error("another seed gives the same times")
	}
	if len(first) < 5 {
		t.Errorf("only %d arrivals: no jitter?", len(first))
	}
}

// Ragged reads return all bytes, in pieces of any size.
func TestRagged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, vnet.New(vnet.Config{Link: vnet.Link{Ragged: true}}))
		a.Write(make([]byte, 10_000))
		a.Close()
		got := receive(t, b, time.Now())
		total := 0
		for _, x := range got {
			total += x.n
		}
		if total != 10_000 || len(got) < 5 {
			t.Errorf("%d bytes in %d pieces", total, len(got))
		}
	})
}

// Two connections between the same hosts have draws of their own, which do not
// depend on what the other does.
func TestPlanDraws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draws := func(order ...string) map[string][]uint64 {
			got := make(map[string][]uint64)
			n := vnet.New(vnet.Config{Seed: 5, Plan: func(r *rand.Rand, from, to string) vnet.Path {
				got[from+to] = append(got[from+to], r.Uint64())
				return vnet.Path{}
			}})
			n.Host("x")
			for _, from := range order {
				n.Host(from).Dial(t.Context(), "x:1")
			}
			return got
		}
		one, other := draws("a", "a", "b"), draws("b", "a", "a")
		if fmt.Sprint(one) != fmt.Sprint(other) {
			t.Errorf("%v and %v", one, other)
		}
		if a := one["ax"]; a[0] == a[1] || a[0] == one["bx"][0] {
			t.Errorf("equal draws: %v", one)
		}
	})
}
