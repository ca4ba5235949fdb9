package testnode

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Net is a network in memory: bearers are net.Pipe, without any buffer, so
// tests on it can run in virtual time. Its zero value has no nodes.
type Net struct {
	mu        sync.Mutex
	listeners map[string]*Listener
	dialled   int
}

var errRefused = errors.New("connection refused")

// Addr is an address on a [Net].
type Addr string

// Network implements net.Addr.
func (Addr) Network() string { return "memory" }

// String returns the address as it was given to Listen, or that of a dialler.
func (a Addr) String() string { return string(a) }

// Listen takes an address until the listener is closed.
func (n *Net) Listen(address string) *Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		panic("testnode: " + address + " is taken")
	}
	if n.listeners == nil {
		n.listeners = make(map[string]*Listener)
	}
	l := &Listener{net: n, address: Addr(address), conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[address] = l
	return l
}

// Dial connects to a listener; it is a node.Config.Dial.
func (n *Net) Dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.dialled++
	local := Addr(fmt.Sprintf("dialler-%d", n.dialled))
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("dial %s: %w", address, errRefused)
	}
	ours, theirs := net.Pipe()
	select {
	case l.conns <- &conn{theirs, l.address, local}:
		return &conn{ours, local, l.address}, nil
	case <-l.closed:
		return nil, fmt.Errorf("dial %s: %w", address, errRefused)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Dialled returns the number of calls of Dial.
func (n *Net) Dialled() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dialled
}

// Listener accepts connections on a [Net].
type Listener struct {
	net     *Net
	address Addr
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.listeners, string(l.address))
		l.net.mu.Unlock()
		close(l.closed)
	})
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.address }

// conn gives a pipe addresses.
type conn struct {
	net.Conn
	local, remote Addr
}

// LocalAddr differs for each connection on the side that dialled.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the LocalAddr of the other side.
func (c *conn) RemoteAddr() net.Addr { return c.remote }
