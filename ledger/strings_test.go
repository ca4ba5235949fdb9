package ledger

import (
	"errors"
	"strings"
	"testing"
)

func TestStrings(t *testing.T) {
	p := Point{5, repeated(0x11)}
	h := strings.Repeat("11", 32)
	for _, tt := range []struct{ got, want string }{
		{Origin.String(), "origin"},
		{p.String(), "5." + h},
		{Tip{}.String(), "origin"},
		{Tip{p, 7}.String(), "5." + h + " (block 7)"},
		{Conway.String(), "Conway"},
		{Era(9).String(), "Era(9)"},
		{(&BodyError{p, PartSize, "3", "4"}).Error(), "ledger: block 5." + h + ": body size is 4, header says 3"},
		{TxID{Era: Mary, Hash: repeated(0x11)}.String(), h + " (Mary)"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
	header := Header{Slot: 5, Hash: repeated(0x11), BlockNo: 7}
	if got := header.Tip(); got != (Tip{p, 7}) {
		t.Errorf("Tip() = %v", got)
	}
}

func TestParseHash(t *testing.T) {
	h := strings.Repeat("11", 32)
	if got, err := ParseHash(h); err != nil || got != repeated(0x11) {
		t.Errorf("ParseHash = %v, %v", got, err)
	}
	for _, s := range []string{"", h[2:], h + "11", "zz" + h[2:]} {
		if _, err := ParseHash(s); err == nil {
			t.Errorf("%q is a hash", s)
		}
	}
}

func TestTxIDRefuses(t *testing.T) {
	for _, tx := range []RawTx{
		{Era: Conway},
		{Era: 8, Bytes: mustUnhex(txX00)},
		{Era: Mary, Bytes: mustUnhex(txX00)}, // four parts, not three
		{Era: Conway, Bytes: append(mustUnhex(txX00), 0)},
		{Era: Byron, Kind: ByronUpdateVote},
	} {
		if id, err := tx.ID(); err == nil {
			t.Errorf("%v transaction %x has id %v", tx.Era, tx.Bytes, id)
		}
	}
	vote := RawTx{Era: Byron, Kind: ByronUpdateVote, Bytes: []byte{0x80}}
	if id, err := vote.ID(); err != nil || id != (TxID{Byron, ByronUpdateVote, sum256([]byte{0x80})}) {
		t.Errorf("id of a vote: %v, %v", id, err)
	}
}

// The error of the CBOR reader stays reachable.
func TestErrorsUnwrap(t *testing.T) {
	_, err := Preview.ParseBlock(mustUnhex("8207"))
	if err == nil || errors.Unwrap(err) == nil {
		t.Errorf("ParseBlock: %v", err)
	}
}
