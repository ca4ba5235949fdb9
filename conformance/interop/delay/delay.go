// Package delay puts latency into a loopback connection: a TCP proxy with a
// delay line in each direction that keeps the order and does not limit the
// throughput.
package delay

import (
	"net"
	"sync"
	"time"
)

// Proxy forwards connections until it is closed.
type Proxy struct {
	ln     net.Listener
	target string
	oneWay time.Duration

	mu     sync.Mutex
	closed bool
	conns  []net.Conn
	wg     sync.WaitGroup
}

// Listen starts a proxy on a free loopback port that forwards to the address
// target and delivers every byte oneWay later.
func Listen(target string, oneWay time.Duration) (*Proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{ln: ln, target: target, oneWay: oneWay}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr returns the address to dial instead of the target's.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// Close drops all connections, what is on its way included, and waits for the
// goroutines.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.ln.Close()
	for _, c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for {
		a, err := p.ln.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", p.target)
		if err != nil {
			a.Close()
			continue
		}
		if !p.keep(a, b) {
			return
		}
		p.line(a.(*net.TCPConn), b.(*net.TCPConn))
		p.line(b.(*net.TCPConn), a.(*net.TCPConn))
	}
}

// keep notes connections to be closed with the proxy.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		for _, c := range conns {
			c.Close()
		}
		return false
	}
	p.conns = append(p.conns, conns...)
	return true
}

// The line holds up to depth chunks of up to chunkSize bytes: 64 MiB, that is
// 25 ms at 2.6 GB/s.
const (
	chunkSize = 64 << 10
	depth     = 1024
)

type chunk struct {
	due  time.Time
	data []byte
}

var buffers = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// line starts one direction. The end of the stream is passed on, late like
// everything else.
func (p *Proxy) line(from, to *net.TCPConn) {
	queue := make(chan chunk, depth)
	p.wg.Go(func() {
		defer close(queue)
		for {
			buf := buffers.Get().(*[chunkSize]byte)
			n, err := from.Read(buf[:])
			if n > 0 {
				queue <- chunk{time.Now().Add(p.oneWay), buf[:n]}
			}
			if err != nil {
				return
			}
		}
	})
	p.wg.Go(func() {
		defer to.CloseWrite()
		var err error
		for c := range queue {
			if err == nil {
				time.Sleep(time.Until(c.due))
				if _, err = to.Write(c.data); err != nil {
					from.Close() // ends the reader; the queue is drained
				}
			}
			buffers.Put((*[chunkSize]byte)(c.data[:chunkSize]))
		}
	})
}
