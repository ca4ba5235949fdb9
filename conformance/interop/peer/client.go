package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	ouroboros "github.com/blinklabs-io/gouroboros"
	"github.com/blinklabs-io/gouroboros/connection"
	"github.com/blinklabs-io/gouroboros/protocol"
	"github.com/blinklabs-io/gouroboros/protocol/blockfetch"
	"github.com/blinklabs-io/gouroboros/protocol/chainsync"
	"github.com/blinklabs-io/gouroboros/protocol/keepalive"
	"github.com/blinklabs-io/gouroboros/protocol/peersharing"
	"github.com/blinklabs-io/gouroboros/protocol/txsubmission"
)

// ClientConfig says how a [Client] presents itself.
type ClientConfig struct {
	Magic       uint32 // of the network; may not be zero
	Duplex      bool   // offer to run responders too
	PeerSharing bool   // say yes to peer sharing
	Query       bool   // only ask for the versions of the other side

	// Pipeline is how many RequestNext the library keeps in flight. Zero is
	// its default of 75, 100 its maximum.
	Pipeline int

	// FetchAhead has more than one range requested at a time. The library
	// then sometimes ends the connection: a request that becomes ready to
	// be sent just when the last reply arrives is taken for one out of turn.
	// FetchBytes is how much at most, zero is the library's bound.
	FetchAhead bool
	FetchBytes uint64

	// Serve is what to answer with on a duplex connection; only its Chain,
	// Peers and OnTx are looked at.
	Serve ServerConfig

	// SkipBodyHash leaves the body hash of fetched blocks unchecked.
	SkipBodyHash bool
}

// Client is the asking side of one connection. Each of its methods that run a
// mini-protocol may run beside those of another, not beside itself.
type Client struct {
	conn *ouroboros.Connection
	done chan struct{} // closed once the connection has ended
	mu   sync.Mutex
	err  error

	sync  syncState
	fetch fetchState
	tx    provider
	pong  chan uint16

	ahead  bool // fetch ahead
	pinged bool
	cookie uint16

	answering *session // of a connection that we dialled
}

// Dial connects to addr and runs the handshake. A refusal is one of the
// library's handshake errors.
func Dial(ctx context.Context, addr string, cfg ClientConfig) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return NewClient(ctx, conn, cfg)
}

// NewClient runs the handshake on conn, which it owns from now on.
func NewClient(ctx context.Context, conn net.Conn, cfg ClientConfig) (*Client, error) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c := newClient()
	c.answering = newSession(cfg.Serve)
	if err := c.open(conn, false, c.answering, cfg); err != nil {
		conn.Close()
		c.answering.follower.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("peer: handshake: %w", err)
	}
	return c, nil
}

func newClient() *Client {
	c := &Client{done: make(chan struct{}), pong: make(chan uint16, 1)}
	c.fetch.batch = make(chan struct{}, 1)
	return c
}

// open runs the handshake. Either side has the callbacks of both roles, which
// a duplex connection uses.
func (c *Client) open(conn net.Conn, server bool, s *session, cfg ClientConfig) error {
	fetchConfig, err := blockfetch.NewConfig(
		blockfetch.WithRequestPipelining(cfg.FetchAhead),
		blockfetch.WithMaxInFlightBytes(cfg.FetchBytes),
		blockfetch.WithBlockRawFunc(c.fetch.block),
		blockfetch.WithRangeDoneFunc(c.fetch.rangeDone),
		blockfetch.WithBatchDoneFunc(c.fetch.batchDone),
		blockfetch.WithRequestRangeFunc(s.requestRange),
		// The library's server counts its own sending against this, too, and
		// 5 s is its default. (miniprotocols, Block-fetch: 60 s)
		blockfetch.WithBatchStartTimeout(blockfetch.BusyTimeout),
	)
	if err != nil {
		return err
	}
	fetchConfig.SkipBlockValidation = cfg.SkipBodyHash
	c.ahead = cfg.FetchAhead
	c.conn, err = ouroboros.NewConnection(
		ouroboros.WithConnection(conn),
		ouroboros.WithServer(server),
		ouroboros.WithNodeToNode(true),
		ouroboros.WithNetworkMagic(cfg.Magic),
		ouroboros.WithFullDuplex(cfg.Duplex),
		ouroboros.WithPeerSharing(cfg.PeerSharing),
		ouroboros.WithQueryMode(cfg.Query),
		ouroboros.WithChainSyncConfig(chainsync.NewConfig(
			chainsync.WithPipelineLimit(cfg.Pipeline),
			chainsync.WithRollForwardRawFunc(c.sync.rollForward),
			chainsync.WithRollBackwardFunc(c.sync.rollBackward),
			chainsync.WithAwaitReplyFunc(c.sync.awaitReply),
			chainsync.WithFindIntersectFunc(s.findIntersect),
			chainsync.WithRequestNextFunc(s.requestNext),
		)),
		ouroboros.WithBlockFetchConfig(fetchConfig),
		ouroboros.WithTxSubmissionConfig(txsubmission.NewConfig(
			txsubmission.WithRequestTxIdsFunc(c.tx.requestIDs),
			txsubmission.WithRequestTxsFunc(c.tx.requestTxs),
			txsubmission.WithInitFunc(s.txInit),
		)),
		ouroboros.WithPeerSharingConfig(peersharing.NewConfig(
			peersharing.WithShareRequestFunc(s.sharePeers),
		)),
		ouroboros.WithKeepAliveConfig(keepalive.NewConfig(
			keepalive.WithPeriod(24*time.Hour), // we send them ourselves
			keepalive.WithOnKeepAliveResponseReceived(func(_ connection.ConnectionId, cookie uint16) {
				c.pong <- cookie
			}),
		)),
	)
	if err != nil {
		return err
	}
	go c.watch()
	return nil
}

// watch closes done when the connection has ended. The library closes its own
// channel then, without an error if it takes the end for an orderly one.
func (c *Client) watch() {
	err, ok := <-c.conn.ErrorChan()
	if !ok {
		err = net.ErrClosed
	}
	c.mu.Lock()
	c.err = err
	c.mu.Unlock()
	close(c.done)
}

// Err returns why the connection ended, [net.ErrClosed] if the library gives no
// reason, and nil while it lives.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection.
func (c *Client) Close() {
	c.conn.Close()
	<-c.done
	if c.answering != nil {
		c.answering.wait()
		c.answering.follower.Close()
	}
}

// Negotiated returns the version and the data the other side sent. The library
// does not combine it with what we proposed.
func (c *Client) Negotiated() (version uint16, data protocol.VersionData) {
	return c.conn.ProtocolVersion()
}

// Versions returns the answer to a query, nil without one.
func (c *Client) Versions() protocol.ProtocolVersionMap { return c.conn.QueryReplyVersionMap() }

// wait waits for done, the connection's end, or the context.
func (c *Client) wait(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	default:
	}
	select {
	case err := <-done:
		return err
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// KeepAlive makes one round trip and returns how long it took.
func (c *Client) KeepAlive(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	ka := c.conn.KeepAlive().Client
	if !c.pinged {
		c.pinged = true
		ka.Start() // sends the first, with cookie 0
	} else if err := ka.SendMessage(keepalive.NewMsgKeepAlive(c.cookie)); err != nil {
		return 0, err
	}
	select {
	case cookie := <-c.pong:
		c.cookie = cookie + 1 // as the library expects the next
		return time.Since(start), nil
	case <-c.done:
		return 0, c.Err()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Peers asks for up to n addresses.
func (c *Client) Peers(ctx context.Context, n uint8) ([]netip.AddrPort, error) {
	done := make(chan error, 1)
	var out []netip.AddrPort
	go func() {
		peers, err := c.conn.PeerSharing().Client.GetPeers(n)
		for _, p := range peers {
			if a, ok := netip.AddrFromSlice(p.IP); ok {
				out = append(out, netip.AddrPortFrom(a, p.Port))
			}
		}
		done <- err
	}()
	if err := c.wait(ctx, done); err != nil {
		return nil, err
	}
	return out, nil
}

// ErrStop ends [Client.Sync] and [Client.Fetch] early when a callback returns
// it.
var ErrStop = errors.New("peer: stop")
