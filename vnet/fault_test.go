package vnet_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/vnet"
)

func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// readAt reads something and checks when it came, since the network was made.
func readAt(t *testing.T, n *vnet.Network, c *vnet.Conn, want string, at time.Duration) {
	t.Helper()
	buf := make([]byte, len(want))
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != want {
		t.Errorf("%q, %v, want %q", buf, err, want)
	}
	if n.Now() != at {
		t.Errorf("%q came at %v, want %v", want, n.Now(), at)
	}
}

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

func TestResets(t *testing.T) {
	link := vnet.Link{Latency: 25 * ms}
	bubble(t, "at a time", func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: link, Faults: []vnet.Fault{{Kind: vnet.Reset, From: "b", At: time.Second}}})
		a, b := connect(t, n)
		a.Write([]byte("one"))
		time.Sleep(time.Second - 60*ms) // 10 ms before
		a.Write([]byte("lost"))
		for _, c := range []*vnet.Conn{a, b} {
			if c == b {
				readAt(t, n, b, "one", time.Second)
			}
			if _, err := c.Read(make([]byte, 10)); !isReset(err) {
				t.Errorf("read: %v", err)
			}
			if n.Now() != time.Second {
				t.Errorf("at %v", n.Now())
			}
			if _, err := c.Write([]byte{1}); !isReset(err) {
				t.Errorf("write: %v", err)
			}
		}
		connect(t, n) // later ones are not hit
	})
	bubble(t, "of others", func(t *testing.T) {
		n := vnet.New(vnet.Config{Faults: []vnet.Fault{{Kind: vnet.Reset, From: "a", To: "c", At: time.Second}}})
		a, b := connect(t, n)
		time.Sleep(2 * time.Second)
		a.Write([]byte("hi"))
		readAt(t, n, b, "hi", 2*time.Second)
	})
	bubble(t, "wakes writers", func(t *testing.T) {
		n := vnet.New(vnet.Config{Faults: []vnet.Fault{{Kind: vnet.Reset, At: time.Second}}})
		a, _ := connect(t, n)
		written, err := a.Write(make([]byte, 2<<20))
		if written != vnet.DefaultWindow || !isReset(err) || n.Now() != time.Second {
			t.Errorf("%d bytes, %v at %v", written, err, n.Now())
		}
	})
	bubble(t, "after bytes", func(t *testing.T) {
		link.ResetAfter = 5
		n := vnet.New(vnet.Config{Plan: planned(vnet.Path{Out: link, Back: vnet.Link{Latency: 10 * ms}})})
		a, b := connect(t, n) // at 35 ms
		a.Write([]byte("Hel"))
		time.Sleep(ms)
		a.Write([]byte("lo world"))
		readAt(t, n, b, "Hel", 60*ms)
		readAt(t, n, b, "lo", 61*ms)
		if _, err := b.Read(make([]byte, 1)); !isReset(err) || n.Now() != 61*ms {
			t.Errorf("%v at %v", err, n.Now())
		}
		if _, err := b.Write([]byte{1}); !isReset(err) {
			t.Errorf("write: %v", err)
		}
		if _, err := a.Read(make([]byte, 1)); !isReset(err) || n.Now() != 71*ms {
			t.Errorf("the sender: %v at %v", err, n.Now())
		}
	})
	bubble(t, "by hand", func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 25 * ms}})
		a, b := connect(t, n) // at 50 ms
		a.Write([]byte("x"))
		a.Reset()
		readAt(t, n, b, "x", 75*ms)
		if _, err := b.Read(make([]byte, 1)); !isReset(err) || n.Now() != 75*ms {
			t.Errorf("%v at %v", err, n.Now())
		}
	})
}

// A stall holds back one direction, what is under way included, and word of
// what was read.
func TestStalls(t *testing.T) {
	faults := []vnet.Fault{{Kind: vnet.Stall, From: "a", To: "b", At: time.Second, For: 10 * time.Second}}
	bubble(t, "one direction", func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 25 * ms}, Faults: faults})
		a, b := connect(t, n)
		time.Sleep(930 * ms) // to 980 ms
		a.Write([]byte("late"))
		time.Sleep(time.Second)
		a.Write([]byte(" later"))
		b.Write([]byte("in time"))
		readAt(t, n, a, "in time", 2005*ms)
		readAt(t, n, b, "late later", 11*time.Second)
		b.Write([]byte("x"))
		readAt(t, n, a, "x", 11025*ms)
	})
	bubble(t, "the window of the other direction", func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Window: 10}, Faults: faults})
		a, b := connect(t, n)
		time.Sleep(2 * time.Second)
		b.Write(make([]byte, 10))
		readAt(t, n, a, string(make([]byte, 10)), 2*time.Second)
		b.Write(make([]byte, 1))
		if n.Now() != 11*time.Second {
			t.Errorf("there was room at %v", n.Now())
		}
	})
	bubble(t, "connecting", func(t *testing.T) {
		n := vnet.New(vnet.Config{Faults: faults})
		time.Sleep(2 * time.Second)
		connect(t, n)
		if n.Now() != 11*time.Second {
			t.Errorf("connected at %v", n.Now())
		}
	})
	bubble(t, "after bytes", func(t *testing.T) {
		n := vnet.New(vnet.Config{Plan: planned(vnet.Path{Out: vnet.Link{StallAfter: 5}})})
		a, b := connect(t, n)
		a.Write([]byte("Hello world"))
		a.Close()
		readAt(t, n, b, "Hello", 0)
		b.SetReadDeadline(time.Now().Add(time.Hour))
		if n, err := b.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// A partition holds back both directions until it ends or is healed, and
// connecting gives up in the end.
func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{})
		a, b := connect(t, n)
		n.Add(vnet.Fault{Kind: vnet.Partition, From: "b", To: "a"})
		a.Write([]byte("from a"))
		b.Write([]byte("from b"))
		for _, c := range []*vnet.Conn{a, b} {
			c.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
				t.Errorf("through a partition: %v", err)
			}
			c.SetReadDeadline(time.Time{})
		}
		l, err := n.Host("b").Listen(7)
		if err != nil {
			t.Fatal(err)
		}
		start := n.Now()
		if _, err := n.Host("a").Dial(t.Context(), "b:7"); !errors.Is(err, syscall.ETIMEDOUT) || n.Now()-start != vnet.ConnectTime {
			t.Errorf("%v after %v", err, n.Now()-start)
		}
		time.AfterFunc(time.Minute, n.Heal)
		readAt(t, n, a, "from b", start+vnet.ConnectTime+time.Minute)
		readAt(t, n, b, "from a", start+vnet.ConnectTime+time.Minute)
		l.Close()
	})
}

func TestRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Faults: []vnet.Fault{{Kind: vnet.Refuse, To: "b", At: 0, For: time.Second}}})
		l, err := n.Host("b").Listen(7)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Host("a").Dial(t.Context(), "b:7"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		if _, err := n.Host("b").Listen(7); !errors.Is(err, syscall.EADDRINUSE) {
			t.Error(err)
		}
		time.Sleep(time.Second)
		c, err := n.Host("a").DialContext(t.Context(), "tcp", n.Host("b").IP().String()+":7")
		if err != nil {
			t.Fatal(err)
		}
		// Closing a listener resets who waits to be accepted.
		l.Close()
		if _, err := c.Read(make([]byte, 1)); !isReset(err) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := n.Host("a").Dial(ctx, "b:7"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestNetworkClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Faults: []vnet.Fault{{Kind: vnet.Reset, At: time.Hour}}})
		a, b := connect(t, n)
		l, err := n.Host("b").Listen(7)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { n.Close() })
		if _, err := l.Accept(); err == nil {
			t.Error("accepted")
		}
		for _, c := range []*vnet.Conn{a, b} {
			if _, err := c.Read(make([]byte, 1)); !isReset(err) {
				t.Error(err)
			}
		}
		if _, err := n.Host("a").Dial(t.Context(), "b:7"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		if _, err := n.Host("a").Listen(0); err == nil {
			t.Error("listens")
		}
	})
}

func TestRandomFaults(t *testing.T) {
	hosts := []string{"a", "b", "c"}
	draw := func(seed uint64) []vnet.Fault {
		return vnet.RandomFaults(rand.New(rand.NewPCG(seed, 0)), hosts, 200, time.Hour)
	}
	faults := draw(1)
	if !slices.Equal(faults, draw(1)) || slices.Equal(faults, draw(2)) {
		t.Error("faults do not follow from the seed")
	}
	kinds := make(map[vnet.Kind]int)
	for i, f := range faults {
		kinds[f.Kind]++
		if f.From == f.To || !slices.Contains(hosts, f.From) || !slices.Contains(hosts, f.To) {
			t.Errorf("%v: hosts", f)
		}
		if f.At < 0 || f.For <= 0 || f.At+f.For > time.Hour || i > 0 && f.At < faults[i-1].At {
			t.Errorf("%v: times", f)
		}
	}
	if len(faults) != 200 || len(kinds) != 4 {
		t.Errorf("%d faults, kinds %v", len(faults), kinds)
	}
	if got := vnet.RandomFaults(nil, hosts[:1], 5, time.Hour); got != nil {
		t.Error("faults of a single host")
	}
}

func TestFaultString(t *testing.T) {
	for want, f := range map[string]vnet.Fault{
		"partition a b at 1m0s for 10s": {Kind: vnet.Partition, From: "a", To: "b", At: time.Minute, For: 10 * time.Second},
		"reset a * at 0s":               {Kind: vnet.Reset, From: "a", For: 1},
		"stall * * at 1s":               {Kind: vnet.Stall, At: time.Second},
		"fault 9 * * at 0s":             {Kind: 9},
	} {
		if f.String() != want {
			t.Errorf("%q, want %q", f, want)
		}
	}
}
