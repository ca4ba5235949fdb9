package praos

import (
	"fmt"

	"github.com/ouronet/ouronet/ledger"
)

// Error says that a header failed a check, or, with [ErrUnchecked], that a check
// was not possible. Errors.Is compares it with a [Kind]:
//
//	errors.Is(err, praos.ErrCounterLow)
//
// Except with ErrUnchecked and [ErrFuture], the header is wrong for good: its maker
// is at fault, or a peer that changed it, and so is a peer that follows the rules of
// relaying headers and sent it.
type Error struct {
	Point  ledger.Point // of the header
	Check  Checks       // the one that failed; with ErrUnchecked, all that are missing
	Kind   Kind
	Detail string // what was compared, for people to read
}

// Error begins with the point of the header.
func (e *Error) Error() string { return fmt.Sprintf("praos: header %v: %s", e.Point, e.Detail) }

// Unwrap returns e.Kind.
func (e *Error) Unwrap() error { return e.Kind }

// Kind is what is wrong with a header. It is an error, so that errors.Is finds it
// in an [*Error].
type Kind uint8

// Kinds of errors, grouped by the check that fails.
const (
	// Of Envelope.
	ErrEra        Kind = iota + 1 // not the era that the slot is in
	ErrBlockNo                    // the block number does not follow the parent's
	ErrSlot                       // the slot is below the least that may follow the parent
	ErrPrevHash                   // the header names another parent
	ErrFirstBlock                 // a regular Byron header, which names a header before it, at the start of a chain
	ErrSize                       // header or body is larger than the limit
	ErrVersion                    // the major protocol version is not known
	ErrCheckpoint                 // the network has another block with this number
	ErrMagic                      // a regular Byron header for another network
	ErrMalformed                  // a field does not have the layout of its era

	// Of Certificate and KES.
	ErrCertificate  // the cold key did not sign the operational certificate
	ErrCounterLow   // the certificate's issue number is below the last one
	ErrCounterHigh  // in Praos: the certificate's issue number is more than one above the last one
	ErrKESEarly     // the slot is in a KES period before the certificate's first
	ErrKESLate      // the slot is in a KES period after the certificate's last
	ErrKESSignature // the certificate's hot key, at this evolution, did not sign the header

	// Of VRF, Bound and Leadership.
	ErrVRFKey        // not a key with which anything can be proved
	ErrVRFProof      // the proof does not hold for the slot under the epoch nonce
	ErrVRFOutput     // the header claims another output than the proof has
	ErrVRFBound      // with this leader value, not even the owner of all stake leads the slot
	ErrUnknownPool   // the issuer has no stake in the epoch
	ErrRegisteredKey // the issuer registered another VRF key
	ErrLeader        // the leader value is above what the issuer's share of the stake needs
	ErrOverlay       // the overlay slot is another genesis delegate's, or must stay empty

	// Of Byron and GenesisKey.
	ErrByronSignature // block or certificate is not signed by the key that it names
	ErrGenesisKey     // the genesis key is not one of the genesis file

	// Of CheckTime: the slot begins too long after now. Our clock or the peer's is
	// wrong, or the peer is. The header may pass later.
	ErrFuture

	// The header passed all checks that were possible, but not one that
	// Config.Require asks for: start from a state and a configuration that know
	// more.
	ErrUnchecked
)

var kinds = [...]string{
	ErrEra:            "wrong era",
	ErrBlockNo:        "wrong block number",
	ErrSlot:           "wrong slot",
	ErrPrevHash:       "wrong previous hash",
	ErrFirstBlock:     "wrong first block",
	ErrSize:           "too large",
	ErrVersion:        "unknown protocol version",
	ErrCheckpoint:     "not the block of the checkpoint",
	ErrMagic:          "wrong network magic",
	ErrMalformed:      "malformed header",
	ErrFuture:         "header from the future",
	ErrCertificate:    "wrong operational certificate",
	ErrCounterLow:     "operational certificate older than the last one",
	ErrCounterHigh:    "operational certificate too far ahead of the last one",
	ErrKESEarly:       "KES period before the operational certificate's first",
	ErrKESLate:        "KES period after the operational certificate's last",
	ErrKESSignature:   "wrong KES signature",
	ErrVRFKey:         "malformed VRF key",
	ErrVRFProof:       "wrong VRF proof",
	ErrVRFOutput:      "wrong VRF output",
	ErrVRFBound:       "VRF output that never leads",
	ErrUnknownPool:    "unknown pool",
	ErrRegisteredKey:  "not the registered VRF key",
	ErrLeader:         "not the slot leader",
	ErrOverlay:        "not the overlay slot's leader",
	ErrByronSignature: "wrong Byron signature",
	ErrGenesisKey:     "unknown Byron genesis key",
	ErrUnchecked:      "unchecked header",
}

// Error names the kind.
func (k Kind) Error() string {
	if int(k) < len(kinds) && k != 0 {
		return "praos: " + kinds[k]
	}
	return fmt.Sprintf("praos: unknown kind of error %d", uint8(k))
}

// fail returns an error about a header.
func fail(h *ledger.Header, check Checks, kind Kind, format string, args ...any) error {
	return &Error{h.Point(), check, kind, fmt.Sprintf(format, args...)}
}

func (j *Job) fail(check Checks, kind Kind, format string, args ...any) error {
	return fail(j.header, check, kind, format, args...)
}

// failPrevHash is for a header that names another parent. The zero hash stands for
// none.
func failPrevHash(h *ledger.Header, got, want ledger.Hash) error {
	return fail(h, Envelope, ErrPrevHash, "previous hash %v, want %v", got, want)
}
