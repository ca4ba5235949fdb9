package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Config is how to talk to other nodes. Only Network is required.
type Config struct {
	// Network is the network to be on, such as [ledger.Preprod] or what
	// [ledger.LoadNetwork] returns. To talk to nodes of a network of which only the
	// magic is known, a copy of another one with that Magic is enough.
	Network ledger.Network

	// Sources answer the peer. Without them a connection that we dial runs our
	// initiators only, and one that we accept is answered as by a node with an empty
	// chain.
	Sources *Sources

	// PeerSharing offers the peer-sharing mini-protocol; it is used if the
	// other side offers it, too.
	PeerSharing bool

	// Routable reports which addresses peer-sharing may give to others; nil stands for
	// [peersharing.Routable]. A private network may allow private or loopback
	// addresses.
	Routable func(netip.Addr) bool

	// KeepAlive is the pause between an answer to a keep-alive and the next
	// one; 0 is 10 s. (miniprotocols, 4)
	KeepAlive time.Duration

	// Observer has functions that are called on events, such as a lost connection.
	Observer Observer

	// Specs are the tables of the mini-protocols; nil stands for [NewSpecs]. They are
	// shared by all connections: do not change them any more. The side that answers
	// uses smaller ingress limits than the tables: at most [chainsync.RequestIngress],
	// [blockfetch.RequestIngress] and [txsubmission.ReplyIngress].
	Specs *Specs

	// Protocols are mini-protocols of your own, for all connections.
	Protocols []Protocol

	// Dial opens the connections that we make; nil is TCP, for at most 10 s. The
	// address is as it was given to [Dial], or as in follow.Config.Peers. Only ctx
	// bounds it, so it should have a timeout of its own.
	Dial func(ctx context.Context, address string) (net.Conn, error)

	// A non-zero Seed makes all randomness repeatable: cookies, timeouts that have a
	// range, pauses before dialling again, the order of equally good peers. With a
	// virtual network it makes whole runs repeatable. In production leave it 0, or
	// peers could predict these values.
	Seed uint64

	// Limits bound the connections that [Serve] accepts, not those that we dial.
	Limits Limits

	// Mux adjusts the multiplexer.
	Mux mux.Config

	// Logger gets an entry for each event of a connection, at debug level if the peer
	// opened it; nil is silent. Each entry begins with the key "part", so that a
	// handler can have a level for each: connections (handshakes and ends), serve
	// (connections that are refused), and, of packages follow and relay, follow (peers
	// that are lost or not followed) and verification (which checks of headers are
	// made). A level that is off costs no allocation.
	Logger *slog.Logger

	// answering are Specs for responders; set when all of the above is
	// complete.
	answering *Specs

	// Loggers of parts, from Logger; set with answering.
	connections, serve *slog.Logger
}

// Sources answer a peer. Every field may be nil: then followers see an empty chain,
// requests for ranges are answered with NoBlocks, no addresses are shared, and
// transactions are not asked for. Their ids are, so that a peer that offers one can
// finish.
type Sources struct {
	// ChainSync returns the source for one follower. ctx ends when the follower is
	// gone.
	ChainSync func(ctx context.Context, conn *Conn) chainsync.Source

	BlockFetch  blockfetch.Source
	PeerSharing peersharing.Source

	// TxSubmission returns the sink for the transactions of a peer.
	TxSubmission func(ctx context.Context, conn *Conn) txsubmission.Sink
}

// Specs are the tables of all mini-protocols.
type Specs struct {
	Handshake, ChainSync, BlockFetch, TxSubmission, KeepAlive, PeerSharing *protocol.Spec
}

// NewSpecs returns the tables of the specification, for changing.
func NewSpecs() *Specs {
	return &Specs{
		Handshake:    handshake.Spec(),
		ChainSync:    chainsync.Spec(),
		BlockFetch:   blockfetch.Spec(),
		TxSubmission: txsubmission.Spec(),
		KeepAlive:    keepalive.Spec(),
		PeerSharing:  peersharing.Spec(),
	}
}

// defaultSpecs is shared by connections, which only read it.
var defaultSpecs = sync.OnceValue(NewSpecs)

// Check returns the error for which [Dial], [Handshake] and [Serve] would refuse
// cfg, or nil.
func (cfg Config) Check() error {
	_, err := cfg.complete()
	return err
}

// complete fills in what has a default.
func (cfg Config) complete() (Config, error) {
	if cfg.Network.SecurityParam == 0 {
		return cfg, errors.New("node: Config.Network is missing: set it to ledger.Mainnet, ledger.Preprod, ledger.Preview or a loaded network")
	}
	var err error
	if cfg.Limits, err = cfg.Limits.complete(); err != nil {
		return cfg, err
	}
	if cfg.Specs == nil {
		cfg.Specs = defaultSpecs()
	}
	if err := cfg.checkProtocols(); err != nil {
		return cfg, err
	}
	if cfg.Dial == nil {
		cfg.Dial = dialTCP
	}
	if cfg.answering == nil {
		answering := *cfg.Specs
		answering.ChainSync = narrowed(answering.ChainSync, chainsync.RequestIngress)
		answering.BlockFetch = narrowed(answering.BlockFetch, blockfetch.RequestIngress)
		answering.TxSubmission = narrowed(answering.TxSubmission, txsubmission.ReplyIngress)
		cfg.answering = &answering
		cfg.connections, cfg.serve = logging.Of(cfg.Logger, logging.Connections), logging.Of(cfg.Logger, logging.Serve)
	}
	return cfg, nil
}

// narrowed returns a table with no more ingress than that.
func narrowed(spec *protocol.Spec, ingress int) *protocol.Spec {
	narrow := *spec
	narrow.Ingress = min(spec.Ingress, ingress)
	return &narrow
}

// versions returns the table to propose or answer with. A side that accepts
// connections always says that it answers, or nodes will not use it.
// (relay-behaviour, 10.2 no. 2)
func (cfg *Config) versions(role protocol.Role, query bool) handshake.Table {
	return handshake.Versions(handshake.Data{
		Magic:         cfg.Network.Magic,
		InitiatorOnly: role == protocol.Initiator && cfg.Sources == nil,
		PeerSharing:   cfg.PeerSharing,
		Query:         query,
	})
}
