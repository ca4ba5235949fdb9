package praos

import (
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// Error says that a header failed a check. Its maker is at fault, or a peer that
// changed it, and so is a peer that follows the rules of relaying headers and sent
// it. Err is of one of the types below and holds what was compared.
type Error struct {
	Point ledger.Point
	Check Checks // the one that failed
	Err   error
}

// Error begins with the point of the header.
func (e *Error) Error() string { return fmt.Sprintf("praos: header %v: %v", e.Point, e.Err) }

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Errors of [Envelope].
type (
	// EraError: the header is not of the era that its slot is in.
	EraError struct {
		Slot      ledger.Slot
		Got, Want ledger.Era
	}

	// BlockNoError: the block number does not follow the parent's.
	BlockNoError struct{ Got, Want ledger.BlockNo }

	// SlotError: the slot is below the least that may follow the parent.
	SlotError struct{ Got, Min, Max ledger.Slot }

	// PrevHashError: the header names another parent. The zero hash stands for
	// none.
	PrevHashError struct{ Got, Want ledger.Hash }

	// FirstBlockError: a regular Byron header, which names a header before it, at
	// the start of a chain.
	FirstBlockError struct{}

	// SizeError: Part ("header" or "body") is larger than the limit; sizes are
	// in bytes.
	SizeError struct {
		Part       string
		Got, Limit uint32
	}

	// VersionError: the header's major protocol version is one that we do not
	// know.
	VersionError struct{ Got, Max uint64 }

	// CheckpointError: the network has another block with this number.
	CheckpointError struct {
		BlockNo   ledger.BlockNo
		Got, Want ledger.Hash
	}

	// MagicError: a regular Byron header is for another network.
	MagicError struct{ Got, Want uint32 }

	// MalformedError: a field does not have the layout of its era.
	MalformedError struct{ Era ledger.Era }
)

// Errors of [Certificate] and [KES].
type (
	// CertificateError: the cold key did not sign the certificate.
	CertificateError struct{ Issuer PoolID }

	// CounterError: the certificate's issue number is below the last one, or
	// more than one above it in Praos. Max is the highest allowed, 0 in Praos
	// after the largest number that there is.
	CounterError struct {
		Issuer       PoolID
		Got, Last    uint64
		Max          uint64
		NoneRecorded bool // Last is 0 as the issuer has issued no block so far
	}

	// KESPeriodError: the slot is in a KES period that the certificate is not
	// for, which is First and the Evolutions-1 after it.
	KESPeriodError struct{ Got, First, Evolutions uint64 }

	// KESSignatureError: the certificate's hot key, at this evolution, did not
	// sign the header.
	KESSignatureError struct {
		Issuer    PoolID
		Evolution uint64
	}
)

// Errors of [VRF], [Bound] and [Leadership].
type (
	// VRFKeyError: the VRF key is not a key with which anything can be proved.
	VRFKeyError struct{ Key [32]byte }

	// VRFProofError: the proof does not hold for the slot under the epoch
	// nonce. Proof is "leader", or "nonce" in TPraos.
	VRFProofError struct {
		Proof string
		Epoch Nonce
	}

	// VRFOutputError: the header claims another output than the proof has.
	VRFOutputError struct {
		Proof     string
		Got, Want [vrfOutputSize]byte
	}

	// VRFBoundError: with this leader value, big endian, not even the owner of
	// all stake leads the slot.
	VRFBoundError struct {
		Value       [32]byte
		ActiveSlots ledger.Ratio
	}

	// UnknownPoolError: the issuer has no stake in the epoch.
	UnknownPoolError struct {
		Issuer PoolID
		Epoch  uint64
	}

	// RegisteredKeyError: the issuer registered another VRF key; both by hash.
	RegisteredKeyError struct {
		Issuer    PoolID
		Got, Want ledger.Hash
	}

	// LeaderError: the leader value, big endian, is above what the issuer's
	// share of the stake needs in this slot.
	LeaderError struct {
		Issuer PoolID
		Value  []byte
		Stake  ledger.Ratio
	}

	// OverlayError: the overlay slot is another genesis delegate's, or must
	// stay empty: Want is zero then.
	OverlayError struct{ Issuer, Want PoolID }
)

// Errors of [Byron] and [GenesisKey].
type (
	// ByronSignatureError: Part ("certificate" or "block") is not signed by
	// the key that it names.
	ByronSignatureError struct{ Part string }

	// GenesisKeyError: the genesis key is not one of the genesis file. Got is
	// its hash.
	GenesisKeyError struct{ Got PoolID }
)

// Error gives the era of the header and that of its slot.
func (e *EraError) Error() string {
	return fmt.Sprintf("era %v in slot %d, which is in %v", e.Got, e.Slot, e.Want)
}

// Error gives both block numbers.
func (e *BlockNoError) Error() string {
	return fmt.Sprintf("block number %d, want %d", e.Got, e.Want)
}

// Error gives the slots that are allowed.
func (e *SlotError) Error() string {
	return fmt.Sprintf("slot %d, want %d to %d", e.Got, e.Min, e.Max)
}

// Error gives both hashes.
func (e *PrevHashError) Error() string {
	return fmt.Sprintf("previous hash %v, want %v", e.Got, e.Want)
}

// Error says which kind of block begins a chain.
func (e *FirstBlockError) Error() string {
	return "regular Byron block at the start of the chain, want a boundary block"
}

// Error gives the part, its size and the limit, in bytes.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s of %d bytes, at most %d are allowed", e.Part, e.Got, e.Limit)
}

// Error gives the highest major version that is known.
func (e *VersionError) Error() string {
	return fmt.Sprintf("major protocol version %d, at most %d is known", e.Got, e.Max)
}

// Error gives the hash that the network has at this number.
func (e *CheckpointError) Error() string {
	return fmt.Sprintf("block %d is not the network's, which is %v", e.BlockNo, e.Want)
}

// Error gives both magic numbers.
func (e *MagicError) Error() string {
	return fmt.Sprintf("network magic %d, want %d", e.Got, e.Want)
}

// Error gives the era whose layout was expected.
func (e *MalformedError) Error() string { return fmt.Sprintf("not a %v header", e.Era) }

// Error names the issuer.
func (e *CertificateError) Error() string {
	return fmt.Sprintf("operational certificate is not signed by the cold key of %v", e.Issuer)
}

// Error gives the issue number and the ones that are allowed.
func (e *CounterError) Error() string {
	if e.NoneRecorded {
		return fmt.Sprintf("first operational certificate of %v has number %d, at most %d is allowed", e.Issuer, e.Got, e.Max)
	}
	return fmt.Sprintf("operational certificate of %v has number %d, want %d to %d", e.Issuer, e.Got, e.Last, e.Max)
}

// Error gives the period and those of the certificate.
func (e *KESPeriodError) Error() string {
	return fmt.Sprintf("KES period %d, but the certificate is for %d periods from %d on", e.Got, e.Evolutions, e.First)
}

// Error names the issuer and the evolution of its key.
func (e *KESSignatureError) Error() string {
	return fmt.Sprintf("not signed by the hot key of %v at evolution %d", e.Issuer, e.Evolution)
}

// Error gives the key in hex.
func (e *VRFKeyError) Error() string { return fmt.Sprintf("%x is not a VRF key", e.Key) }

// Error names the proof and the epoch nonce.
func (e *VRFProofError) Error() string {
	return fmt.Sprintf("%s VRF proof does not hold under epoch nonce %v", e.Proof, e.Epoch)
}

// Error gives both outputs in hex.
func (e *VRFOutputError) Error() string {
	return fmt.Sprintf("%s VRF output is %x, the proof's is %x", e.Proof, e.Got, e.Want)
}

// Error gives the value in hex and the active slot coefficient.
func (e *VRFBoundError) Error() string {
	return fmt.Sprintf("leader value %x is not in the first %d/%d, so no stake is enough", e.Value, e.ActiveSlots.Num, e.ActiveSlots.Den)
}

// Error names the issuer and the epoch.
func (e *UnknownPoolError) Error() string {
	return fmt.Sprintf("issuer %v has no stake in epoch %d", e.Issuer, e.Epoch)
}

// Error gives the hashes of both keys.
func (e *RegisteredKeyError) Error() string {
	return fmt.Sprintf("VRF key of %v has hash %v, registered is %v", e.Issuer, e.Got, e.Want)
}

// Error gives the value in hex and the share of the stake.
func (e *LeaderError) Error() string {
	return fmt.Sprintf("%v with %d/%d of the stake does not lead with value %x", e.Issuer, e.Stake.Num, e.Stake.Den, e.Value)
}

// Error names the issuer and whose slot it is, if anyone's.
func (e *OverlayError) Error() string {
	if e.Want == (PoolID{}) {
		return fmt.Sprintf("overlay slot without a leader, but a block by %v", e.Issuer)
	}
	return fmt.Sprintf("overlay slot of %v, but a block by %v", e.Want, e.Issuer)
}

// Error names the part.
func (e *ByronSignatureError) Error() string {
	return fmt.Sprintf("Byron %s signature does not hold", e.Part)
}

// Error gives the hash of the key.
func (e *GenesisKeyError) Error() string {
	return fmt.Sprintf("signed for key %v, which is not in the Byron genesis file", e.Got)
}

// UncheckedError says that a header passed all checks that were possible, but
// not one that [Config.Require] asks for: more must be known.
type UncheckedError struct {
	Point   ledger.Point
	Missing Checks
}

// Error lists the checks, and says what to add.
func (e *UncheckedError) Error() string {
	return fmt.Sprintf("praos: header %v: cannot check %v: start from a state and a configuration that know more", e.Point, e.Missing)
}
