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
	parent := ledger.Parent{Tip: s.Tip, Boundary: s.EBB}
	switch parent.Link(h) {
	case ledger.LinkPrev:
		if s.Tip.Point.IsOrigin() && h.Raw.Era == ledger.Byron && !h.Raw.EBB {
			return &FirstBlockError{}
		}
		return &PrevHashError{h.Prev, s.Tip.Point.Hash}
	case ledger.LinkBlockNo:
		want, _ := parent.NextBlockNo(h)
		return &BlockNoError{h.BlockNo, want}
	case ledger.LinkSlot:
		least, ok := parent.NextSlot(h)
		if !ok {
			least = ledger.Never
		}
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

// Error says how early the header came.
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
