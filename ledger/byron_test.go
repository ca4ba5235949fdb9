package ledger

import (
	"bytes"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

// byronTestHeader is the items of a regular header, one by one.
type byronTestHeader struct {
	magic, prev, proof                      []byte
	slot, issuer, difficulty                []byte
	epoch, genesisKey, delegate, signature  []byte // certificate
	blockSignature                          []byte
	protocol, software, attributes, ebdHash []byte

	indefinite string // the record that is
}

func newByronTestHeader() *byronTestHeader {
	hash, key := withHead(2, 0, filled(1, 32)), withHead(2, 0, filled(2, 64))
	return &byronTestHeader{
		magic: []byte{1}, prev: hash,
		proof:      slices.Concat([]byte{0x84, 0x83, 0}, hash, hash, []byte{0x82, 3}, hash, hash, hash),
		slot:       []byte{0x82, 2, 5},
		issuer:     key,
		difficulty: []byte{0x81, 9},
		epoch:      []byte{0}, genesisKey: key, delegate: key, signature: key, blockSignature: key,
		protocol: []byte{0x83, 1, 0, 0}, software: []byte{0x82, 0x61, 'a', 1}, attributes: []byte{0xa0}, ebdHash: hash,
	}
}

func (h *byronTestHeader) record(name string, items ...[]byte) []byte {
	if h.indefinite == name {
		return indefinite(4, items...)
	}
	return definite(4, items...)
}

func (h *byronTestHeader) bytes() []byte {
	certificate := h.record("certificate", h.epoch, h.genesisKey, h.delegate, h.signature)
	signature := h.record("block signature", []byte{2}, h.record("delegated", certificate, h.blockSignature))
	return h.record("header", h.magic, h.prev, h.proof,
		h.record("consensus", h.slot, h.issuer, h.difficulty, signature),
		h.record("extra", h.protocol, h.software, h.attributes, h.ebdHash))
}

// The verdicts are read from cardano-ledger, eras/byron, Block/Header.hs and what
// it uses.
func TestByronHeaderForms(t *testing.T) {
	hash, key := withHead(2, 0, filled(1, 32)), withHead(2, 0, filled(2, 64))
	wideHash, wideKey := append([]byte{0x59, 0, 32}, hash[2:]...), append([]byte{0x59, 0, 64}, key[2:]...)
	for _, tt := range []struct {
		what   string
		change func(*byronTestHeader)
		ok     bool
	}{
		{"nothing", func(*byronTestHeader) {}, true},
		{"indefinite header", func(h *byronTestHeader) { h.indefinite = "header" }, false},
		{"indefinite consensus", func(h *byronTestHeader) { h.indefinite = "consensus" }, false},
		{"indefinite block signature", func(h *byronTestHeader) { h.indefinite = "block signature" }, false},
		{"indefinite delegated", func(h *byronTestHeader) { h.indefinite = "delegated" }, false},
		{"indefinite certificate", func(h *byronTestHeader) { h.indefinite = "certificate" }, false},
		{"indefinite extra data", func(h *byronTestHeader) { h.indefinite = "extra" }, false},
		{"indefinite slot", func(h *byronTestHeader) { h.slot = []byte{0x9f, 2, 5, 0xff} }, false},
		{"indefinite difficulty", func(h *byronTestHeader) { h.difficulty = []byte{0x9f, 9, 0xff} }, false},
		{"indefinite proof", func(h *byronTestHeader) { h.proof = slices.Concat([]byte{0x9f}, h.proof[1:], []byte{0xff}) }, false},
		{"indefinite version", func(h *byronTestHeader) { h.protocol = []byte{0x9f, 1, 0, 0, 0xff} }, false},
		{"indefinite attributes", func(h *byronTestHeader) { h.attributes = []byte{0xbf, 0xff} }, false},

		{"wide magic", func(h *byronTestHeader) { h.magic = wideHead(0, 8, 1) }, true},
		{"magic of 33 bits", func(h *byronTestHeader) { h.magic = wideHead(0, 8, 1<<32) }, false},
		{"negative magic", func(h *byronTestHeader) { h.magic = []byte{0x20} }, false},
		{"wide previous hash", func(h *byronTestHeader) { h.prev = wideHash }, true},
		{"short previous hash", func(h *byronTestHeader) { h.prev = withHead(2, 0, filled(1, 31)) }, false},
		{"proof of kind 0", func(h *byronTestHeader) {
			h.proof = slices.Concat([]byte{0x84, 0x83, 0}, hash, hash, []byte{0x83, 0, 0x40, 0x41, 1}, hash, hash)
		}, true},
		{"proof of kind 0 with one hash", func(h *byronTestHeader) {
			h.proof = slices.Concat([]byte{0x84, 0x83, 0}, hash, hash, []byte{0x82, 0, 0x40}, hash, hash)
		}, false},
		{"proof of kind 3 with two hashes", func(h *byronTestHeader) {
			h.proof = slices.Concat([]byte{0x84, 0x83, 0}, hash, hash, []byte{0x83, 3, 0x40, 0x40}, hash, hash)
		}, false},
		{"proof of kind 4", func(h *byronTestHeader) {
			h.proof = slices.Concat([]byte{0x84, 0x83, 0}, hash, hash, []byte{0x82, 4, 0x40}, hash, hash)
		}, false},
		{"slot beyond its epoch", func(h *byronTestHeader) { h.slot = []byte{0x82, 2, 0x19, 0xff, 0xff} }, true},
		{"epoch of 64 bits", func(h *byronTestHeader) { h.slot = slices.Concat([]byte{0x82}, wideHead(0, 8, 1<<59+2), []byte{5}) }, true},
		{"wide issuer", func(h *byronTestHeader) { h.issuer = wideKey }, false},
		{"wide genesis key", func(h *byronTestHeader) { h.genesisKey = wideKey }, false},
		{"wide delegate", func(h *byronTestHeader) { h.delegate = wideKey }, false},
		{"wide certificate signature", func(h *byronTestHeader) { h.signature = wideKey }, true},
		{"wide block signature", func(h *byronTestHeader) { h.blockSignature = wideKey }, true},
		{"short block signature", func(h *byronTestHeader) { h.blockSignature = hash }, false},
		{"wide epoch of the certificate", func(h *byronTestHeader) { h.epoch = []byte{0x18, 0} }, true},
		{"version of 17 bits", func(h *byronTestHeader) { h.protocol = []byte{0x83, 0x1a, 0, 1, 0, 0, 0, 0} }, false},
		{"alternative version of 9 bits", func(h *byronTestHeader) { h.protocol = []byte{0x83, 1, 0, 0x19, 1, 0} }, false},
		{"long application name", func(h *byronTestHeader) {
			h.software = slices.Concat([]byte{0x82}, cbor.AppendText(nil, "a name of more than twelve"), []byte{1})
		}, true},
		{"application name that is no UTF-8", func(h *byronTestHeader) { h.software = []byte{0x82, 0x61, 0xff, 1} }, false},
		{"application name in pieces", func(h *byronTestHeader) { h.software = []byte{0x82, 0x7f, 0xff, 1} }, false},
		{"an attribute", func(h *byronTestHeader) { h.attributes = []byte{0xa1, 1, 0x40} }, false},
		{"short hash of extra data", func(h *byronTestHeader) { h.ebdHash = []byte{0x40} }, true},
		{"number for the hash of extra data", func(h *byronTestHeader) { h.ebdHash = []byte{0} }, false},
	} {
		h := newByronTestHeader()
		tt.change(h)
		raw := RawHeader{Era: Byron, Bytes: h.bytes()}
		parsed, err := Mainnet.ParseHeader(raw)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v, want it taken: %t", tt.what, err, tt.ok)
		}
		if err != nil {
			continue
		}
		if no, err := raw.BlockNo(); err != nil || no != 9 || parsed.BlockNo != 9 {
			t.Errorf("%s: block number %d, %v, parsed %d", tt.what, no, err, parsed.BlockNo)
		}
		b, ok := parsed.Byron()
		if !ok || !bytes.Equal(b.PrevCBOR, h.prev) || !bytes.Equal(b.BodyProofCBOR, h.proof) || !bytes.Equal(b.SlotCBOR, h.slot) ||
			!bytes.Equal(b.DifficultyCBOR, h.difficulty) || !bytes.Equal(b.Certificate.EpochCBOR, h.epoch) ||
			!bytes.Equal(b.ExtraCBOR, h.record("extra", h.protocol, h.software, h.attributes, h.ebdHash)) {
			t.Errorf("%s: fields %+v", tt.what, b)
		}
		if parsed.Slot != Slot(b.Epoch*21600+b.SlotInEpoch) || parsed.Prev != repeated(1) || !parsed.HasPrev {
			t.Errorf("%s: header %+v", tt.what, parsed)
		}
	}
}

// A boundary header names the genesis hash as its predecessor if it is of epoch 0
// or has an attribute that says so.
func TestBoundaryHeaderForms(t *testing.T) {
	hash := withHead(2, 0, filled(1, 32))
	header := func(magic, consensus, extra []byte) []byte {
		return definite(4, magic, hash, hash, consensus, extra)
	}
	genesis := withHead(2, 0, []byte("Genesis"))
	one, none := []byte{1}, []byte{0x81, 0xa0}
	later := []byte{0x82, 1, 0x81, 9}
	for _, tt := range []struct {
		what    string
		bytes   []byte
		ok      bool
		hasPrev bool
	}{
		{"epoch 0", header(one, []byte{0x82, 0, 0x81, 9}, none), true, false},
		{"epoch 1", header(one, later, none), true, true},
		{"attribute", header(one, later, slices.Concat([]byte{0x81, 0xa1, 0x18, 255}, genesis)), true, false},
		{"attribute with wide heads", header(one, later, slices.Concat([]byte{0x81, 0xb8, 1, 0x19, 0, 255, 0x58, 7}, genesis[1:])), true, false},
		{"attribute after another", header(one, later, slices.Concat([]byte{0x81, 0xa2, 3, 0x40, 0x18, 255}, genesis)), true, false},
		{"attribute 254", header(one, later, slices.Concat([]byte{0x81, 0xa1, 0x18, 254}, genesis)), true, true},
		{"other case", header(one, later, slices.Concat([]byte{0x81, 0xa1, 0x18, 255}, withHead(2, 0, []byte("genesis")))), true, true},
		{"empty attribute", header(one, later, []byte{0x81, 0xa1, 0x18, 255, 0x40}), true, true},
		{"text", header(one, later, slices.Concat([]byte{0x81, 0xa1, 0x18, 255}, cbor.AppendText(nil, "Genesis"))), false, false},
		{"attribute twice", header(one, later, slices.Concat([]byte{0x81, 0xa2, 0x18, 255}, genesis, []byte{0x18, 255}, genesis)), false, false},
		{"attributes in another order", header(one, later, slices.Concat([]byte{0x81, 0xa2, 0x18, 255}, genesis, []byte{3, 0x40})), false, false},
		{"indefinite attributes", header(one, later, []byte{0x81, 0xbf, 0xff}), false, false},
		{"indefinite extra data", header(one, later, []byte{0x9f, 0xa0, 0xff}), false, false},
		{"indefinite consensus", header(one, []byte{0x9f, 1, 0x81, 9, 0xff}, none), false, false},
		{"indefinite difficulty", header(one, []byte{0x82, 1, 0x9f, 9, 0xff}, none), false, false},
		{"indefinite header", indefinite(4, one, hash, hash, later, none), false, false},
		{"largest magic", header(wideHead(0, 4, 1<<31-1), later, none), true, true},
		{"magic of 32 bits", header(wideHead(0, 4, 1<<31), later, none), false, false},
		{"negative magic", header([]byte{0x20}, later, none), true, true},
		{"slot cut to 64 bits, first of epoch 1", header(one, slices.Concat([]byte{0x82}, wideHead(0, 8, 1<<59+1), []byte{0x81, 9}), none), true, true},
		{"slot cut to 64 bits, not the first of an epoch", header(one, slices.Concat([]byte{0x82}, wideHead(0, 8, 1<<58+1), []byte{0x81, 9}), none), false, false},
	} {
		raw := RawHeader{Era: Byron, EBB: true, Bytes: tt.bytes}
		h, err := Mainnet.ParseHeader(raw)
		if (err == nil) != tt.ok || h.HasPrev != tt.hasPrev {
			t.Errorf("%s: %v, has previous: %t, want it taken: %t, %t", tt.what, err, h.HasPrev, tt.ok, tt.hasPrev)
		}
		if err != nil {
			continue
		}
		if h.PrevIs(Origin) == tt.hasPrev || h.PrevIs(Point{5, repeated(1)}) != tt.hasPrev {
			t.Errorf("%s: follows the wrong block: %+v", tt.what, h)
		}
		if no, err := raw.BlockNo(); err != nil || no != 9 || h.BlockNo != 9 {
			t.Errorf("%s: block number %d, %v, parsed %d", tt.what, no, err, h.BlockNo)
		}
	}
}
