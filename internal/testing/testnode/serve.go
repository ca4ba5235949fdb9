package testnode

import (
	"context"
	"net"
	"sync"

	"github.com/ouronet/ouronet/node"
)

// Test is the part of testing.TB that is used here: programs that only need a
// [Chain] do not link package testing.
type Test interface {
	// Cleanup has f called when the test ends, the last one first.
	Cleanup(f func())

	// Errorf fails the test, which goes on.
	Errorf(format string, args ...any)
}

// Server is a node that serves, for a while.
type Server struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	conns map[*node.Conn]struct{}
	errs  chan error
}

// Serve serves l with cfg until [Server.Stop] or the end of the test.
func Serve(t Test, l net.Listener, cfg node.Config) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{cancel: cancel, done: make(chan struct{}), conns: make(map[*node.Conn]struct{}), errs: make(chan error, 1000)}
	told := cfg.Observer
	cfg.Observer.Connected = func(c *node.Conn) {
		s.started(c)
		if told.Connected != nil {
			told.Connected(c)
		}
	}
	cfg.Observer.Closed = func(c *node.Conn) {
		s.ended(c)
		if told.Closed != nil {
			told.Closed(c)
		}
	}
	go func() {
		defer close(s.done)
		if err := node.Serve(ctx, l, cfg); err != nil {
			t.Errorf("Serve: %v", err)
		}
	}()
	t.Cleanup(s.Stop)
	return s
}

func (s *Server) started(c *node.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
}

func (s *Server) ended(c *node.Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	select {
	case s.errs <- c.Err():
	default:
	}
}

// Stop ends the server and its connections and waits for them.
func (s *Server) Stop() {
	s.cancel()
	<-s.done
}

// Conns returns the connections that are up.
func (s *Server) Conns() []*node.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var conns []*node.Conn
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// Ended receives why each connection ended.
func (s *Server) Ended() <-chan error { return s.errs }

// Drop ends all connections at once, as a crash would.
func (s *Server) Drop() {
	for _, c := range s.Conns() {
		c.Fail(net.ErrClosed)
	}
}
