package line

import (
	"net"
	"sync"
	"time"
)

// packet is how much the proxy passes on at once, in bytes.
const packet = 1448

// proxied makes a line of a proxy that reads no faster than the line's rate.
// What it has not read waits in the buffers of its sockets, which take the part
// of the queue.
func proxied(s Shape) *Line {
	p := &proxy{rate: s.Goodput() / 8, delay: s.Delay, queue: int(s.Goodput() / 8 * s.Queue.Seconds())}
	return &Line{
		Made:   "a proxy on the loopback",
		listen: func() (net.Listener, error) { return net.Listen("tcp4", "127.0.0.1:0") },
		dial:   p.dial,
		close:  p.close,
	}
}

type proxy struct {
	rate  float64 // bytes a second
	delay time.Duration
	queue int // bytes

	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup
}

// dial connects to addr through the proxy.
func (p *proxy) dial(addr string) (net.Conn, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	asking, err := net.Dial("tcp4", ln.Addr().String())
	if err != nil {
		return nil, err
	}
	near, err := ln.Accept()
	if err != nil {
		asking.Close()
		return nil, err
	}
	far, err := net.Dial("tcp4", addr)
	if err != nil {
		asking.Close()
		near.Close()
		return nil, err
	}
	p.mu.Lock()
	p.conns = append(p.conns, near, far)
	p.mu.Unlock()
	p.pass(near.(*net.TCPConn), far.(*net.TCPConn))
	p.pass(far.(*net.TCPConn), near.(*net.TCPConn))
	return asking, nil
}

func (p *proxy) close() {
	p.mu.Lock()
	for _, c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// sent is a packet on the line.
type sent struct {
	due  time.Time
	data []byte
}

// pass starts one direction.
func (p *proxy) pass(from, to *net.TCPConn) {
	from.SetReadBuffer(max(4096, p.queue/2)) // the kernel takes twice that
	// As many packets as are on the way at a time, and some.
	on := make(chan sent, 16+int(p.rate*p.delay.Seconds()/packet))
	p.wg.Go(func() {
		defer close(on)
		free := time.Now() // when the line is
		for {
			b := make([]byte, packet)
			n, err := from.Read(b)
			if now := time.Now(); free.Before(now) {
				free = now
			}
			free = free.Add(time.Duration(float64(n) / p.rate * 1e9))
			time.Sleep(time.Until(free))
			on <- sent{free.Add(p.delay), b[:n]}
			if err != nil {
				return
			}
		}
	})
	p.wg.Go(func() {
		defer to.CloseWrite()
		for s := range on {
			time.Sleep(time.Until(s.due))
			if _, err := to.Write(s.data); err != nil {
				from.Close() // ends the reader; what is on its way is dropped
			}
		}
	})
}
