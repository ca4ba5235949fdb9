package praos

import (
	"fmt"
	"math"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// envelope checks what a header of any era says of its place in the chain. A
// checkpoint is of all headers with its block number: a boundary block and the
// block before it share one. (header-validation, 11; ouroboros-consensus,
// HeaderValidation.hs, validateIfCheckpoint)
func (v *Verifier) envelope(s *State, h *ledger.Header) error {
	if err := v.CheckEra(h); err != nil {
		return err
	}
	if tip := s.Tip.Point; !h.PrevIs(tip) {
		if tip.IsOrigin() && h.Raw.Era == ledger.Byron && !h.Raw.EBB {
			return &FirstBlockError{}
		}
		return &PrevHashError{h.Prev, tip.Hash}
	}
	if want := nextBlockNo(s, h); h.BlockNo != want {
		return &BlockNoError{h.BlockNo, want}
	}
	if least := nextSlot(s, h); h.Slot < least {
		return &SlotError{h.Slot, least, ledger.Never}
	}
	if want, ok := v.config.Checkpoints[h.BlockNo]; ok && want != h.Hash {
		return &CheckpointError{h.BlockNo, h.Hash, want}
	}
	return nil
}

// CheckEra checks that a header is of its slot's era; else the error is an
// [*EraError]. The tag that says the header's era is not part of what is signed
// or hashed, but the rules depend on it: check it, as [Verifier.Prepare] does, of
// every header whose hash is known already. Around an era whose start is not
// known there may be more than one: see [ledger.Network.EraPossible].
func (v *Verifier) CheckEra(h *ledger.Header) error {
	if v.config.Network.EraPossible(h.Raw.Era, h.Slot) {
		return nil
	}
	return &EraError{h.Slot, h.Raw.Era, v.config.Network.EraAt(h.Slot)}
}

func nextBlockNo(s *State, h *ledger.Header) ledger.BlockNo {
	switch {
	case s.Tip.Point.IsOrigin():
		return 0
	case h.Raw.EBB && !s.EBB:
		return s.Tip.BlockNo // that of the block before
	case s.Tip.BlockNo == math.MaxUint64:
		return 0 // no block follows
	}
	return s.Tip.BlockNo + 1
}

func nextSlot(s *State, h *ledger.Header) ledger.Slot {
	if s.Tip.Point.IsOrigin() || s.EBB && h.Raw.Era == ledger.Byron && !h.Raw.EBB {
		return s.Tip.Point.Slot
	}
	if s.Tip.Point.Slot == ledger.Never {
		return ledger.Never
	}
	return s.Tip.Point.Slot + 1
}

// checkLimits checks sizes and protocol version, from Shelley on. In Praos the
// version says what the issuer could do next, and is not held against it.
func (v *Verifier) checkLimits(h *ledger.Header, s *ledger.ShelleyHeader) error {
	if size := uint32(min(uint64(len(h.Raw.Bytes)), math.MaxUint32)); size > v.config.MaxHeaderSize {
		return &SizeError{"header", size, v.config.MaxHeaderSize}
	}
	if s.BodySize > v.config.MaxBodySize {
		return &SizeError{"body", s.BodySize, v.config.MaxBodySize}
	}
	if tpraos(h.Raw.Era) && s.Major > v.config.MaxMajor {
		return &VersionError{s.Major, v.config.MaxMajor}
	}
	return nil
}

// MaxClockSkew is how long before its slot begins a header is accepted, as the
// Haskell node does by default. (header-validation, 11)
const MaxClockSkew = 2 * time.Second

// FutureError says that a header's slot begins too long after now: our clock or
// the peer's is wrong, or the peer is.
type FutureError struct {
	Slot     ledger.Slot
	Now      time.Time
	TooEarly time.Duration // until the slot begins
}

func (e *FutureError) Error() string {
	return fmt.Sprintf("praos: header of slot %d came %v before the slot begins: check the clock", e.Slot, e.TooEarly)
}

// CheckTime checks that slot s has begun at now, or does so within
// [MaxClockSkew]; else the error is a [*FutureError].
func CheckTime(n *ledger.Network, s ledger.Slot, now time.Time) error {
	if early := n.SlotTime(s).Sub(now); early > MaxClockSkew {
		return &FutureError{s, now, early}
	}
	return nil
}
