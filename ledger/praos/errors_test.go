package praos

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// details has the text of each kind of error: the wrong value and the right one.
var details = map[Kind]string{
	ErrEra:            `era Conway in slot \d+, which is in Babbage|era Babbage in slot \d+, which is in Conway`,
	ErrBlockNo:        `block number \d+, want \d+`,
	ErrSlot:           `slot \d+, want at least \d+`,
	ErrPrevHash:       `previous hash HASH, want HASH`,
	ErrSize:           `(header|body) of \d+ bytes, at most \d+ are allowed`,
	ErrVersion:        `major protocol version 12, at most \d+ is known`,
	ErrCheckpoint:     `block 99 is not the network's, which is HASH`,
	ErrCertificate:    `operational certificate is not signed by the cold key of POOL`,
	ErrCounterLow:     `operational certificate of POOL has number \d+, want \d+ to \d+`,
	ErrCounterHigh:    `operational certificate of POOL has number \d+, want \d+ to \d+|first operational certificate of POOL has number \d+, at most \d+ is allowed`,
	ErrKESEarly:       `KES period \d+, but the certificate is for 10 periods from \d+ on`,
	ErrKESLate:        `KES period \d+, but the certificate is for 10 periods from \d+ on`,
	ErrKESSignature:   `not signed by the hot key of POOL at evolution \d+`,
	ErrVRFKey:         `HASH is not a VRF key`,
	ErrVRFProof:       `(nonce|leader) VRF proof does not hold under epoch nonce HASH`,
	ErrVRFOutput:      `(nonce|leader) VRF output is HASHHASH, the proof's is HASHHASH`,
	ErrVRFBound:       `leader value HASH is not in the first \d+/\d+, so no stake is enough`,
	ErrUnknownPool:    `issuer POOL has no stake in epoch \d+`,
	ErrRegisteredKey:  `VRF key of POOL has hash HASH, registered is HASH`,
	ErrLeader:         `POOL with \d+/\d+ of the stake does not lead with value (HASH)+`,
	ErrOverlay:        `overlay slot of POOL, but a block by POOL|overlay slot without a leader, but a block by POOL`,
	ErrByronSignature: `Byron (certificate|block) signature does not hold`,
	ErrGenesisKey:     `signed for key POOL, which is not in the Byron genesis file`,
}

// checkDetail checks the text of an error about h.
func checkDetail(t *testing.T, err error, h *ledger.Header) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v (%T)", err, err)
	}
	pattern := strings.NewReplacer("HASH", "[0-9a-f]{64}", "POOL", "[0-9a-f]{56}").Replace(details[e.Kind])
	if pattern == "" || !regexp.MustCompile("^("+pattern+")$").MatchString(e.Detail) {
		t.Errorf("%q, want %q", e.Detail, details[e.Kind])
	}
	if want := "praos: header " + h.Point().String() + ": " + e.Detail; e.Error() != want {
		t.Errorf("%q, want %q", e, want)
	}
}

// Errors.Is finds the kind in an error, and no other.
func TestErrorKinds(t *testing.T) {
	seen := make(map[string]bool)
	for k := ErrEra; k <= ErrUnchecked; k++ {
		err := error(&Error{Kind: k})
		for other := ErrEra; other <= ErrUnchecked; other++ {
			if errors.Is(err, other) != (k == other) {
				t.Errorf("an error of kind %v: %t for %v", k, k != other, other)
			}
		}
		if name := k.Error(); seen[name] || len(name) < len("praos: x") {
			t.Errorf("kind %d is %q", uint8(k), name)
		} else {
			seen[name] = true
		}
	}
	for _, k := range []Kind{0, ErrUnchecked + 1} {
		if got := k.Error(); !strings.HasPrefix(got, "praos: unknown kind") {
			t.Errorf("kind %d: %q", uint8(k), got)
		}
	}
}

func TestCheckNames(t *testing.T) {
	if got := Checks(0).String(); got != "nothing" {
		t.Error(got)
	}
	all := Envelope | Certificate | KES | VRF | Bound | Leadership | Byron | GenesisKey
	if got, want := all.String(), "envelope, certificate, KES, VRF, VRF bound, leadership, Byron signatures, Byron genesis key"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
