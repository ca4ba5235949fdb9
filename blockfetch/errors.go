package blockfetch

import "errors"

// ErrNoBlocks means that the peer does not have the whole range, or no longer. Fetch
// the blocks from another peer, or intersect with this peer's chain again.
var ErrNoBlocks = errors.New("blockfetch: the peer does not have the range")

// ErrConsumerTooSlow means that blocks asked for with [Initiator.Range] were
// not taken fast enough and filled our own buffer. The connection has ended;
// the peer is not to blame. Take blocks faster, or use [Initiator.Fetch] or
// node.Conn.Blocks.
var ErrConsumerTooSlow = errors.New("blockfetch: blocks were asked for and not taken fast enough")

// Violations by a peer that the table does not cover. They arrive in a
// *protocol.ViolationError. (miniprotocols, 2)
var (
	ErrWrongBlock    = errors.New("block is not the one asked for")
	ErrInvalidBody   = errors.New("body does not match its header")
	ErrTooFewBlocks  = errors.New("batch ended before the range was complete")
	ErrTooManyBlocks = errors.New("more blocks than asked for")
	ErrInvalidRange  = errors.New("range that cannot exist")
)
