package peer

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	ouroboros "github.com/blinklabs-io/gouroboros"
	"github.com/blinklabs-io/gouroboros/protocol/blockfetch"
	"github.com/blinklabs-io/gouroboros/protocol/chainsync"
	pcommon "github.com/blinklabs-io/gouroboros/protocol/common"
	"github.com/blinklabs-io/gouroboros/protocol/peersharing"
	"github.com/blinklabs-io/gouroboros/protocol/txsubmission"
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

	// Duplex offers to run initiators too.
	Duplex bool

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
	errs   []error
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

// Errs returns the errors that ended connections so far, a peer's plain
// hanging up included.
func (s *Server) Errs() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errs)
}

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
		s.wg.Go(func() {
			if err := s.Serve(conn); err != nil {
				s.mu.Lock()
				s.errs = append(s.errs, err)
				s.mu.Unlock()
			}
		})
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

	session := &session{server: s, follower: s.cfg.Chain.follow()}
	defer session.follower.close()
	fetchConfig, err := blockfetch.NewConfig(
		blockfetch.WithRequestRangeFunc(session.requestRange),
		// The library's server counts its own sending against this, and
		// 5 s is its default. (miniprotocols, Block-fetch: 60 s)
		blockfetch.WithBatchStartTimeout(blockfetch.BusyTimeout),
	)
	if err != nil {
		return err
	}
	c, err := ouroboros.NewConnection(
		ouroboros.WithConnection(conn),
		ouroboros.WithServer(true),
		ouroboros.WithNodeToNode(true),
		ouroboros.WithNetworkMagic(s.cfg.Magic),
		ouroboros.WithFullDuplex(s.cfg.Duplex),
		ouroboros.WithPeerSharing(s.cfg.PeerSharing),
		ouroboros.WithChainSyncConfig(chainsync.NewConfig(
			chainsync.WithFindIntersectFunc(session.findIntersect),
			chainsync.WithRequestNextFunc(session.requestNext),
		)),
		ouroboros.WithBlockFetchConfig(fetchConfig),
		ouroboros.WithTxSubmissionConfig(txsubmission.NewConfig(
			txsubmission.WithInitFunc(session.txInit),
		)),
		ouroboros.WithPeerSharingConfig(peersharing.NewConfig(
			peersharing.WithShareRequestFunc(session.sharePeers),
		)),
	)
	if err != nil {
		return fmt.Errorf("peer: handshake: %w", err)
	}
	select {
	case err = <-c.ErrorChan(): // nil if closed: an end in good order
	case <-s.done:
	}
	c.Close()
	session.wait()
	return err
}

// session is what the callbacks of one connection share.
type session struct {
	server   *Server
	follower *follower

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// start runs f in a goroutine that wait waits for, unless wait was called: the
// library may still be in a callback after its connection is closed.
func (s *session) start(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.wg.Go(f)
	}
}

func (s *session) wait() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *session) findIntersect(_ chainsync.CallbackContext, points []pcommon.Point) (pcommon.Point, pcommon.Tip, error) {
	p, tip, ok := s.follower.intersect(fromPoints(points))
	if !ok {
		return pcommon.Point{}, toTip(tip), chainsync.ErrIntersectNotFound
	}
	return toPoint(p), toTip(tip), nil
}

func (s *session) requestNext(ctx chainsync.CallbackContext) error {
	u, wait := s.follower.advance()
	if wait == nil {
		return sendUpdate(ctx.Server, u)
	}
	if err := ctx.Server.AwaitReply(); err != nil {
		return err
	}
	s.start(func() {
		for wait != nil {
			select {
			case <-wait:
				u, wait = s.follower.advance()
			case <-ctx.ConnectionDoneChan:
				return
			}
		}
		_ = sendUpdate(ctx.Server, u) // fails only if the connection ends
	})
	return nil
}

func sendUpdate(server *chainsync.Server, u update) error {
	if u.block == nil {
		return server.RollBackward(toPoint(u.point), toTip(u.tip))
	}
	// Not server.RollForward: it knows no Byron and parses the whole block.
	raw := u.block.Header.Raw
	kind := uint(1)
	if raw.EBB {
		kind = 0
	}
	msg, err := chainsync.NewMsgRollForwardNtN(uint(raw.Era), kind, headerSource(u.block), toTip(u.tip))
	if err != nil {
		return err
	}
	return server.ProtocolInstance().SendMessage(msg)
}

// unflushed is how many bytes of blocks are queued before waiting for the
// library to have written them: over 2,500,000 it ends the connection.
const unflushed = 1 << 20

func (s *session) requestRange(ctx blockfetch.CallbackContext, from, to pcommon.Point) error {
	blocks, ok := s.server.cfg.Chain.Range(fromPoint(from), fromPoint(to))
	if !ok {
		return ctx.Server.NoBlocks()
	}
	if err := ctx.Server.StartBatch(); err != nil {
		return err
	}
	// Not ctx.Server.Block: it formats the whole block for a log that nobody
	// reads, and cannot wait.
	p, queued := ctx.Server.ProtocolInstance(), 0
	for _, b := range blocks {
		send := p.SendMessage
		if queued += len(b.Raw); queued > unflushed {
			send, queued = p.SendMessageAndWait, 0
		}
		if err := send(blockfetch.NewMsgBlock(b.Raw)); err != nil {
			return err
		}
	}
	return ctx.Server.BatchDone()
}

// txInit asks for transactions until the peer is done. Only blocking
// requests: the library acknowledges all ids of the last reply with the next
// request, and after that a non-blocking one is not allowed.
// (miniprotocols, Tx-submission2)
func (s *session) txInit(ctx txsubmission.CallbackContext) error {
	onTx := s.server.cfg.OnTx
	if onTx == nil {
		return nil
	}
	s.start(func() {
		for {
			ids, err := ctx.Server.RequestTxIds(true, 3)
			if err != nil {
				return
			}
			wanted := make([]txsubmission.TxId, len(ids))
			for i, id := range ids {
				wanted[i] = id.TxId
			}
			txs, err := ctx.Server.RequestTxs(wanted)
			if err != nil {
				return
			}
			for i, tx := range txs {
				onTx(Tx{Era: tx.EraId, ID: wanted[i].TxId, Bytes: tx.TxBody})
			}
		}
	})
	return nil
}

func (s *session) sharePeers(_ peersharing.CallbackContext, n int) ([]peersharing.PeerAddress, error) {
	var out []peersharing.PeerAddress
	for _, p := range s.server.cfg.Peers {
		if len(out) == n {
			break
		}
		out = append(out, peersharing.PeerAddress{IP: p.Addr().AsSlice(), Port: p.Port()})
	}
	return out, nil
}
