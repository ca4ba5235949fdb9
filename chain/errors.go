package chain

import (
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// Reasons to end chain-sync for a while, with no side at fault.
// (relay-behaviour, 5.1 and 5.4)
var (
	// ErrNoIntersect: the peer knows none of our last k blocks.
	ErrNoIntersect = errors.New("chain: no intersection with the peer's chain")

	// ErrRolledBackTooFar: the peer rolled back behind the point up to which
	// our chain is immutable, or to a block it never sent.
	ErrRolledBackTooFar = errors.New("chain: peer rolled back past the last k blocks")

	// ErrCrowdedOut: too many headers of chains that are not ours are held, and this
	// peer's chain is not better than ours.
	ErrCrowdedOut = errors.New("chain: no room for headers of a chain that is not better than ours")

	// ErrInvalidChain: the peer's chain goes over a block that the judge found
	// invalid, and on for as many headers as it may be ahead of ours.
	ErrInvalidChain = errors.New("chain: the peer's chain goes over an invalid block")
)

// LinkError says that a header does not follow the one the peer sent before.
type LinkError struct {
	Header, Parent ledger.Tip
	Prev           ledger.Hash // what the header names as its predecessor
	Rule           string      // what should hold
}

// Error names the header, the predecessor it claims, its place and the rule.
func (e *LinkError) Error() string {
	return fmt.Sprintf("chain: header %v with predecessor %v does not follow %v: want %s",
		e.Header, e.Prev, e.Parent, e.Rule)
}

// IntersectionError says that a peer answered FindIntersect with a point that
// was not asked for.
type IntersectionError struct {
	Point   ledger.Point
	Offered []ledger.Point // the points of the request
}

// Error gives the point and how many were offered.
func (e *IntersectionError) Error() string {
	return fmt.Sprintf("chain: intersection at %v, which is none of the %d points offered", e.Point, len(e.Offered))
}

// HeaderError says that a header failed a check made outside the core.
type HeaderError struct {
	Point ledger.Point
	Err   error
}

// Error names the header and what the verifier found.
func (e *HeaderError) Error() string { return fmt.Sprintf("chain: header %v: %v", e.Point, e.Err) }

// Unwrap returns what the check said.
func (e *HeaderError) Unwrap() error { return e.Err }

// InvalidBlockError says that a peer sent a block that can be valid after no block:
// see [Impossible].
type InvalidBlockError struct {
	Point ledger.Point
	Err   error
}

// Error names the block and why it is impossible.
func (e *InvalidBlockError) Error() string {
	return fmt.Sprintf("chain: block %v can never be valid: %v", e.Point, e.Err)
}

// Unwrap returns what the judge said.
func (e *InvalidBlockError) Unwrap() error { return e.Err }

// UnavailableError says that a peer refused to deliver blocks of the chain it
// announces, several times in a row.
type UnavailableError struct {
	Start ledger.Point // first block of the range
	Times int          // in a row
}

// Error names the start of the range and how often the peer refused it.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("chain: peer announced %v but answered NoBlocks %d times", e.Start, e.Times)
}

// RangeError says that a peer delivered something else than a range's blocks.
type RangeError struct {
	Want ledger.Point // Origin if the range was already complete
	Got  ledger.Point // Origin if the range ended early
}

// Error says whether a block was wrong, missing at the end, or one too many.
func (e *RangeError) Error() string {
	switch {
	case e.Want.IsOrigin():
		return fmt.Sprintf("chain: got %v after the last block of the range", e.Got)
	case e.Got.IsOrigin():
		return fmt.Sprintf("chain: range ended before %v", e.Want)
	}
	return fmt.Sprintf("chain: got block %v in place of %v", e.Got, e.Want)
}
