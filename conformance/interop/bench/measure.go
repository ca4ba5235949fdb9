package main

import (
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/conformance/interop/delay"
	"github.com/ouronet/ouronet/conformance/interop/line"
)

// connect joins two stacks by a loopback connection, with a delay in each
// direction if oneWay is not zero. The function returned ends both.
func connect(server, client stack, served, expected *chain, o options, oneWay time.Duration) (initiator, func(), error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	stop := serveOnce(ln, server, served)
	addr := ln.Addr().String()
	if oneWay > 0 {
		p, err := delay.Listen(addr, oneWay)
		if err != nil {
			stop()
			return nil, nil, err
		}
		addr = p.Addr()
		wait := stop
		stop = func() {
			p.Close()
			wait()
		}
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		stop()
		return nil, nil, err
	}
	i, err := client.dial(conn, expected, o)
	if err != nil {
		conn.Close()
		stop()
		return nil, nil, err
	}
	return i, func() { i.close(); stop() }, nil
}

// serveOnce serves the first connection of ln. stop closes ln, and waits until the
// connection has ended.
func serveOnce(ln net.Listener, s stack, c *chain) (stop func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = s.serve(conn, c) // the initiator sees it fail
	}()
	return func() {
		ln.Close()
		<-ended
	}
}

// connectOver joins both ends of a stack over a line. read tells how many bytes
// the asking end has received.
func connectOver(l *line.Line, s stack, c *chain, o options) (i initiator, read func() int64, end func(), err error) {
	ln, err := l.Listen()
	if err != nil {
		return nil, nil, nil, err
	}
	stop := serveOnce(ln, s, c)
	conn, err := l.Dial(ln.Addr().String())
	if err != nil {
		stop()
		return nil, nil, nil, err
	}
	counted := &counter{TCPConn: conn.(*net.TCPConn)}
	if i, err = s.dial(counted, c, o); err != nil {
		conn.Close()
		stop()
		return nil, nil, nil, err
	}
	return i, counted.read.Load, func() { i.close(); stop() }, nil
}

// counter counts what is read from a connection.
type counter struct {
	*net.TCPConn
	read atomic.Int64
}

// Read counts what came, including before an error.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// cost is what n operations took, in the whole process.
type cost struct {
	n              int
	elapsed        time.Duration
	mallocs, bytes uint64
}

func (c cost) rate() float64 { return float64(c.n) / c.elapsed.Seconds() }

// each returns the allocations and the bytes allocated for one operation.
func (c cost) each() (mallocs, bytes float64) {
	return float64(c.mallocs) / float64(c.n), float64(c.bytes) / float64(c.n)
}

// timed measures f, which does n operations.
func timed(n int, f func() error) (cost, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := f()
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	return cost{n, elapsed, after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}, err
}

// scale runs f with growing n until it takes long enough to trust, or n
// reaches limit.
func scale(n, limit int, f func(n int) (cost, error)) (cost, error) {
	for {
		n = min(n, limit)
		c, err := f(n)
		if err != nil {
			return c, fmt.Errorf("%d operations: %w", n, err)
		}
		if c.elapsed >= *duration || n == limit {
			return c, nil
		}
		more := 1.3 * float64(*duration) / float64(c.elapsed+1)
		n = int(float64(n) * min(max(more, 1.5), 50))
	}
}
