package follow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/seeded"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
)

// Config is how to follow the chain. Only Network is required.
type Config struct {
	node.Config

	// Peers are the nodes to follow, "host:port"; an empty list stands for the
	// network's bootstrap peers. Each is connected all the time, and dialled again with
	// growing pauses when it cannot be. With Config.Dial nil, a malformed address is an
	// error at once.
	Peers []string

	// Anchor, if not nil, is where to start in place of points: a block that is never
	// rolled back, or the zero Tip for the origin.
	Anchor *ledger.Tip

	// Adopted are the headers after Anchor, in order, of blocks that are adopted
	// already: the run begins at the last of them, and may roll back to Anchor. Bodies
	// has the blocks, but for those more than k before the last.
	Adopted []ledger.Header

	// Bodies, if not nil, keeps the blocks that may still be needed; nil keeps them in
	// memory. It serves one run: give another one to the next.
	Bodies Bodies

	// Persist keeps the run going when no peer can be followed, until that changes: see
	// [Status].Stuck. Without it the run ends then.
	Persist bool

	// Chain bounds what is held and asked for.
	Chain Bounds

	// Prefer reports whether to leave our chain for another of the same length, given
	// the last header of each; nil does as the Haskell node does in Praos.
	Prefer func(ours, cand *ledger.Header) bool

	// Verifier, if not nil, checks headers before anything is fetched.
	Verifier Verifier

	// Judge, if not nil, must find each block valid before it is adopted. Blocks of
	// Adopted, and those up to the points to start at, count as valid.
	Judge Judge

	// TxSubmission returns the source of the transactions to offer to a peer that is
	// followed; nil offers none. ctx ends as that of [node.Spell].
	TxSubmission func(ctx context.Context, conn *node.Conn) txsubmission.Source

	// Decisions, if not nil, records every step of the decisions, so that it can be
	// replayed later. A *trace.Decisions is one.
	Decisions Decisions

	salt uint64 // of chain.Config, drawn once
}

// Bounds are of what a [Follower] or an [Engine] holds and asks for, of all peers
// together unless said otherwise. Zero fields stand for the defaults; negative ones are
// an error.
type Bounds struct {
	// MaxLead is how many headers a peer's chain may be ahead of ours, 8,192: a little
	// more than three times k of mainnet, 8 MB of header bytes.
	MaxLead int

	// MaxSideHeaders bounds the headers that are not of our chain and never were, those
	// asked for included: 32,768. With less than a few times MaxLead, peers may crowd
	// each other out again and again.
	MaxSideHeaders int

	// MaxBytes bounds the bytes of blocks that are asked for, held, or decided on and
	// not yet yielded: 32 MiB. A block counts once, however many peers are to send it.
	// At times only more blocks make room: then one more is asked for. So each peer
	// may exceed the bound by half of what its connection may have in flight, and by
	// a fork of k + 1 blocks; and all together by an old fork of k blocks.
	MaxBytes int

	// MaxRangeBlocks is how many blocks to ask for in one range, 1,000: other
	// implementations refuse longer ones. (relay-behaviour, 7.3)
	MaxRangeBlocks int

	// MaxRanges is how many ranges one peer may owe, 16.
	MaxRanges int

	// FetchPeers is how many peers to fetch from at once. Zero stands for 4 while the
	// best chain ends more than 1,000 slots after ours, and for 1 after that. Peers that
	// are asked for blocks which the others do not have, or take too long to send, come
	// on top. (relay-behaviour, 6.1)
	FetchPeers int

	// MaxGap is how many slots a header may be after the one before it; 0 is any
	// number. A caller that stores blocks by slot may have a bound.
	MaxGap ledger.Slot

	// StallTimeout is how long a peer may be silent in a range before all that it owes
	// is asked of another peer, if there is one: 10 seconds. What our chain waits for
	// is asked of others long before.
	StallTimeout time.Duration
}

// Decisions records the inputs and decisions of the chain core, encoded: first its
// configuration, then each event with its effects. trace.Core.Replay takes the same
// steps again.
type Decisions interface {
	// Step records one step; input and effects are valid during the call only. One
	// goroutine at a time calls it, and all decisions wait while it runs. An error is
	// logged and ends the recording: Step is not called again in that run. It has no
	// other consequence.
	Step(input, effects []byte) error
}

// Event is what [Follow] yields: a [RollForward] or a [RollBackward].
type Event interface{ event() }

// RollForward extends the chain by a block. Its body has been checked against its
// header, its header against its place in the chain and by the [Config].Verifier;
// transactions are checked only by [Config].Judge.
type RollForward struct {
	Block ledger.Block

	// From is the peer that sent the block first, as in Config.Peers.
	From string

	// Tip is the end of the longest chain that a connected peer had announced when the
	// block was adopted, at least the block itself. It shows how far there is to go,
	// but a peer can announce any tip: do not wait for it.
	Tip ledger.Tip

	// More reports whether another event was there already when this one was yielded. A
	// loop that writes blocks in batches writes the batch when More is false, and when
	// the batch is large. So batches grow while the loop is slow, a block at the tip is
	// written at once, and no peer can delay that.
	More bool
}

// RollBackward drops everything after To. It is the first event of every run and says
// where the run starts; it comes when a peer has confirmed that its chain has To. The
// block number is 0 for a point that was passed to [Follow], since points have no block
// number.
//
// Of those that come later in a run, each is followed at once by a RollForward, unless the
// run ends: a loop that writes in batches need not write one when a rollback comes.
type RollBackward struct {
	To ledger.Tip
}

func (RollForward) event()  {}
func (RollBackward) event() {}

// ErrNoIntersect means that a peer's chain has none of the points to start at, or none
// of our last k blocks. When all peers have none of the points to start at, following
// ends with it: offer older points, ending with [ledger.Origin].
var ErrNoIntersect = chainsync.ErrNoIntersect

// Follow yields the blocks of the longest chain that the peers have, and rollbacks
// where it changes, in one sequence across reconnects. It starts after the newest of
// points; without points, at the origin. To resume later, pass the point of the last
// event and some older ones, with the origin if a rollback to it is acceptable: if the
// chain left the last point meanwhile, it is rolled back to the newest older point that
// it still has. Of more than 1,000, the newest count, and the oldest. [Cursor] is what
// to save, and finds gaps.
//
// Points have no block numbers: when the peers' chain has left the newest of the given
// points, nothing is yielded until that chain has a block in a later slot than it.
//
// Blocks are fetched ahead while the loop body works, at most Config.Chain.MaxBytes of
// them: a slow loop body slows down Follow alone. The last k blocks stay in memory, in
// case the chain returns to a fork: up to 190 MB on mainnet. [Config].Bodies can keep
// them elsewhere.
//
// Peers that misbehave, cannot be reached or go away are tried again, with pauses of up
// to a minute. Follow yields nothing meanwhile: set Lost and Stopped of
// Config.Observer, or a Logger, or ask [Follower.Peers] now and then.
//
// The error comes last: ctx's; at once one of the configuration; or, once trying
// again cannot help with any peer, an [*UnfollowableError] that names each with its
// reason, such as a [*handshake.RefusedError] of another network, [ErrNoIntersect],
// or a [*ledger.UnknownEraError] in an era that this version does not know: what
// came before that era is yielded first.
func Follow(ctx context.Context, cfg Config, points ...ledger.Point) iter.Seq2[Event, error] {
	f, err := NewFollower(cfg)
	if err != nil {
		return func(yield func(Event, error) bool) { yield(nil, err) }
	}
	return f.Events(ctx, points...)
}

// Follower is [Follow] with a view of the peers.
type Follower struct {
	cfg Config
	ran atomic.Bool

	mu     sync.Mutex
	engine *Engine // of the current run, or the last one
}

// NewFollower returns a Follower that does nothing yet.
func NewFollower(cfg Config) (*Follower, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if len(cfg.Peers) == 0 {
		cfg.Peers = cfg.Network.Bootstrap
	}
	if len(cfg.Peers) == 0 {
		return nil, errors.New("follow: Config.Peers is empty and the network has no bootstrap peers: name a node to follow")
	}
	var peers []string // each once
	for _, p := range cfg.Peers {
		if err := cfg.CheckAddress(p); err != nil {
			return nil, fmt.Errorf("follow: Config.Peers: %q: %w", p, err)
		}
		if !slices.Contains(peers, p) {
			peers = append(peers, p)
		}
	}
	cfg.Peers = peers
	return &Follower{cfg: cfg}, nil
}

// complete fills in what has a default and does not depend on Peers.
func (cfg *Config) complete() error {
	if err := cfg.Config.Check(); err != nil {
		return err
	}
	if len(cfg.Adopted) > 0 && (cfg.Anchor == nil || cfg.Bodies == nil) {
		return errors.New("follow: Config.Adopted goes with Config.Anchor, which it follows, and with Config.Bodies, which has the blocks")
	}
	if cfg.salt == 0 {
		cfg.salt = rand.Uint64()
		if r := seeded.Source(cfg.Seed, "salt"); r != nil {
			cfg.salt = r.Uint64()
		}
	}
	return nil
}

// core returns the configuration of the decisions, but for where they start.
func (cfg *Config) core() chain.Config {
	b := &cfg.Chain
	return chain.Config{
		K: int(cfg.Network.SecurityParam), Judge: cfg.Judge != nil, Prefer: cfg.Prefer, Salt: cfg.salt,
		MaxLead: b.MaxLead, MaxSideHeaders: b.MaxSideHeaders, MaxBytes: b.MaxBytes,
		MaxRangeBlocks: b.MaxRangeBlocks, MaxRanges: b.MaxRanges, FetchPeers: b.FetchPeers,
		MaxGap: b.MaxGap, StallTimeout: b.StallTimeout,
	}
}

// Events is [Follow]; one loop at a time.
func (f *Follower) Events(ctx context.Context, points ...ledger.Point) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := f.run(ctx, points, yield); !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// run follows until the loop is left (errStopped) or there is an error.
func (f *Follower) run(ctx context.Context, points []ledger.Point, yield func(Event, error) bool) error {
	if f.ran.Swap(true) && f.cfg.Bodies != nil {
		return errors.New("follow: Config.Bodies is that of an earlier run: make a new Follower")
	}
	e, err := newEngine(ctx, f.cfg, points)
	if err != nil {
		return err
	}
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer e.cancel(errStopped)
	for i, address := range f.cfg.Peers {
		e.peers = append(e.peers, &upstream{engine: e, address: address, number: uint64(i) + 1})
	}
	f.mu.Lock()
	f.engine = e
	f.mu.Unlock()
	for _, u := range e.peers { // which stay the same
		tasks.Go(func() { u.keepConnected(e.ctx) })
	}
	tasks.Go(func() { e.run(e.ctx) })
	return e.yield(e.ctx, yield)
}
