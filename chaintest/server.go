package chaintest

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/ouronet/ouronet/node"
)

// Server is a [Peer] that serves. Its methods may overlap.
type Server struct {
	// Addr is the address to dial.
	Addr string

	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done is closed

	mu    sync.Mutex
	conns map[*node.Conn]struct{}
}

// Serve serves p until [Server.Close]. It panics if p cannot listen, if
// node.Config.Check refuses its Config, or if Delay or Drip is out of range.
func Serve(p Peer) *Server {
	cfg := p.config()
	if err := cfg.Check(); err != nil {
		panic(fmt.Sprintf("chaintest: cannot serve: %v", err))
	}
	if p.Delay < 0 {
		panic(fmt.Sprintf("chaintest: Delay is %v, want 0 or more", p.Delay))
	}
	if p.Drip < 0 || p.Drip > maxDrip {
		panic(fmt.Sprintf("chaintest: Drip is %d, want 0 to %d bytes a second", p.Drip, maxDrip))
	}
	l, addr, err := p.listen()
	if err != nil {
		panic(fmt.Sprintf("chaintest: cannot listen: %v", err))
	}
	if p.Drip > 0 {
		l = dripping{l, p.Drip}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{Addr: addr, cancel: cancel, done: make(chan struct{}), conns: make(map[*node.Conn]struct{})}
	told := cfg.Observer
	cfg.Observer.Connected = func(c *node.Conn) {
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		if told.Connected != nil {
			told.Connected(c)
		}
	}
	cfg.Observer.Closed = func(c *node.Conn) {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		if told.Closed != nil {
			told.Closed(c)
		}
	}
	go func() {
		defer close(s.done)
		s.err = node.Serve(ctx, l, cfg)
	}()
	return s
}

// config returns the configuration of the node.
func (p *Peer) config() node.Config {
	cfg := p.Config
	cfg.Sources = p.Sources()
	if p.Addresses != nil {
		cfg.PeerSharing = true
	}
	switch {
	case cfg.Network.SecurityParam != 0:
	case p.Chain != nil:
		cfg.Network = p.Chain.Network()
	default:
		cfg.Network = Network()
	}
	return cfg
}

func (p *Peer) listen() (l net.Listener, addr string, err error) {
	switch {
	case p.Host != nil && p.Listener != nil:
		return nil, "", fmt.Errorf("Peer has a Host and a Listener")
	case p.Host != nil:
		l, err = p.Host.Listen(Port)
		return l, fmt.Sprintf("%s:%d", p.Host.Name(), Port), err
	case p.Listener != nil:
		l = p.Listener
	default:
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, "", err
		}
	}
	return l, l.Addr().String(), nil
}

// Close ends the server and its connections and waits for them. It returns the
// error of the listener that ended it before, if there is one.
func (s *Server) Close() error {
	s.cancel()
	<-s.done
	return s.err
}

// Conns returns the connections that are up.
func (s *Server) Conns() []*node.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var conns []*node.Conn
	for c := range s.conns { // any order
		conns = append(conns, c)
	}
	return conns
}

// Drop ends all connections at once, as a crash would. The server goes on.
func (s *Server) Drop() {
	for _, c := range s.Conns() {
		c.Fail(net.ErrClosed)
	}
}
