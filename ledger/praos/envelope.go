package praos

import (
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
			return fail(h, Envelope, ErrFirstBlock, "regular Byron block at the start of the chain, want a boundary block")
		}
		return failPrevHash(h, h.Prev, s.Tip.Point.Hash)
	case ledger.LinkBlockNo:
		want, _ := parent.NextBlockNo(h)
		return fail(h, Envelope, ErrBlockNo, "block number %d, want %d", h.BlockNo, want)
	case ledger.LinkSlot:
		least, ok := parent.NextSlot(h)
		if !ok {
			least = ledger.Never
		}
		return fail(h, Envelope, ErrSlot, "slot %d, want at least %d", h.Slot, least)
	}
	if want, ok := v.config.Checkpoints[h.BlockNo]; ok && want != h.Hash {
		return fail(h, Envelope, ErrCheckpoint, "block %d is not the network's, which is %v", h.BlockNo, want)
	}
	return nil
}

// CheckEra checks that a header is of its slot's era; else the error is an
// [*Error] of kind [ErrEra]. The tag that says the header's era is not part of what is signed
// or hashed, but the rules depend on it: check it, as [Verifier.Prepare] does, of
// every header whose hash is known already. Around an era whose start is not
// known there may be more than one: see [ledger.Network.EraPossible].
func (v *Verifier) CheckEra(h *ledger.Header) error {
	if v.config.Network.EraPossible(h.Raw.Era, h.Slot) {
		return nil
	}
	return fail(h, Envelope, ErrEra, "era %v in slot %d, which is in %v", h.Raw.Era, h.Slot, v.config.Network.EraAt(h.Slot))
}

// checkLimits checks sizes and protocol version, from Shelley on. In Praos the
// version says what the issuer could do next, and is not held against it.
func (v *Verifier) checkLimits(h *ledger.Header, s *ledger.ShelleyHeader) error {
	if size := uint32(min(uint64(len(h.Raw.Bytes)), math.MaxUint32)); size > v.config.MaxHeaderSize {
		return failSize(h, "header", size, v.config.MaxHeaderSize)
	}
	if s.BodySize > v.config.MaxBodySize {
		return failSize(h, "body", s.BodySize, v.config.MaxBodySize)
	}
	if tpraos(h.Raw.Era) && s.Major > v.config.MaxMajor {
		return fail(h, Envelope, ErrVersion, "major protocol version %d, at most %d is known", s.Major, v.config.MaxMajor)
	}
	return nil
}

// failSize is for a part that is larger than the limit. Sizes are in bytes.
func failSize(h *ledger.Header, part string, got, limit uint32) error {
	return fail(h, Envelope, ErrSize, "%s of %d bytes, at most %d are allowed", part, got, limit)
}

// MaxClockSkew is how long before its slot begins a header is accepted, as the
// Haskell node does by default. (header-validation, 11)
const MaxClockSkew = 2 * time.Second

// CheckTime checks that a header's slot has begun at now, or does so within
// [MaxClockSkew]; else the error is an [*Error] of kind [ErrFuture].
func CheckTime(n *ledger.Network, h *ledger.Header, now time.Time) error {
	if early := n.SlotTime(h.Slot).Sub(now); early > MaxClockSkew {
		return fail(h, Envelope, ErrFuture, "came %v before its slot begins: check the clock", early)
	}
	return nil
}
