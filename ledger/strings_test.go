package ledger

import (
	"bytes"
	"errors"
	"slices"
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
		{
			(&UnknownEraError{"block", 9}).Error(),
			"ledger: block of era 9, and this version of ouronet knows eras up to 7 (Dijkstra): a newer version is needed",
		},
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
}

// A Byron transaction of a kind that comes by itself has the shape of that kind.
func TestByronTxIDs(t *testing.T) {
	hash, key := withHead(2, 0, filled(1, 32)), withHead(2, 0, filled(2, 64))
	tx := byronTestTx(1)
	vote := slices.Concat([]byte{0x84}, key, hash, []byte{0xf5}, key)
	certificate := slices.Concat([]byte{0x84, 5}, key, key, key)
	proposal := slices.Concat([]byte{0x87, 0x83, 1, 0, 0, 0x8e}, bytes.Repeat([]byte{0x80}, 14),
		[]byte{0x82, 0x61, 'a', 1, 0xa0, 0xa0}, key, key)
	for _, tt := range []struct {
		kind  uint8
		bytes []byte
		body  []byte // nil if the Haskell node takes none
	}{
		{ByronTx, definite(4, tx, byronTestWitnesses(1)), tx},
		{ByronTx, indefinite(4, tx, byronTestWitnesses(1)), nil},
		{ByronTx, definite(4, tx), nil},
		{ByronTx, definite(4, []byte{0x80}, byronTestWitnesses(1)), nil},
		{ByronTx, definite(4, tx, []byte{0x9f, 0xff}), nil},
		{ByronDelegation, certificate, certificate},
		{ByronDelegation, vote, nil},
		{ByronUpdateProposal, proposal, proposal},
		{ByronUpdateProposal, []byte{0x80}, nil},
		{ByronUpdateVote, vote, vote},
		{ByronUpdateVote, indefinite(4, vote[1:]), nil},
		{ByronUpdateVote, append(bytes.Clone(vote), 0), nil},
		{4, vote, nil},
		{4, nil, nil},
	} {
		id, err := RawTx{Era: Byron, Kind: tt.kind, Bytes: tt.bytes}.ID()
		if (err == nil) != (tt.body != nil) || err == nil && id != (TxID{Byron, tt.kind, sum256(tt.body)}) {
			t.Errorf("kind %d, %x: %v, %v", tt.kind, tt.bytes, id, err)
		}
	}
}

// The error of the CBOR reader stays reachable.
func TestErrorsUnwrap(t *testing.T) {
	_, err := Preview.ParseBlock(mustUnhex("8207"))
	if err == nil || errors.Unwrap(err) == nil {
		t.Errorf("ParseBlock: %v", err)
	}
}

// Errors say what cannot be read.
func TestErrorPrefixes(t *testing.T) {
	header := func(raw RawHeader) []error {
		_, parse := Preview.ParseHeader(raw)
		_, number := raw.BlockNo()
		return []error{parse, number}
	}
	block, err := Preview.ParseBlock(shelleyTestBlock(Conway))
	if err != nil {
		t.Fatal(err)
	}
	block.body = block.body[:1]
	_, txs := block.Txs()
	_, whole := Preview.ParseBlock(RawBlock{0x82, 7, 0x85})
	_, tx := RawTx{Era: Mary}.ID()
	_, unknown := RawTx{Era: 9}.ID()
	at := block.Header.Point().String()
	for _, tt := range []struct {
		errs []error
		want string
	}{
		{header(RawHeader{Era: Byron}), "ledger: Byron header: cbor: "},
		{header(RawHeader{Era: Byron, EBB: true}), "ledger: Byron boundary header: cbor: "},
		{header(RawHeader{Era: Shelley}), "ledger: Shelley header: cbor: "},
		{header(RawHeader{Era: Dijkstra}), "ledger: Dijkstra header: cbor: "},
		{header(RawHeader{Era: 9}), "ledger: header of era 9, and "},
		{[]error{whole}, "ledger: block: cbor: "},
		{[]error{block.CheckBody()}, "ledger: body of block " + at + ": cbor: "},
		{[]error{txs}, "ledger: transactions of block " + at + ": cbor: "},
		{[]error{tx}, "ledger: Mary transaction: cbor: "},
		{[]error{unknown}, "ledger: transaction of era 9, and "},
	} {
		for _, err := range tt.errs {
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		}
	}
}
