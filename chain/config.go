package chain

import (
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Bounds and defaults of [Config] and [PeerConnected].
const (
	// MaxPoints is how many Config.Points there may be: relays do not look up
	// more, and hardly more fit in a MsgFindIntersect. (relay-behaviour, 10.2
	// no. 33)
	MaxPoints = 1000

	// DefaultMaxInFlight is half the ingress limit of block-fetch, in bytes.
	DefaultMaxInFlight = 23_068_694 / 2

	// DefaultMaxLead is a little more than three times k of mainnet: 8 MB of
	// header bytes.
	DefaultMaxLead = 8192

	// DefaultMaxSideHeaders is four times [DefaultMaxLead].
	DefaultMaxSideHeaders = 4 * DefaultMaxLead

	// DefaultMaxBytes lets two peers fill their share.
	DefaultMaxBytes = 32 << 20

	// DefaultStallTimeout is far above any honest pause inside a range and far
	// below the 60 s after which block-fetch gives up.
	DefaultStallTimeout = 10 * time.Second
)

// Config is what a Core starts from. K is required, zero stands for the default
// everywhere else.
type Config struct {
	// K is the security parameter of the network: how many blocks may be
	// rolled back.
	K int

	// Anchor is the tip of what can no longer change, the zero Tip for the
	// start of the chain.
	Anchor ledger.Tip

	// Adopted are the headers after Anchor that are already adopted, in order;
	// their bodies are held. With more than K of them the anchor moves at once.
	Adopted []ledger.Header

	// Points replace Anchor and Adopted for a follower that saved only points of its
	// chain: newest first, with [ledger.Origin] last if a rollback may go that far.
	// No peer needs to know all of them. The core does not know the blocks between
	// them: a rollback goes to the next older point that is on the new chain. Tips
	// that come from Points have block number 0. There are [MaxPoints] at most.
	Points []ledger.Point

	// MaxLead is how many headers a candidate may be ahead of the adopted
	// chain.
	MaxLead int

	// MaxSideHeaders bounds the headers that are not adopted and were not
	// before, of all peers together, including those asked for. Blocks that
	// were adopted and rolled back are at most K more. With less than a few
	// times MaxLead, peers may crowd each other out again and again.
	MaxSideHeaders int

	// MaxBytes bounds the bytes of blocks: those asked for, those held but not
	// adopted, and those adopted but not consumed. A block counts once, however
	// many peers are to send it. Sometimes only more blocks make room: nothing
	// waits to be consumed or judged, and all blocks to come are cancelled, or are late
	// without the first that our chain lacks among them. Then the core asks for
	// one more beyond the bound. So each peer may exceed it by
	//
	//   - blocks asked for one by one and then given up, until it owes half
	//     its window or MaxRanges ranges: at most half of
	//     [PeerConnected].MaxInFlight, and a block;
	//   - the blocks of its fork that are held until it is better than our
	//     chain: at most K + 1, and boundary blocks;
	//
	// and all of them together by the blocks of an old fork that we come back
	// to, at most K.
	MaxBytes int

	// MaxRangeBlocks is the most blocks in a range, 1000: other
	// implementations refuse longer ones. (relay-behaviour, 7.3)
	MaxRangeBlocks int

	// MaxRanges is the most ranges in flight with a peer, 16, cancelled ones
	// included. So a queue of that many holds every Fetch that waits to be
	// sent; RequestHeaders that wait can be added up.
	MaxRanges int

	// FetchPeers is how many peers to fetch from at once. Zero stands for 4 while the
	// best candidate ends more than 1,000 slots after our chain, and for 1 after
	// that. Peers that are asked for blocks which the others do not have, or take too
	// long to send, come on top. (relay-behaviour, 6.1)
	FetchPeers int

	// MaxRefusals is how many times in a row a peer may answer the same range
	// with NoBlocks, 5. (relay-behaviour, 10.2 no. 35)
	MaxRefusals int

	// MaxGap is how many slots a header may be after the one before it; 0 is
	// any number. A caller that stores blocks by slot may have a bound.
	MaxGap ledger.Slot

	// StallTimeout is how long a peer may be silent in a range before all that
	// it owes is fetched from another peer, if there is one. What our chain
	// waits for is asked of others long before.
	StallTimeout time.Duration

	// Salt orders peers that are equally good. Draw it at random once per
	// node, or all nodes ask the same peer. (relay-behaviour, 10.2 no. 40)
	Salt uint64

	// Judge has a judge find each block valid before it is adopted: see [Judge].
	// Anchor, Adopted and Points are what it has found valid before.
	Judge bool

	// Prefer reports whether to leave a chain for another of the same length,
	// given their last headers; nil stands for [PreferPraos].
	Prefer func(ours, cand *ledger.Header) bool
}

func (cfg *Config) complete() error {
	if cfg.K <= 0 {
		return errors.New("chain: Config.K is missing: want the security parameter of the network")
	}
	if len(cfg.Points) > 0 && (cfg.Anchor != ledger.Tip{} || len(cfg.Adopted) > 0) {
		return errors.New("chain: Config.Points goes without Anchor and Adopted")
	}
	for _, f := range []struct {
		name  string
		value *int
		zero  int
	}{
		{"MaxLead", &cfg.MaxLead, DefaultMaxLead},
		{"MaxSideHeaders", &cfg.MaxSideHeaders, DefaultMaxSideHeaders},
		{"MaxBytes", &cfg.MaxBytes, DefaultMaxBytes},
		{"MaxRangeBlocks", &cfg.MaxRangeBlocks, 1000},
		{"MaxRanges", &cfg.MaxRanges, 16},
		{"FetchPeers", &cfg.FetchPeers, 0},
		{"MaxRefusals", &cfg.MaxRefusals, 5},
	} {
		if *f.value < 0 {
			return fmt.Errorf("chain: Config.%s is negative", f.name)
		}
		if *f.value == 0 {
			*f.value = f.zero
		}
	}
	if cfg.StallTimeout <= 0 {
		cfg.StallTimeout = DefaultStallTimeout
	}
	if cfg.Prefer == nil {
		cfg.Prefer = PreferPraos
	}
	return nil
}
