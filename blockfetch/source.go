package blockfetch

import (
	"context"
	"fmt"
	"iter"

	"github.com/ouronet/ouronet/ledger"
)

// Chain is own storage, as [NewSource] reads it. Its methods may overlap, with each other
// and with changes of the chain. An *immutable.DB has them, too, but is a [Source] itself.
type Chain interface {
	// Contains reports whether p is on the chain.
	Contains(p ledger.Point) (bool, error)

	// NextHeaders returns headers that follow p on the chain, oldest first: at least
	// one if there are any, and up to n.
	NextHeaders(p ledger.Point, n int) ([]ledger.Header, error)

	// Block returns the block p. Its bytes must not change. If p is no longer on the
	// chain, it may return an error, which ends a range that is being sent.
	Block(p ledger.Point) (ledger.RawBlock, error)
}

// readAhead is how many headers are read at once for a range.
const readAhead = 64

// NewSource returns a Source of ranges of chain, without forks. A range that is being sent
// keeps up to 64 headers and one block. If the chain loses blocks that the range has not
// come to, it ends with an error and so does the connection.
func NewSource(chain Chain) Source { return source{chain} }

type source struct{ chain Chain }

// Range implements Source.
func (s source) Range(_ context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	for _, p := range []ledger.Point{from, to} {
		if ok, err := s.chain.Contains(p); err != nil || !ok {
			return nil, err
		}
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		raw, err := s.chain.Block(from)
		if !yield(raw, err) || err != nil {
			return
		}
		for at := from; at != to; {
			headers, err := s.chain.NextHeaders(at, readAhead)
			if err == nil && len(headers) == 0 {
				err = fmt.Errorf("blockfetch: the chain ends with %v, before the end of the range from %v to %v", at, from, to)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range headers {
				if at = headers[i].Point(); at.Slot > to.Slot {
					yield(nil, fmt.Errorf("blockfetch: the chain goes from %v to %v without %v", from, at, to))
					return
				}
				raw, err := s.chain.Block(at)
				if !yield(raw, err) || err != nil || at == to {
					return
				}
			}
		}
	}, nil
}
