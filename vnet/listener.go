package vnet

import (
	"net"
	"net/netip"
	"sync"
)

// backlog is how many connections may wait to be accepted; more are refused. It
// is the default of Linux.
const backlog = 4096

// Listener accepts connections to a port of a host.
type Listener struct {
	net   *Network
	at    netip.AddrPort
	done  chan struct{}
	conns chan *Conn

	mu     sync.Mutex // guards closed, and conns against receiving after it
	closed bool
}

func newListener(n *Network, at netip.AddrPort) *Listener {
	return &Listener{net: n, at: at, done: make(chan struct{}), conns: make(chan *Conn, backlog)}
}

// offer hands a connection over; it reports false if it is refused.
func (l *Listener) offer(c *Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	select {
	case l.conns <- c:
		return true
	default:
		return false
	}
}

// Accept implements net.Listener. The connection is a [*Conn].
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, l.closedError("accept")
	default:
	}
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, l.closedError("accept")
	}
}

// Close implements net.Listener. Connections that were not accepted are reset.
func (l *Listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return l.closedError("close")
	}
	l.closed = true
	close(l.done)
	l.mu.Unlock()

	l.net.mu.Lock()
	delete(l.net.listeners, l.at)
	l.net.mu.Unlock()
	for {
		select {
		case c := <-l.conns:
			c.Reset()
		default:
			return nil
		}
	}
}

func (l *Listener) closedError(op string) error {
	return &net.OpError{Op: op, Net: network, Addr: l.Addr(), Err: net.ErrClosed}
}

// Addr implements net.Listener: a *net.TCPAddr.
func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }

var _ net.Listener = (*Listener)(nil)
