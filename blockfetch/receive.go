package blockfetch

import (
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// receive checks a message against the oldest outstanding request. ready means
// that the result is for the caller.
func (i *Initiator) receive(msg Message) (result Result, ready bool, err error) {
	r := &i.asked[0]
	switch m := msg.(type) {
	case NoBlocks:
		result.Missing = r.wants
		i.finish()
		return result, true, nil
	case BatchDone:
		if !r.complete(i.taken) {
			return Result{}, false, i.s.Violation(m, fmt.Errorf("%w: after %d blocks", ErrTooFewBlocks, i.taken))
		}
		i.finish()
	case *received:
		raw := m.Raw
		m.Raw = nil // or it would be kept until the next block comes
		block, err := i.network.ParseBlockOf(r.header(i.taken), raw)
		if err != nil {
			return Result{}, false, i.s.Violation(m, r.unreadable(i.taken, err))
		}
		if err := r.check(i.taken, &block.Header, &i.network); err != nil {
			return Result{}, false, i.s.Violation(m, err)
		}
		if i.SkipBodies {
			i.hasher.Reset()
		} else if err := i.hasher.Check(block); err != nil {
			return Result{}, false, i.s.Violation(m, fmt.Errorf("%w: %w", ErrInvalidBody, err))
		}
		result.Block = block
		if !r.plain {
			result.Want = r.wants[i.taken]
			i.bytes -= result.Want.Size
		}
		i.taken++
		return result, true, nil
	}
	return Result{}, false, nil
}

// header returns the header of the block after taken others, if it is known.
func (r *request) header(taken int) *ledger.Header {
	if taken < len(r.wants) {
		return r.wants[taken].header
	}
	return nil
}

// complete reports whether taken blocks are all of the range.
func (r *request) complete(taken int) bool {
	if r.plain {
		return taken > 0 && r.from == r.to
	}
	return taken == len(r.wants)
}

// unreadable returns the error for a block that cannot be read, the one after taken
// others. If its header was read, the era is known, so a block of an unknown era is not
// the header's.
func (r *request) unreadable(taken int, err error) error {
	if taken < len(r.wants) && r.wants[taken].known && errors.As(err, new(*ledger.UnknownEraError)) {
		return fmt.Errorf("%w: want %v of era %v: %v", ErrWrongBlock, r.wants[taken].Point, r.wants[taken].era, err)
	}
	return fmt.Errorf("%w: %w", protocol.ErrMalformed, err)
}

// check holds a block, the one after taken others, against the range. The hash alone
// identifies a block; its point follows from it. Its era does not. An era other than
// the header's is certainly wrong if it is not that of the slot either; if both are
// possible, it is not known which one is right.
func (r *request) check(taken int, h *ledger.Header, n *ledger.Network) error {
	if r.plain {
		return r.checkPlain(taken, h)
	}
	if taken == len(r.wants) {
		return fmt.Errorf("%w: %v after the last", ErrTooManyBlocks, h.Point())
	}
	switch want := r.wants[taken]; {
	case h.Point() != want.Point:
		return fmt.Errorf("%w: got %v, want %v", ErrWrongBlock, h.Point(), want.Point)
	case want.known && h.Raw.Era != want.era && !n.EraPossible(h.Raw.Era, h.Slot):
		return fmt.Errorf("%w: %v of era %v, want %v", ErrWrongBlock, h.Point(), h.Raw.Era, want.era)
	}
	return nil
}

// checkPlain moves r.from, the block that was last received, along the range.
// Slots ascend, but a Byron boundary block shares its slot with the next block;
// without that rule, blocks that link could go on for ever.
func (r *request) checkPlain(taken int, h *ledger.Header) error {
	p := h.Point()
	switch {
	case taken == 0 && p != r.from:
		return fmt.Errorf("%w: got %v, want %v", ErrWrongBlock, p, r.from)
	case taken > 0 && r.from == r.to:
		return fmt.Errorf("%w: %v after the last", ErrTooManyBlocks, p)
	}
	if taken > 0 {
		parent := ledger.Parent{Tip: ledger.Tip{Point: r.from}, Boundary: r.boundary, BlockNoUnknown: true}
		switch parent.Link(h) {
		case ledger.LinkPrev:
			return fmt.Errorf("%w: %v does not follow %v", ErrWrongBlock, p, r.from)
		case ledger.LinkSlot:
			return fmt.Errorf("%w: %v is not later than %v", ErrWrongBlock, p, r.from)
		}
	}
	if p.Slot > r.to.Slot {
		return fmt.Errorf("%w: %v is behind the end of the range, %v", ErrWrongBlock, p, r.to)
	}
	r.from, r.boundary = p, h.Raw.EBB
	return nil
}
