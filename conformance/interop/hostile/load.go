//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// kind counts what became of the peers of one kind.
type kind struct {
	Name    string
	Honest  bool
	Peers   int
	Dialled int64 // connections
	Refused int64 // those that TCP or the handshake did not open
	Ended   int64 // others that the server ended
}

type crowd []*kind

func (c crowd) print(w io.Writer, server string) {
	fmt.Fprintf(w, "%s:\n%-34s %6s %8s %8s %6s\n", server, "", "peers", "dialled", "refused", "ended")
	for _, k := range c {
		fmt.Fprintf(w, "%-34s %6d %8d %8d %6d\n", k.Name, k.Peers, k.Dialled, k.Refused, k.Ended)
	}
}

// runLoad is a crowd, of which some are hostile. It prints a line when everybody has tried to connect, and
// at the end what became of them.
func runLoad(ctx context.Context, address string, conns, hostile int) error {
	t := &target{address: address, net8: 2}
	if hostile > 0 {
		t.net8 = 4
	}
	for _, b := range chaintest.NewGenerator(config).Blocks(firstBlocks) {
		t.points = append(t.points, b.Header.Point())
	}

	var all crowd
	var wg, tried sync.WaitGroup
	begin := func(k *kind, n int, run func(context.Context, *target, *kind, net.IP, func())) {
		if k.Peers = n; n == 0 {
			return
		}
		all = append(all, k)
		for range n {
			source := t.source()
			tried.Add(1)
			wg.Go(func() { run(ctx, t, k, source, sync.OnceFunc(tried.Done)) })
		}
	}
	honest := conns - hostile
	begin(&kind{Name: "honest followers", Honest: true}, honest-honest/2, honestPeer(true))
	begin(&kind{Name: "honest, keep-alives only", Honest: true}, honest/2, honestPeer(false))
	for i, w := range ways {
		begin(&kind{Name: w.name}, (hostile+i)/len(ways), w.peer)
	}
	tried.Wait()
	fmt.Println("ready")
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(all)
}

// target is the server, as the crowd knows it.
type target struct {
	address string
	points  []ledger.Point // of the first blocks
	net8    byte           // second byte of the addresses of the crowd
	sources atomic.Uint32
}

// source returns an address that nobody has.
func (t *target) source() net.IP { return sourceIn(t.net8, t.sources.Add(1)) }

// sourceIn is the address number n of a net of 65,536.
func sourceIn(net8 byte, n uint32) net.IP { return net.IPv4(127, net8, byte(n>>8), byte(n)) }

// dialFrom is a node.Config.Dial that connects from an address.
func dialFrom(source net.IP) func(context.Context, string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}, Timeout: 10 * time.Second}
	return func(ctx context.Context, address string) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", address)
	}
}

// pause is how long a peer waits that was cut off.
const pause = 250 * time.Millisecond

// rest waits; it reports false if ctx ended.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// honestPeer is a node of ours that keeps a connection, and follows the chain or
// does not.
func honestPeer(follow bool) func(context.Context, *target, *kind, net.IP, func()) {
	return func(ctx context.Context, t *target, k *kind, source net.IP, tried func()) {
		defer tried()
		for again := true; again; again = rest(ctx, pause) {
			atomic.AddInt64(&k.Dialled, 1)
			c, err := node.Dial(ctx, t.address, node.Config{Network: chaintest.Network(), Dial: dialFrom(source)})
			tried()
			if err != nil {
				if ctx.Err() == nil {
					atomic.AddInt64(&k.Refused, 1)
				}
				continue
			}
			if follow {
				c.ChainSync().Intersect(ctx, t.points[len(t.points)-1])
				for _, err := range c.ChainSync().Updates(ctx) {
					if err != nil {
						break
					}
				}
			}
			select {
			case <-ctx.Done():
			case <-c.Done():
				atomic.AddInt64(&k.Ended, 1)
			}
			c.Close()
		}
	}
}

// peer does what a way is, again and again.
func (w way) peer(ctx context.Context, t *target, k *kind, source net.IP, tried func()) {
	defer tried()
	dial := dialFrom(source)
	for again := true; again; again = rest(ctx, max(w.pause, time.Millisecond)) {
		atomic.AddInt64(&k.Dialled, 1)
		conn, err := dial(ctx, t.address)
		if err == nil {
			conn.(*net.TCPConn).SetLinger(0)
			l := newLink(conn)
			unwatch := context.AfterFunc(ctx, func() { conn.Close() })
			opened := w.early
			if !w.early {
				opened = l.propose() == nil
			}
			tried()
			if opened {
				err = w.run(ctx, t, l)
				if err != nil && ctx.Err() == nil {
					atomic.AddInt64(&k.Ended, 1)
				}
			} else if ctx.Err() == nil {
				atomic.AddInt64(&k.Refused, 1)
			}
			unwatch()
			conn.Close()
			continue
		}
		tried()
		if ctx.Err() == nil {
			atomic.AddInt64(&k.Refused, 1)
		}
	}
}
