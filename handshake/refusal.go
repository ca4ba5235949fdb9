package handshake

import (
	"fmt"
	"strconv"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Reason is why a handshake was refused.
type Reason uint8

// The reasons. (handshake, 4)
const (
	VersionMismatch      Reason = iota // no version in common
	HandshakeDecodeError               // the data of the chosen version is malformed
	Refused                            // the data is not acceptable: another network
)

// Refusal is the content of MsgRefuse.
type Refusal struct {
	Reason   Reason
	Versions []uint64 // VersionMismatch: what the refusing side takes
	Version  Version  // otherwise: the version that was chosen
	Text     string   // otherwise: free text for people, at most 1,024 bytes
}

// maxText keeps what a peer can put in our logs short.
const maxText = 1024

// RefusedError says that the handshake ended without agreement. Do not retry
// unchanged.
type RefusedError struct {
	ByUs bool // we refused the peer, not the other way round
	Refusal
}

// Error says who refused whom, and why.
func (e *RefusedError) Error() string {
	who := "handshake: the peer refused us"
	if e.ByUs {
		who = "handshake: we refused the peer"
	}
	switch e.Reason {
	case VersionMismatch:
		return fmt.Sprintf("%s: no version in common, it takes %s", who, few(e.Versions))
	case HandshakeDecodeError:
		return fmt.Sprintf("%s: data of version %d is malformed: %s", who, e.Version, quote(e.Text))
	}
	return fmt.Sprintf("%s: version %d: %s", who, e.Version, quote(e.Text))
}

// What a peer wrote takes at most so much of a line: characters after quoting,
// and versions.
const (
	maxQuoted = 100
	maxListed = 5
)

// quote returns the text in quotes, or its start with dots.
func quote(text string) string {
	q := []rune(strconv.Quote(text))
	if len(q) <= maxQuoted {
		return string(q)
	}
	return string(q[:maxQuoted-4]) + `..."`
}

// few lists the versions, or the first with how many more there are.
func few(versions []uint64) string {
	if n := len(versions) - maxListed; n > 0 {
		return fmt.Sprintf("%d and %d more", versions[:maxListed], n)
	}
	return fmt.Sprint(versions)
}

func (r Refusal) appendCBOR(dst []byte) []byte {
	if r.Reason == VersionMismatch {
		dst = cbor.AppendUint(cbor.AppendArray(dst, 2), uint64(r.Reason))
		dst = cbor.AppendArray(dst, len(r.Versions))
		for _, v := range r.Versions {
			dst = cbor.AppendUint(dst, v)
		}
		return dst
	}
	dst = cbor.AppendUint(cbor.AppendArray(dst, 3), uint64(r.Reason))
	dst = cbor.AppendUint(dst, uint64(r.Version))
	return cbor.AppendText(dst, r.Text)
}

// readRefusal reads a reason. The length of its array is definite and not
// checked further. (handshake, 5)
func readRefusal(r *cbor.Reader) Refusal {
	r.Array()
	reason := Reason(r.UintMax(uint64(Refused)))
	if reason == VersionMismatch {
		refusal := Refusal{Reason: reason}
		for n := r.Array(); r.More(&n); {
			refusal.Versions = append(refusal.Versions, r.Uint())
		}
		return refusal
	}
	refusal := Refusal{Reason: reason, Version: readVersion(r), Text: r.Text()}
	refusal.Text = refusal.Text[:min(len(refusal.Text), maxText)]
	return refusal
}
