package chain

import (
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// PeerID names one connection. It is never used again for another one, not
// even to the same address: what is late from a dead connection must not meet
// the state of its successor. (relay-behaviour, 10.1 no. 5)
type PeerID uint64

// RangeID names one [Fetch]. The core counts them up from 1.
type RangeID uint64

// Event is something that happened: one of the types below.
type Event interface{ event() }

type (
	// PeerConnected says that chain-sync and block-fetch may be used with a
	// peer.
	PeerConnected struct {
		Peer PeerID

		// MaxInFlight is the most bytes of blocks to ask the peer for at once:
		// half the ingress limit of block-fetch. Zero means
		// [DefaultMaxInFlight].
		MaxInFlight int

		// Address stands for the address that was dialled: the same number each
		// time, for none other, from 1. What the core has seen of the lateness of
		// one peer then holds for the next one at its address; 0 is an address of
		// which nothing is remembered. The core remembers some 256.
		Address uint64
	}

	// PeerGone says that the connection ended. What was in flight is lost.
	PeerGone struct{ Peer PeerID }

	// Intersected answers [FindIntersect].
	Intersected struct {
		Peer  PeerID
		Point ledger.Point
		Tip   ledger.Tip
	}

	// NoIntersection answers [FindIntersect]: none of the points is on the
	// peer's chain.
	NoIntersection struct {
		Peer PeerID
		Tip  ledger.Tip
	}

	// Headers brings the next headers of the peer's chain, in order. The core
	// copies them; what Raw.Bytes points to is kept and must not change.
	Headers struct {
		Peer    PeerID
		Headers []ledger.Header
		Tip     ledger.Tip // last reported tip, a hint
	}

	// RolledBack says that the peer's chain now ends with Point.
	RolledBack struct {
		Peer  PeerID
		Point ledger.Point
		Tip   ledger.Tip
	}

	// BadHeader says that a header of the peer failed a check made outside the
	// core.
	BadHeader struct {
		Peer  PeerID
		Point ledger.Point
		Err   error
	}

	// BlockFetched says that the next body of a range came, was checked
	// against its header, and is held by the caller.
	BlockFetched struct {
		Peer  PeerID
		Range RangeID
		Point ledger.Point
		Bytes int // size of the block
	}

	// RangeDone says that the peer ended a range after its last block.
	RangeDone struct {
		Peer  PeerID
		Range RangeID
	}

	// NoBlocks says that the peer has not all blocks of a range.
	NoBlocks struct {
		Peer  PeerID
		Range RangeID
	}

	// FetchFailed says that no more of a range will come and that it is not
	// the peer's fault: it was not sent, or given up.
	FetchFailed struct {
		Peer  PeerID
		Range RangeID
	}

	// Judged answers [Judge]: each is answered once, after whatever time. What the
	// Verdict is about is named by Point.
	Judged struct {
		Point   ledger.Point
		Verdict Verdict
		Retry   time.Duration // with Later: when to ask again; 0 stands for a second, an hour is the most
		Err     error         // why the block is not valid
	}

	// Consumed gives back bytes handed over by [Adopt].
	Consumed struct {
		Bytes int // as [Adopt] gave them
	}

	// Tick lets time pass.
	Tick struct{}
)

func (PeerConnected) event()  {}
func (PeerGone) event()       {}
func (Intersected) event()    {}
func (NoIntersection) event() {}
func (Headers) event()        {}
func (RolledBack) event()     {}
func (BadHeader) event()      {}
func (BlockFetched) event()   {}
func (RangeDone) event()      {}
func (NoBlocks) event()       {}
func (FetchFailed) event()    {}
func (Judged) event()         {}
func (Consumed) event()       {}
func (Tick) event()           {}
