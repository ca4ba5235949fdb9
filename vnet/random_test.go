package vnet_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/vnet"
)

// exchange sends random amounts over a random link to a reader that takes and
// pauses at random. It returns what came when the end came, and when.
func exchange(t *testing.T, seed uint64, n *vnet.Network, sent []byte) (got []byte, end time.Duration) {
	a, b := connect(t, n)
	go func() {
		r := rand.New(rand.NewPCG(seed, 1))
		for left := sent; len(left) > 0; {
			k := min(len(left), 1+r.IntN(5000))
			if _, err := a.Write(left[:k]); err != nil {
				t.Error(err)
			}
			left = left[k:]
			if r.IntN(3) == 0 {
				time.Sleep(time.Duration(r.IntN(int(50 * ms))))
			}
		}
		a.CloseWrite()
	}()
	r := rand.New(rand.NewPCG(seed, 2))
	buf := make([]byte, 8000)
	for {
		k, err := io.ReadFull(b, buf[:1+r.IntN(len(buf))])
		got = append(got, buf[:k]...)
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Error(err)
			}
			break
		}
		if r.IntN(2) == 0 {
			time.Sleep(time.Duration(r.IntN(int(30 * ms))))
		}
	}
	a.Close()
	b.Close()
	return got, n.Now()
}

// Over any link, freely and in lockstep, what is sent is what comes, and at the
// same time in both where that does not depend on how it is cut into chunks.
func TestRandomLinks(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		cfg := vnet.Config{Seed: seed, Link: vnet.Link{
			Latency:   time.Duration(r.IntN(int(100 * ms))),
			Bandwidth: int64(r.IntN(2)) * (10_000 + r.Int64N(1_000_000)),
			Window:    1 + r.IntN(20_000),
			Chunk:     1 + r.IntN(3000),
			Ragged:    r.IntN(2) == 0,
		}}
		if r.IntN(2) == 0 {
			cfg.Link.Jitter = time.Duration(r.IntN(int(50 * ms)))
		}
		if r.IntN(2) == 0 {
			cfg.Faults = []vnet.Fault{{Kind: vnet.Partition, At: time.Duration(r.IntN(int(time.Second))), For: time.Duration(1 + r.IntN(int(time.Second)))}}
		}
		sent := make([]byte, r.IntN(100_000))
		for i := range sent {
			sent[i] = byte(r.Uint32())
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var ends [2]time.Duration
			check := func(t *testing.T, i int, n *vnet.Network) {
				got, end := exchange(t, seed, n, sent)
				ends[i] = end
				if !bytes.Equal(got, sent) {
					t.Errorf("%d bytes came, %d were sent, or others (%+v)", len(got), len(sent), cfg.Link)
				}
			}
			synctest.Test(t, func(t *testing.T) { check(t, 0, vnet.New(cfg)) })
			lockstep(t, cfg, func(t *testing.T, n *vnet.Network) { check(t, 1, n) })
			if ends[0] != ends[1] && cfg.Link.Jitter == 0 && cfg.Link.Bandwidth == 0 {
				t.Errorf("ended at %v freely, at %v in lockstep (%+v)", ends[0], ends[1], cfg.Link)
			}
		})
	}
}

// Hosts can be found by name and by address.
func TestHosts(t *testing.T) {
	n := vnet.New(vnet.Config{})
	a, b, c := n.Host("a"), n.Host("192.0.2.7"), n.Host("c")
	if n.Host("a") != a || a.Name() != "a" {
		t.Error("a host is not the same again")
	}
	if a.IP().String() != "10.0.0.1" || b.IP().String() != "192.0.2.7" || c.IP().String() != "10.0.0.3" {
		t.Error(a.IP(), b.IP(), c.IP())
	}
	l, err := b.Listen(3001)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := a.Dial(context.Background(), "192.0.2.7:3001")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if h := conn.(*vnet.Conn).RemoteHost(); h != "192.0.2.7" {
		t.Error(h)
	}
	for _, address := range []string{"", "a", "a:http", "a:70000", "b:1", "10.9.9.9:1", ":3001"} {
		if _, err := a.Dial(context.Background(), address); err == nil {
			t.Errorf("dialled %q", address)
		}
	}
}
