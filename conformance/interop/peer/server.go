package peer

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// ServerConfig says what a [Server] serves.
type ServerConfig struct {
	// Magic is the network's magic. It may not be zero.
	Magic uint32

	// Chain is served on chain-sync and block-fetch. Nil is an empty chain.
	Chain *Chain

	// PeerSharing says yes to peer sharing in the handshake; Peers are what is
	// shared, as many as asked for.
	PeerSharing bool
	Peers       []netip.AddrPort

	// Duplex offers to run initiators too. Asking is called when a connection
	// has them and may use the client until it returns.
	Duplex bool
	Asking func(*Client)

	// OnTx is called with each transaction received. Nil: transactions are
	// not asked for. Calls of different connections may overlap.
	OnTx func(Tx)
}

// Server serves connections until it is closed.
type Server struct {
	cfg ServerConfig
	ln  net.Listener // nil without Listen

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	done   chan struct{}
	wg     sync.WaitGroup
}

// NewServer returns a server for connections that the caller hands to
// [Server.Serve].
func NewServer(cfg ServerConfig) *Server {
	if cfg.Chain == nil {
		cfg.Chain = NewChain(nil)
	}
	return &Server{cfg: cfg, conns: make(map[net.Conn]struct{}), done: make(chan struct{})}
}

// Listen starts a server on a free loopback port.
func Listen(cfg ServerConfig) (*Server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := NewServer(cfg)
	s.ln = ln
	s.wg.Go(s.accept)
	return s, nil
}

// Addr returns the address to dial. The server must come from [Listen].
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Close drops all connections and waits for their goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
		if s.ln != nil {
			s.ln.Close()
		}
		for c := range s.conns {
			c.Close()
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() { s.Serve(conn) }) // its peer sees why it ends
	}
}

// Serve serves one connection until it ends and says why it ended. It closes
// conn.
func (s *Server) Serve(conn net.Conn) error {
	defer conn.Close()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	s.conns[conn] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()

	session := newSession(s.cfg)
	defer session.follower.Close()
	asking := newClient()
	err := asking.open(conn, true, session, ClientConfig{
		Magic: s.cfg.Magic, Duplex: s.cfg.Duplex, PeerSharing: s.cfg.PeerSharing,
	})
	if err != nil {
		return fmt.Errorf("peer: handshake: %w", err)
	}
	if _, data := asking.Negotiated(); s.cfg.Asking != nil && !bool(data.DiffusionMode()) {
		session.start(func() { s.cfg.Asking(asking) })
	}
	select {
	case <-asking.done:
	case <-s.done:
	}
	asking.Close()
	session.wait()
	// An end in good order has no reason.
	if err := asking.Err(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
