package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/folder"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/txsubmission"
)

// DefaultKeep is the bound of [Config].Keep, 1 GiB.
const DefaultKeep = 1 << 30

// Config is how to run a relay. Only Network is required.
type Config struct {
	// Follow has the peers to follow and the settings of connections. The relay sets
	// Sources, TxSubmission, Anchor, Adopted, Bodies and Persist itself, and Verifier
	// unless NoVerify is set: it is an error to give them. Follow.Limits bound the
	// connections to Listener; where Limits.Exempt is nil, the peers that are followed
	// are exempt.
	Follow follow.Config

	// ServeOnly follows no peer: the relay serves what its folder holds.
	ServeOnly bool

	// Listener is where other nodes connect; nil accepts none. The relay closes it.
	Listener net.Listener

	// DataDir is the folder of a node, as cardano-node has it, to append to and start
	// from; it is made if it is not there. If an earlier relay left chunk files in it,
	// outside the folder immutable, they are moved there; see package folder. The last
	// k blocks are in it, too: after a restart, also after a kill, the relay goes on
	// where it was. They are not judged again: with Follow.Judge, begin with the ledger
	// state after Status.Tip of the relay before it runs. A [*FolderError] ends the
	// relay.
	DataDir string

	// KeepBlocks drops old chunks from DataDir, whole ones, as long as this many blocks
	// stay in chunks. It is at least 2 k; 0 keeps all. cardano-node cannot use such a
	// folder any more, so a folder with files of cardano-node is refused. Nodes find no
	// intersection and get no blocks before [Status].First. A node that stands on a
	// dropped block, or is receiving one, loses its connection and must intersect
	// again.
	KeepBlocks uint64

	// ImmutableDir is a folder to start from and only read: that of a node, or the one
	// in it with the chunk files.
	ImmutableDir string

	// Keep bounds the bytes of the chain in memory without DataDir; reaching it ends
	// the relay with [ErrFull]. 0 is [DefaultKeep]. Old forks, at most k blocks, and
	// blocks that are not adopted yet go beyond it.
	Keep int64

	// MaxTxSize bounds transactions that are passed on, in bytes: the network's
	// parameter maxTxSize; 0 is [DefaultMaxTxSize].
	MaxTxSize int

	// NoVerify leaves signatures and proofs of headers unchecked; see
	// docs/verification.md for what is checked without it.
	NoVerify bool

	// Advertise are the addresses that the relay gives to peers that ask, such as its
	// own public one; by default it gives none. Those that are not routable
	// (Follow.Routable) are never given.
	Advertise []netip.AddrPort

	// Observer has functions that are called when the chain changes.
	Observer Observer
}

// Relay is a running relay, or one about to run.
type Relay struct {
	cfg    Config
	files  files
	folder *folder.Folder // of DataDir
	root   string         // where files of ours are, "" without a folder
	db     *immutable.DB
	store  *store
	follow *follow.Follower
	txs    *txQueue

	verifier *verifier // nil if headers are not verified
	saved    ledger.Tip

	served atomic.Int64 // connections accepted and not ended

	// mu is held while what a change of the chain changes in memory changes, so that
	// Status shows all of that or nothing; not while anything is written to disk.
	mu     sync.Mutex
	blocks int64
	bytes  int64

	tipEra atomic.Uint32 // of the last block, ledger.Byron without one

	submitter  *txSender     // of all that Submit takes
	submitting chan struct{} // capacity 1: whose turn it is
	ended      context.Context
	end        context.CancelFunc
}

// check refuses what would have no effect, and what contradicts itself.
func (cfg *Config) check() error {
	if cfg.DataDir != "" && cfg.ImmutableDir != "" {
		return errors.New("give a folder to append to or one to read, not both")
	}
	f := &cfg.Follow
	for _, given := range []struct {
		name string
		set  bool
		why  string
	}{
		{"Follow.Sources", f.Sources != nil, "the relay serves its own chain"},
		{"Follow.TxSubmission", f.TxSubmission != nil, "the relay offers what it got itself"},
		{"Follow.Anchor", f.Anchor != nil, "the relay starts where its folder ends"},
		{"Follow.Adopted", f.Adopted != nil, "the relay starts where its folder ends"},
		{"Follow.Bodies", f.Bodies != nil, "the relay keeps the blocks"},
		{"Follow.Persist", f.Persist, "a relay always goes on"},
		{"Follow.Verifier", f.Verifier != nil && !cfg.NoVerify, "the relay verifies headers itself, unless NoVerify is set"},
		{"Follow.Peers", len(f.Peers) > 0 && cfg.ServeOnly, "ServeOnly follows no peer"},
		{"Follow.Judge", f.Judge != nil && cfg.ServeOnly, "ServeOnly follows no peer"},
		{"Follow.Decisions", f.Decisions != nil && cfg.ServeOnly, "ServeOnly follows no peer"},
		{"Keep", cfg.Keep != 0 && cfg.DataDir != "", "with DataDir, memory holds the last k blocks alone"},
	} {
		if given.set {
			return fmt.Errorf("leave Config.%s unset: %s", given.name, given.why)
		}
	}
	return cfg.checkKeepBlocks()
}

// New opens the folders and starts nothing yet. The caller must call
// [Relay.Run], which closes them.
func New(cfg Config) (*Relay, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	if cfg.Keep == 0 && cfg.DataDir == "" {
		cfg.Keep = DefaultKeep
	}
	routable := cfg.Follow.Routable
	if routable == nil {
		routable = peersharing.Routable
	}
	cfg.Advertise = slices.DeleteFunc(slices.Clone(cfg.Advertise), func(a netip.AddrPort) bool {
		return !routable(a.Addr().Unmap())
	})
	var files files
	if cfg.Listener != nil {
		limit := descriptorLimit()
		given := cfg.Follow.Limits.Inbound
		need, err := fitDescriptors(&cfg.Follow.Limits, max(len(cfg.Follow.Peers), len(cfg.Follow.Network.Bootstrap)), limit)
		if err != nil {
			return nil, err
		}
		if cfg.Follow.Limits.Inbound != given {
			logging.Of(cfg.Follow.Logger, logging.Serve).LogAttrs(context.Background(), slog.LevelWarn,
				"fewer inbound connections than allowed: the process may not open enough files",
				slog.Int("inbound", cfg.Follow.Limits.Inbound), slog.Int("files", limit), slog.Int("needed", need))
		}
		files.needed, files.limit = need, limit
	}
	r := &Relay{cfg: cfg, files: files, txs: newTxQueue(cfg.MaxTxSize), submitting: make(chan struct{}, 1)}
	r.txs.dropped = func(id ledger.TxID) {
		logging.Of(cfg.Follow.Logger, logging.Follow).LogAttrs(context.Background(), slog.LevelWarn,
			"transaction dropped: each peer that got it ended the connection", slog.Any("transaction", id), slog.Int("peers", maxEnds))
	}
	r.ended, r.end = context.WithCancel(context.Background())
	r.submitter = r.txs.newSender(r.ended)
	if err := r.openFolder(); err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	var err error
	r.store = newStore(r.db, cfg.Keep)
	anchor := r.store.Tip()
	if cfg.DataDir != "" {
		if cfg.Follow.Adopted, err = r.store.openVault(r.folder.Volatile(), volatile.Options{Network: cfg.Follow.Network}, cfg.Follow.Prefer); err != nil {
			return nil, errors.Join(err, r.close())
		}
		r.store.vault.logger = cfg.Follow.Logger
	}
	r.tipEra.Store(uint32(cfg.Follow.Network.EraAt(r.store.Tip().Point.Slot)))
	cfg.Follow.Anchor = &anchor
	cfg.Follow.Bodies = bodies{r}
	cfg.Follow.Persist = true
	cfg.Follow.TxSubmission = r.offer
	cfg.Follow.Observer = r.counting(cfg.Follow.Observer)
	if cfg.DataDir != "" {
		if gap := immutable.MaxGap(cfg.Follow.Network); cfg.Follow.Chain.MaxGap == 0 || cfg.Follow.Chain.MaxGap > gap {
			cfg.Follow.Chain.MaxGap = gap
		}
	}
	cfg.Follow.Sources = r.sources()
	if !cfg.NoVerify && !cfg.ServeOnly {
		if r.verifier, err = newVerifier(cfg.Follow.Network); err != nil {
			return nil, errors.Join(err, r.close())
		}
		cfg.Follow.Verifier = r.verifier
	}
	if r.cfg.Follow = cfg.Follow; cfg.ServeOnly {
		return r, nil
	}
	if r.follow, err = follow.NewFollower(cfg.Follow); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// sources are what the relay answers with, on connections that it dialled, too.
func (r *Relay) sources() *node.Sources {
	return &node.Sources{
		ChainSync:    func(context.Context, *node.Conn) chainsync.Source { return newFollower(r.store) },
		BlockFetch:   r.store,
		PeerSharing:  r,
		TxSubmission: func(ctx context.Context, _ *node.Conn) txsubmission.Sink { return r.txs.newSender(ctx) },
	}
}

// offer offers transactions to an upstream peer.
func (r *Relay) offer(ctx context.Context, _ *node.Conn) txsubmission.Source {
	reader := r.txs.newReader()
	context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), context.Canceled) {
			reader.finish()
		} else {
			reader.close()
		}
	})
	return reader
}

// Files returns how many open files the configured limits may need, connections
// included, and how many the process may open, 0 if unknown. Both are 0 for a relay
// without Listener.
func (r *Relay) Files() (needed, limit int) { return r.files.needed, r.files.limit }

// MaxInbound is how many connections other nodes may open: Follow.Limits.Inbound
// or its default, or fewer if the process may not open enough files for them.
func (r *Relay) MaxInbound() int {
	if n := r.cfg.Follow.Limits.Inbound; n != 0 {
		return n
	}
	return node.DefaultInbound
}

// Run follows and serves until ctx ends, which is not an error, or a local failure
// occurs (a failing peer only loses its connection). It then closes everything.
func (r *Relay) Run(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	if r.cfg.Listener != nil {
		serving := r.cfg.Follow.Config
		serving.Sources = r.sources()
		if serving.Limits.Exempt == nil {
			serving.Limits.Exempt = r.configured
		}
		g.Go(func() error {
			return node.Serve(gctx, r.cfg.Listener, serving)
		})
	}
	if r.follow != nil {
		g.Go(func() error { return r.storeEvents(gctx) })
	}
	err := g.Wait()
	r.end()
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		err = nil
	}
	return r.closeAfter(err)
}

// also adds an error of tidying up to the one before it, each once: a folder that
// cannot be appended to says so again when it is synced and closed.
func also(err, more error) error {
	switch {
	case err == nil, errors.Is(more, err):
		return more
	case more == nil, errors.Is(err, more):
		return err
	}
	return errors.Join(err, more)
}

// counting returns an Observer that counts the connections of other nodes, and calls o.
func (r *Relay) counting(o node.Observer) node.Observer {
	connected, closed := o.Connected, o.Closed
	o.Connected = func(c *node.Conn) {
		if !c.Dialled() {
			r.served.Add(1)
		}
		if connected != nil {
			connected(c)
		}
	}
	o.Closed = func(c *node.Conn) {
		if !c.Dialled() {
			r.served.Add(-1)
		}
		if closed != nil {
			closed(c)
		}
	}
	return o
}

// configured reports whether a is the address of a peer that the relay follows.
func (r *Relay) configured(a netip.Addr) bool {
	for _, p := range r.upstream() {
		if host, _, err := net.SplitHostPort(p.Address); err == nil {
			if literal, err := netip.ParseAddr(host); err == nil && literal.Unmap() == a {
				return true
			}
		}
		if p.Conn == nil {
			continue
		}
		if remote, err := netip.ParseAddrPort(p.Conn.Remote().String()); err == nil && remote.Addr().Unmap() == a {
			return true
		}
	}
	return false
}

// upstream returns the peers that are followed.
func (r *Relay) upstream() []follow.PeerStatus {
	if r.follow == nil {
		return nil
	}
	return r.follow.Peers()
}

// storeEvents moves blocks to the folder, and calls the Observer. How far it may be
// behind the decisions bounds follow.Config.Chain.MaxBytes.
func (r *Relay) storeEvents(ctx context.Context) (err error) {
	if r.verifier != nil {
		if err := r.resume(ctx); err != nil {
			return err
		}
	}
	r.logChecks()
	defer func() {
		// The engine has ended: what it has decided is moved, however far behind this loop was.
		if !errors.As(err, new(*FolderError)) {
			err = also(err, r.store.move())
		}
		err = also(err, r.save(0))
	}()
	for ev, err := range r.follow.Events(ctx) {
		if err != nil {
			return err
		}
		if err := r.store.move(); err != nil {
			return err
		}
		if err := r.moved(); err != nil {
			return err
		}
		if forward, ok := ev.(follow.RollForward); ok && !forward.More && r.store.vault != nil {
			if err := r.store.vault.sync(); err != nil {
				return err
			}
		}
		if r.cfg.Observer.Event != nil {
			r.cfg.Observer.Event(ev)
		}
	}
	return nil
}

// moved does what is due after blocks went to the folder.
func (r *Relay) moved() error {
	if r.store.vault == nil {
		return nil
	}
	if r.verifier != nil {
		if err := r.save(r.saveEvery()); err != nil {
			return err
		}
		r.verifier.forgetBefore(r.db.Tip().Point.Hash)
	}
	return r.dropOld()
}

// maxShared is how many addresses a peer gets, as from cardano-node.
// (relay-behaviour, 3.5)
const maxShared = 10

// Peers implements peersharing.Source: it gives the addresses of [Config].Advertise
// alone. The relay does not reveal the nodes that it follows: one of them may be a
// block producer.
func (r *Relay) Peers(_ context.Context, amount int) ([]netip.AddrPort, error) {
	return r.cfg.Advertise[:min(amount, maxShared, len(r.cfg.Advertise))], nil
}
