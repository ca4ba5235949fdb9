package vnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/vnet"
)

var unbuffered = vnet.Config{Link: vnet.Link{Unbuffered: true}}

// written is what a Write in a goroutine of its own returned.
type written struct {
	n   int
	err error
}

func write(c net.Conn, b []byte) <-chan written {
	done := make(chan written, 1)
	go func() {
		n, err := c.Write(b)
		done <- written{n, err}
	}()
	return done
}

func isDone(done <-chan written) bool {
	synctest.Wait()
	return len(done) > 0
}

func TestUnbufferedWriteWaitsForTheReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connect(t, vnet.New(unbuffered))
		if n, err := a.Write(nil); n != 0 || err != nil {
			t.Errorf("a write of nothing: %d, %v", n, err)
		}
		done := write(a, []byte("hello"))
		if isDone(done) {
			t.Fatal("written before it was read")
		}
		got := make([]byte, 4)
		if n, err := io.ReadFull(b, got); err != nil || string(got) != "hell" {
			t.Fatal(n, err)
		}
		if isDone(done) {
			t.Fatal("written before all was read")
		}
		b.Read(got[:1])
		if w := <-done; w.n != 5 || w.err != nil {
			t.Error(w)
		}

		// More than the window.
		large := bytes.Repeat([]byte("x"), 3*vnet.DefaultWindow)
		done = write(a, large)
		if _, err := io.ReadFull(b, make([]byte, len(large)-1)); err != nil || isDone(done) {
			t.Fatal("written before the last byte was read: ", err)
		}
		b.Read(got)
		if w := <-done; w.n != len(large) || w.err != nil {
			t.Error(w)
		}
	})
}

// What buffers hide: two sides that write before they read.
func TestUnbufferedFindsDeadlock(t *testing.T) {
	for _, test := range []struct {
		cfg  vnet.Config
		want error
	}{{vnet.Config{}, nil}, {unbuffered, os.ErrDeadlineExceeded}} {
		synctest.Test(t, func(t *testing.T) {
			a, b := connect(t, vnet.New(test.cfg))
			for _, c := range []net.Conn{a, b} {
				c.SetDeadline(time.Now().Add(time.Hour))
			}
			first, second := write(a, []byte("after you")), write(b, []byte("no, after you"))
			for _, w := range []written{<-first, <-second} {
				if !errors.Is(w.err, test.want) || (w.n == 0) == (test.want == nil) {
					t.Errorf("%+v: %v, want %v", test.cfg.Link, w, test.want)
				}
			}
		})
	}
}

// A Write that fails says how much was read.
func TestUnbufferedWriteFails(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(a, b *vnet.Conn)
		want error
	}{
		{"deadline", func(a, _ *vnet.Conn) { a.SetWriteDeadline(time.Now()) }, os.ErrDeadlineExceeded},
		{"close", func(a, _ *vnet.Conn) { a.Close() }, net.ErrClosed},
		{"closed by the reader", func(_, b *vnet.Conn) { b.Close() }, syscall.ECONNRESET},
		{"reset", func(_, b *vnet.Conn) { b.Reset() }, syscall.ECONNRESET},
		{"half-close", func(a, _ *vnet.Conn) { a.CloseWrite() }, syscall.EPIPE},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := connect(t, vnet.New(unbuffered))
			done := write(a, []byte("hello"))
			if _, err := io.ReadFull(b, make([]byte, 2)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			test.end(a, b)
			if w := <-done; w.n != 2 || !errors.Is(w.err, test.want) {
				t.Errorf("%s: %d bytes, %v; want 2, %v", test.name, w.n, w.err, test.want)
			}
		})
	}
}

// Word that the bytes were read travels, too.
func TestUnbufferedWithLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := unbuffered
		cfg.Link.Latency = time.Second
		a, b := connect(t, vnet.New(cfg))
		go io.Copy(io.Discard, b)
		began := time.Now()
		for range 3 {
			if _, err := a.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("three writes took %v, want three round trips", took)
		}
	})
}

func TestUnbufferedInLockstep(t *testing.T) {
	cfg := unbuffered
	cfg.Arrange = func(pending []byte) ([][]byte, int) { return nil, len(pending) } // would hold all of it
	var order []string
	lockstep(t, cfg, func(t *testing.T, n *vnet.Network) {
		l, err := n.Host("b").Listen(1)
		if err != nil {
			t.Error(err)
			return
		}
		read := make(chan error)
		go func() {
			c, err := l.Accept()
			if err == nil {
				time.Sleep(time.Minute)
				order = append(order, "read")
				_, err = io.ReadFull(c, make([]byte, 5))
			}
			read <- err
		}()
		c, err := n.Host("a").Dial(t.Context(), "b:1")
		if err == nil {
			_, err = c.Write([]byte("hello"))
			order = append(order, "written")
		}
		if err := errors.Join(err, <-read); err != nil {
			t.Error(err)
		}
	})
	if len(order) != 2 || order[0] != "read" {
		t.Errorf("%v, want that it is read before it is written", order)
	}
}

// A node never writes on a connection only to wait for the other side to do so.
func TestNodesUnbuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := vnet.New(unbuffered)
		chain := chaintest.New(chaintest.Config{}).Grow(50)
		peer := chaintest.Serve(chaintest.Peer{Chain: chain, Host: network.Host("peer")})
		defer peer.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		conn, err := node.Dial(ctx, peer.Addr, node.Config{Network: chain.Network(), Dial: network.Host("app").Dial})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		n := 0
		for _, err := range conn.Blocks(ctx, chain.Point(49), chain.Point(0)) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 50 {
			t.Errorf("%d blocks, want 50", n)
		}
	})
}
