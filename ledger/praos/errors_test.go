package praos

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// What an error says: whose header, what was wrong with it and what would be
// right.
func TestErrorTexts(t *testing.T) {
	pool, other, hash := PoolID{0xab}, PoolID{0xcd}, ledger.Hash{0xef}
	short := strings.NewReplacer(pool.String(), "POOL", other.String(), "OTHER", hash.String(), "HASH", ledger.Hash{}.String(), "ZERO").Replace
	for _, test := range []struct {
		err  error
		want string
	}{
		{&EraError{5, ledger.Conway, ledger.Babbage}, "era Conway in slot 5, which is in Babbage"},
		{&BlockNoError{3, 4}, "block number 3, want 4"},
		{&SlotError{5, 6, 7}, "slot 5, want 6 to 7"},
		{&PrevHashError{hash, ledger.Hash{}}, "previous hash HASH, want ZERO"},
		{&SizeError{"header", 1101, 1100}, "header of 1101 bytes, at most 1100 are allowed"},
		{&VersionError{12, 11}, "major protocol version 12, at most 11 is known"},
		{&CheckpointError{9, ledger.Hash{}, hash}, "block 9 is not the network's, which is HASH"},
		{&MagicError{1, 2}, "network magic 1, want 2"},
		{&MalformedError{ledger.Mary}, "not a Mary header"},
		{&CertificateError{pool}, "operational certificate is not signed by the cold key of POOL"},
		{&CounterError{pool, 5, 3, 4, false}, "operational certificate of POOL has number 5, want 3 to 4"},
		{&CounterError{pool, 5, 0, 1, true}, "first operational certificate of POOL has number 5, at most 1 is allowed"},
		{&KESPeriodError{9, 2, 6}, "KES period 9, but the certificate is for 6 periods from 2 on"},
		{&KESSignatureError{pool, 3}, "not signed by the hot key of POOL at evolution 3"},
		{&VRFKeyError{hash}, "HASH is not a VRF key"},
		{&VRFProofError{"nonce", Nonce{}}, "nonce VRF proof does not hold under epoch nonce neutral"},
		{&VRFProofError{"leader", NonceOf(hash)}, "leader VRF proof does not hold under epoch nonce HASH"},
		{&VRFBoundError{hash, ledger.Ratio{Num: 1, Den: 20}}, "leader value HASH is not in the first 1/20, so no stake is enough"},
		{&UnknownPoolError{pool, 7}, "issuer POOL has no stake in epoch 7"},
		{&RegisteredKeyError{pool, hash, ledger.Hash{}}, "VRF key of POOL has hash HASH, registered is ZERO"},
		{&LeaderError{pool, []byte{1, 2}, ledger.Ratio{Num: 3, Den: 4}}, "POOL with 3/4 of the stake does not lead with value 0102"},
		{&OverlayError{pool, other}, "overlay slot of OTHER, but a block by POOL"},
		{&OverlayError{pool, PoolID{}}, "overlay slot without a leader, but a block by POOL"},
		{&ByronSignatureError{"block"}, "Byron block signature does not hold"},
		{&GenesisKeyError{pool}, "signed for key POOL, which is not in the Byron genesis file"},
		{
			&UncheckedError{ledger.Point{Slot: 5, Hash: hash}, VRF | Leadership},
			"praos: header 5.HASH: cannot check VRF, leadership: start from a state and a configuration that know more",
		},
		{&FutureError{Slot: 8, TooEarly: 3 * time.Second}, "praos: header of slot 8 came 3s before the slot begins: check the clock"},
	} {
		if got := short(test.err.Error()); got != test.want {
			t.Errorf("%T: %q, want %q", test.err, got, test.want)
		}
	}
	cause := &MagicError{1, 2}
	err := &Error{ledger.Point{Slot: 5, Hash: hash}, Envelope, cause}
	if got := short(err.Error()); got != "praos: header 5.HASH: network magic 1, want 2" || !errors.Is(err, cause) {
		t.Errorf("%q, of %v", got, errors.Unwrap(err))
	}
	output := (&VRFOutputError{"leader", [64]byte{1}, [64]byte{2}}).Error()
	if want := "leader VRF output is 01" + strings.Repeat("0", 126) + ", the proof's is 02" + strings.Repeat("0", 126); output != want {
		t.Errorf("%q", output)
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
