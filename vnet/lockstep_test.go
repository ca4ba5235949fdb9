package vnet_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/vnet"
)

// lockstep runs f with a network in lockstep in a bubble, until it returns, and
// returns what happened at each host.
func lockstep(t *testing.T, cfg vnet.Config, f func(t *testing.T, n *vnet.Network)) map[string]string {
	traces := make(map[string]*strings.Builder)
	synctest.Test(t, func(t *testing.T) {
		cfg.Wait = synctest.Wait
		cfg.Observe = func(e vnet.Event) {
			if traces[e.To] == nil {
				traces[e.To] = new(strings.Builder)
			}
			fmt.Fprintln(traces[e.To], e)
		}
		n := vnet.New(cfg)
		ctx, cancel := context.WithCancelCause(t.Context())
		done := errors.New("done")
		go func() {
			f(t, n)
			cancel(done)
		}()
		if err := n.Run(ctx); err != done {
			t.Errorf("Run: %v", err)
		}
	})
	got := make(map[string]string)
	for host, trace := range traces {
		got[host] = trace.String()
	}
	return got
}

// gossip is a conversation of many goroutines: each host answers on every
// connection, and talks to all others on several at once. What is said depends
// on what was heard.
func gossip(t *testing.T, n *vnet.Network) {
	hosts := []string{"anna", "bob", "cleo", "dora"}
	var tasks, clients sync.WaitGroup
	var listeners []*vnet.Listener
	for _, name := range hosts {
		l, err := n.Host(name).Listen(7)
		if err != nil {
			t.Error(err)
			return
		}
		listeners = append(listeners, l)
		tasks.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				tasks.Go(func() { echo(c) })
			}
		})
	}
	for i, from := range hosts {
		for j, to := range hosts {
			if i == j {
				continue
			}
			for k := range 2 {
				clients.Go(func() {
					// At one instant for all but the second ones of a host.
					time.Sleep(time.Duration(k) * ms)
					talk(n.Host(from), to, byte(16*i+4*j+k))
				})
			}
		}
	}
	clients.Wait()
	for _, l := range listeners {
		l.Close()
	}
	tasks.Wait()
}

// echo answers each message, a byte n and n bytes, with a hash and a rest.
func echo(c net.Conn) {
	defer c.Close()
	for {
		head := make([]byte, 1)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		body := make([]byte, head[0])
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		h := sha256.Sum256(body)
		if _, err := c.Write(h[:1+h[0]%32]); err != nil {
			return
		}
		c.Write(make([]byte, 33-1-h[0]%32))
	}
}

// talk says ten things, or fewer if a fault comes in between.
func talk(h *vnet.Host, to string, first byte) {
	c, err := h.Dial(context.Background(), to+":7")
	if err != nil {
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	said := []byte{first}
	for range 10 {
		if _, err := c.Write(append([]byte{byte(len(said))}, said...)); err != nil {
			return
		}
		answer := make([]byte, 33)
		if _, err := io.ReadFull(c, answer); err != nil {
			return
		}
		h := sha256.Sum256(answer)
		said = h[:1+binary.BigEndian.Uint16(h[:])%32]
	}
}

// Each host sees the same in every run, byte by byte, at the same times.
func TestLockstep(t *testing.T) {
	testenv.CheckLeaks(t)
	hosts := []string{"anna", "bob", "cleo", "dora"}
	cfg := func(seed uint64) vnet.Config {
		return vnet.Config{
			Seed: seed,
			Plan: func(r *rand.Rand, _, _ string) vnet.Path {
				link := vnet.Link{Latency: time.Duration(1+r.IntN(20)) * ms, Jitter: 5 * ms, Window: 20, Chunk: 7, Ragged: true}
				if r.IntN(5) == 0 {
					link.ResetAfter = 200
				}
				return vnet.Path{Out: link, Back: link}
			},
			Faults: vnet.RandomFaults(rand.New(rand.NewPCG(seed, 1)), hosts, 10, 500*ms),
		}
	}
	runs := 50
	if testenv.Race {
		runs = 10
	}
	first := lockstep(t, cfg(1), gossip)
	for range runs - 1 {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0)) // stops the world, which mixes up the order of goroutines
		again := lockstep(t, cfg(1), gossip)
		for _, host := range hosts {
			if again[host] != first[host] {
				t.Fatalf("%s sees something else: %s", host, difference(first[host], again[host]))
			}
		}
	}
	other := lockstep(t, cfg(2), gossip)
	for _, host := range hosts {
		if other[host] == first[host] {
			t.Error("another seed makes no difference")
		}
		for _, what := range []string{"connect", "data", "end", "reset"} {
			if !strings.Contains(first[host], what) {
				t.Errorf("%s sees no %s: the test is too tame", host, what)
			}
		}
	}
	t.Logf("%d events", strings.Count(first["anna"]+first["bob"]+first["cleo"]+first["dora"], "\n"))
}

// difference returns the first line that differs.
func difference(a, b string) string {
	one, other := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(one), len(other)) {
		if one[i] != other[i] {
			return fmt.Sprintf("line %d: %q and %q", i+1, one[i], other[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(one), len(other))
}

// In lockstep times are those of a network that runs freely.
func TestLockstepTimes(t *testing.T) {
	link := vnet.Link{Latency: 25 * ms, Window: 2000, Bandwidth: 20_000, Chunk: 1000}
	lockstep(t, vnet.Config{Link: link}, func(t *testing.T, n *vnet.Network) {
		a, b := connect(t, n)
		start := time.Now()
		go func() {
			if n, err := a.Write(make([]byte, 4000)); n != 4000 || err != nil {
				t.Error(n, err)
			}
			if took := time.Since(start); took != 150*ms {
				t.Errorf("writing took %v", took)
			}
			a.CloseWrite()
		}()
		got := receive(t, b, start)
		if want := []arrival{{75 * ms, 1000}, {125 * ms, 1000}, {175 * ms, 1000}, {225 * ms, 1000}}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		b.Close()
		if _, err := a.Read(make([]byte, 1)); err != io.EOF {
			t.Error(err)
		}
		a.Close()
	})
}

// One thing happens at a time: two messages that arrive at one instant on two
// connections are two steps, in the order of the connections.
func TestOneAtATime(t *testing.T) {
	for range 20 {
		var got []byte
		lockstep(t, vnet.Config{Link: vnet.Link{Latency: ms}}, func(t *testing.T, n *vnet.Network) {
			var mu sync.Mutex
			var conns [2][2]*vnet.Conn
			for i := range conns {
				conns[i][0], conns[i][1] = connect(t, n)
			}
			var tasks sync.WaitGroup
			for i := range conns {
				tasks.Go(func() {
					conns[i][0].Write([]byte{byte(i)})
					conns[i][0].Write([]byte{byte(i)})
				})
				tasks.Go(func() {
					buf := make([]byte, 2)
					io.ReadFull(conns[i][1], buf)
					mu.Lock()
					defer mu.Unlock()
					got = append(got, buf...)
				})
			}
			tasks.Wait()
		})
		if !slices.Equal(got, []byte{0, 0, 1, 1}) {
			t.Fatalf("order %v", got)
		}
	}
}

// Refusals, patience and giving up work in lockstep, too.
func TestLockstepDial(t *testing.T) {
	lockstep(t, vnet.Config{Link: vnet.Link{Latency: 25 * ms}}, func(t *testing.T, n *vnet.Network) {
		a, b := n.Host("a"), n.Host("b")
		if _, err := a.Dial(t.Context(), "b:1"); !errors.Is(err, syscall.ECONNREFUSED) || n.Now() != 50*ms {
			t.Errorf("%v at %v", err, n.Now())
		}
		l, err := b.Listen(1)
		if err != nil {
			t.Error(err)
			return
		}
		for _, patience := range []time.Duration{10 * ms, 40 * ms} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			if _, err := a.Dial(ctx, "b:1"); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		// The first never arrived.
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := c.Read(make([]byte, 1)); !isReset(err) {
			t.Error(err)
		}
		c.Close()
		n.Add(vnet.Fault{Kind: vnet.Partition})
		start := n.Now()
		time.AfterFunc(10*time.Second, n.Heal)
		d, err := a.Dial(t.Context(), "b:1")
		if err != nil || n.Now() != start+10*time.Second+25*ms {
			t.Errorf("%v after %v", err, n.Now()-start)
			return
		}
		n.Add(vnet.Fault{Kind: vnet.Reset, At: n.Now() + time.Hour})
		if _, err := d.Read(make([]byte, 1)); !isReset(err) || n.Now() != start+time.Hour+10*time.Second+25*ms {
			t.Errorf("%v after %v", err, n.Now()-start)
		}
		d.Close()
		l.Close()
	})
}

func TestRunNeedsLockstep(t *testing.T) {
	if err := vnet.New(vnet.Config{}).Run(t.Context()); err == nil {
		t.Error("no error")
	}
}
