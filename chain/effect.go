package chain

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Effect is something to do: one of the types below.
type Effect interface{ effect() }

type (
	// FindIntersect asks the peer for the first of Points that is on its
	// chain. They are points of the adopted chain, newest first.
	FindIntersect struct {
		Peer   PeerID
		Points []ledger.Point // shared with other effects: not to be changed
	}

	// RequestHeaders grants N more headers to be asked for.
	RequestHeaders struct {
		Peer PeerID
		N    int // 1 or more
	}

	// StopChainSync ends chain-sync with Done. No side is at fault: the other
	// mini-protocols go on. The core asks again after Retry by itself.
	StopChainSync struct {
		Peer  PeerID
		Err   error // ErrNoIntersect, ErrRolledBackTooFar or ErrCrowdedOut
		Retry time.Duration
	}

	// Disconnect ends the connection: the peer broke a rule, Err says which.
	Disconnect struct {
		Peer PeerID
		Err  error
	}

	// Fetch asks the peer for one range. The headers follow each other, so the
	// first and the last are the bounds of the request.
	Fetch struct {
		Peer    PeerID
		Range   RangeID
		Headers []*ledger.Header // owned by the caller
		Bytes   int              // sum of [ledger.Header.BlockSize]
	}

	// CancelFetch says that a range is no longer waited for. If it was not
	// sent, answer with [FetchFailed]; otherwise go on reporting what comes,
	// it may still be of use.
	CancelFetch struct {
		Peer  PeerID
		Range RangeID
	}

	// Judge asks whether a block whose body is held may follow After. It comes only
	// with Config.Judge; the answer is [Judged], and no other Judge comes before it.
	//
	// The judge stands at the end of a chain: at the start of ours, then at the
	// last block that it found valid. After is where it stands, or a block below, to
	// which it has to go back first; never one below [Core.Anchor]. It may also be one of
	// Config.Points that is on our chain still.
	Judge struct {
		Header *ledger.Header
		After  ledger.Tip
		Again  bool // it was found valid before; the judge has left it since
	}

	// Adopt extends the adopted chain by one block, whose body is held.
	Adopt struct {
		Header *ledger.Header
		Bytes  int // size of the block, to be given back by [Consumed]
	}

	// RollBack shortens the adopted chain to Tip; always followed by enough
	// Adopts in the same step to make up for it.
	RollBack struct{ Tip ledger.Tip }

	// Immutable says that the adopted chain up to Tip can no longer change.
	Immutable struct{ Tip ledger.Tip }

	// Forget says that a body which is held, but not part of the adopted
	// chain, can be dropped.
	Forget struct{ Point ledger.Point }
)

func (FindIntersect) effect()  {}
func (RequestHeaders) effect() {}
func (StopChainSync) effect()  {}
func (Disconnect) effect()     {}
func (Fetch) effect()          {}
func (CancelFetch) effect()    {}
func (Judge) effect()          {}
func (Adopt) effect()          {}
func (RollBack) effect()       {}
func (Immutable) effect()      {}
func (Forget) effect()         {}
