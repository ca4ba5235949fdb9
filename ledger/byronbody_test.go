package ledger

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

// The verdicts here are read from the decoders of cardano-ledger, eras/byron, and
// not from the table of shapes. The header's proof is right in each.
func TestByronBlockForms(t *testing.T) {
	key, wideKey := withHead(2, 0, filled(1, 64)), append([]byte{0x59, 0, 64}, filled(1, 64)...)
	hash, h28 := withHead(2, 0, filled(2, 32)), withHead(2, 0, filled(2, 28))
	certificates := []byte{0xd9, 1, 2, 0x80}
	extra := func(b ...byte) func(*byronTestParts) { return func(p *byronTestParts) { p.extra = b } }
	ssc := func(b ...[]byte) func(*byronTestParts) {
		return func(p *byronTestParts) { p.ssc = slices.Concat(b...) }
	}
	delegation := func(b ...[]byte) func(*byronTestParts) {
		return func(p *byronTestParts) { p.delegation = slices.Concat(b...) }
	}
	update := func(b ...[]byte) func(*byronTestParts) {
		return func(p *byronTestParts) { p.update = slices.Concat(b...) }
	}
	witnesses := func(b ...[]byte) func(*byronTestParts) {
		return func(p *byronTestParts) { p.witnesses[0] = slices.Concat(b...) }
	}
	// tx replaces old, which is there once, in the first transaction.
	tx := func(old, repl []byte) func(*byronTestParts) {
		return func(p *byronTestParts) {
			if bytes.Count(p.txs[0], old) != 1 {
				t.Fatalf("%x is not once in %x", old, p.txs[0])
			}
			p.txs[0] = bytes.Replace(p.txs[0], old, repl, 1)
		}
	}
	address := func(attributes []byte, kind ...byte) func(*byronTestParts) {
		a := slices.Concat([]byte{0x83}, h28, attributes, kind)
		s := checksummed(uint8Shape)
		return tx(byronTestAddress(0), s.wrap(a))
	}
	output := slices.Concat([]byte{0x82}, byronTestAddress(0), []byte{1})
	input := slices.Concat([]byte{0x82, 0, 0xd8, 24, 0x58, 36, 0x82, 0x58, 32}, make([]byte, 32), []byte{0})
	proposal := func(parameters, installers []byte) func(*byronTestParts) {
		return update([]byte{0x82, 0x81, 0x87, 0x83, 1, 0, 0}, parameters,
			[]byte{0x82, 0x61, 'a', 1}, installers, []byte{0xa0}, key, key, []byte{0x9f, 0xff})
	}
	noParameters := append([]byte{0x8e}, bytes.Repeat([]byte{0x80}, 14)...)
	installer := slices.Concat([]byte{0x84, 0x40}, hash, []byte{0x40, 0x40})
	parameter := func(at int, value ...byte) []byte {
		return slices.Concat(noParameters[:1+at], append([]byte{0x81}, value...), noParameters[2+at:])
	}
	for _, tt := range []struct {
		what   string
		change func(*byronTestParts)
		ok     bool
	}{
		{"nothing", func(*byronTestParts) {}, true},

		{"extra data: number", extra(0), false},
		{"extra data: 65,535 zeros", extra(append([]byte{0x59, 0xff, 0xff}, make([]byte, 65535)...)...), false},
		{"extra data: an attribute", extra(0x81, 0xa1, 1, 0x41, 7), false},
		{"extra data: indefinite", extra(0x9f, 0xa0, 0xff), false},
		{"extra data: indefinite map", extra(0x81, 0xbf, 0xff), false},
		{"extra data: two maps", extra(0x82, 0xa0, 0xa0), false},
		{"extra data: nothing", extra(0x80), false},
		{"extra data: wider heads", extra(0x98, 1, 0xb9, 0, 0), true},
		{"extra data: null", extra(0xf6), false},

		{"seed: no commitments", ssc([]byte{0x83, 0}, certificates, certificates), true},
		{"seed: commitments without a tag", ssc([]byte{0x83, 0, 0x80}, certificates), false},
		{"seed: no openings", ssc([]byte{0x83, 1, 0xa0}, certificates), true},
		{"seed: openings", ssc([]byte{0x83, 1, 0xa2, 0x41, 2, 0x40, 0x41, 1, 0x40}, certificates), true},
		{"seed: indefinite openings", ssc([]byte{0x83, 1, 0xbf, 0xff}, certificates), false},
		{"seed: shares", ssc([]byte{0x83, 2, 0xa1, 0x40, 0xa1, 0x40, 0x9f, 0x40, 0xff}, certificates), true},
		{"seed: shares in a definite list", ssc([]byte{0x83, 2, 0xa1, 0x40, 0xa1, 0x40, 0x81, 0x40}, certificates), false},
		{"seed: certificates in another tag", ssc([]byte{0x82, 3, 0xc7, 0x80}), true},
		{"seed: certificates without a tag", ssc([]byte{0x82, 3, 0x80}), false},
		{"seed: indefinite certificates", ssc([]byte{0x82, 3, 0xd9, 1, 2, 0x9f, 0xff}), false},
		{"seed: a certificate", ssc([]byte{0x82, 3, 0xd9, 1, 2, 0x81, 0x84, 0x40, 5, 0x40, 0x40}), true},
		{"seed: a certificate of the wrong length", ssc([]byte{0x82, 3, 0xd9, 1, 2, 0x81, 0x83, 0x40, 5, 0x40}), false},
		{"seed: kind 3 with more", ssc([]byte{0x83, 3}, certificates, certificates), false},
		{"seed: kind 4", ssc([]byte{0x82, 4}, certificates), false},
		{"seed: nothing", ssc([]byte{0x80}), false},
		{"seed: indefinite", ssc([]byte{0x9f, 3}, certificates, []byte{0xff}), false},
		{"seed: junk", ssc(withHead(2, 0, make([]byte, 1000))), false},

		{"delegation: definite", delegation([]byte{0x80}), false},
		{"delegation: a certificate", delegation([]byte{0x9f, 0x84, 1}, key, key, key, []byte{0xff}), true},
		{"delegation: wide epoch and signature", delegation([]byte{0x9f, 0x84, 0x18, 1}, key, key, wideKey, []byte{0xff}), true},
		{"delegation: wide key", delegation([]byte{0x9f, 0x84, 1}, wideKey, key, key, []byte{0xff}), false},
		{"delegation: indefinite certificate", delegation([]byte{0x9f, 0x9f, 1}, key, key, key, []byte{0xff, 0xff}), false},
		{"delegation: short key", delegation([]byte{0x9f, 0x84, 1}, hash, key, key, []byte{0xff}), false},

		{"update: definite votes", update([]byte{0x82, 0x80, 0x80}), false},
		{"update: indefinite proposal", update([]byte{0x82, 0x9f, 0xff, 0x9f, 0xff}), false},
		{"update: indefinite", update([]byte{0x9f, 0x80, 0x9f, 0xff, 0xff}), false},
		{"update: a vote", update([]byte{0x82, 0x80, 0x9f, 0x84}, key, hash, []byte{0xf4}, key, []byte{0xff}), true},
		{"update: a vote with a number", update([]byte{0x82, 0x80, 0x9f, 0x84}, key, hash, []byte{1}, key, []byte{0xff}), false},
		{"update: a proposal", proposal(noParameters, []byte{0xa0}), true},
		{"update: installers", proposal(noParameters, slices.Concat([]byte{0xa2, 0x61, 'a'}, installer, []byte{0x61, 'b'}, installer)), true},
		{"update: a shorter installer after a longer", proposal(noParameters, slices.Concat([]byte{0xa2, 0x62, 'a', 'a'}, installer, []byte{0x61, 'b'}, installer)), true},
		{"update: installers in another order", proposal(noParameters, slices.Concat([]byte{0xa2, 0x61, 'b'}, installer, []byte{0x61, 'a'}, installer)), false},
		{"update: an installer twice", proposal(noParameters, slices.Concat([]byte{0xa2, 0x61, 'a'}, installer, []byte{0x61, 'a'}, installer)), false},
		{"update: a proposal with an attribute", update([]byte{0x82, 0x81, 0x87, 0x83, 1, 0, 0}, noParameters,
			[]byte{0x82, 0x61, 'a', 1, 0xa0, 0xa1, 0, 0x40}, key, key, []byte{0x9f, 0xff}), false},
		{"update: script version", proposal(parameter(0, 0x19, 0xff, 0xff), []byte{0xa0}), true},
		{"update: script version too large", proposal(parameter(0, 0x1a, 0, 1, 0, 0), []byte{0xa0}), false},
		{"update: big slot duration", proposal(parameter(1, 0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0), []byte{0xa0}), true},
		{"update: negative slot duration", proposal(parameter(1, 0x20), []byte{0xa0}), false},
		{"update: portion 1", proposal(parameter(6, 0x1b, 0, 3, 0x8d, 0x7e, 0xa4, 0xc6, 0x80, 0), []byte{0xa0}), true},
		{"update: portion above 1", proposal(parameter(6, 0x1b, 0, 3, 0x8d, 0x7e, 0xa4, 0xc6, 0x80, 1), []byte{0xa0}), false},
		{"update: fee policy", proposal(parameter(12, 0x82, 0, 0xd8, 24, 0x43, 0x82, 1, 0x20), []byte{0xa0}), true},
		{"update: negative fee", proposal(parameter(12, 0x82, 0, 0xd8, 24, 0x47, 0x82, 0x3a, 0x40, 0, 0, 0, 0), []byte{0xa0}), false},

		{"transaction: no inputs", tx(slices.Concat([]byte{0x9f}, input, []byte{0xff}), []byte{0x9f, 0xff}), false},
		{"transaction: no outputs", tx(slices.Concat([]byte{0x9f}, output, []byte{0xff}), []byte{0x9f, 0xff}), false},
		{"transaction: definite inputs", tx(slices.Concat([]byte{0x9f}, input, []byte{0xff}), append([]byte{0x81}, input...)), false},
		{"transaction: input of kind 1", tx(input, append([]byte{0x82, 1}, input[2:]...)), false},
		{"transaction: output 65,535", tx(input, slices.Concat([]byte{0x82, 0, 0xd8, 24, 0x58, 38}, input[6:len(input)-1], []byte{0x19, 0xff, 0xff})), true},
		{"transaction: output 65,536", tx(input, slices.Concat([]byte{0x82, 0, 0xd8, 24, 0x58, 40}, input[6:len(input)-1], []byte{0x1a, 0, 1, 0, 0})), false},
		{"transaction: all lovelace", tx(output, slices.Concat(output[:len(output)-1], cbor.AppendUint(nil, 45e15))), true},
		{"transaction: more than all lovelace", tx(output, slices.Concat(output[:len(output)-1], cbor.AppendUint(nil, 45e15+1))), false},
		{"transaction: attributes", tx([]byte{1, 0xff, 0xa0}, []byte{1, 0xff, 0xa2, 1, 0x40, 0x18, 255, 0x40}), true},
		{"transaction: attributes in another order", tx([]byte{1, 0xff, 0xa0}, []byte{1, 0xff, 0xa2, 2, 0x40, 1, 0x40}), false},
		{"transaction: attribute 256", tx([]byte{1, 0xff, 0xa0}, []byte{1, 0xff, 0xa1, 0x19, 1, 0, 0x40}), false},
		{"transaction: attribute in pieces", tx([]byte{1, 0xff, 0xa0}, []byte{1, 0xff, 0xa1, 1, 0x5f, 0xff}), false},
		{"address: for redeeming", address([]byte{0xa0}, 2), true},
		{"address: of a script", address([]byte{0xa0}, 1), false},
		{"address: wide kind", address([]byte{0xa0}, 0x18, 0), false},
		{"address: derivation path", address([]byte{0xa1, 1, 0x43, 0x42, 9, 9}, 0), true},
		{"address: derivation path with a wide head", address([]byte{0xa1, 1, 0x44, 0x58, 2, 9, 9}, 0), false},
		{"address: derivation path and more", address([]byte{0xa1, 1, 0x44, 0x42, 9, 9, 9}, 0), false},
		{"address: empty derivation path attribute", address([]byte{0xa1, 1, 0x40}, 0), false},
		{"address: magic", address([]byte{0xa1, 2, 0x45, 0x1a, 0x41, 0x70, 0xcb, 0x17}, 0), true},
		{"address: wide magic", address([]byte{0xa1, 2, 0x45, 0x1a, 0, 0, 0, 1}, 0), false},
		{"address: unknown attribute", address([]byte{0xa1, 3, 0x44, 0x58, 2, 9, 9}, 0), true},
		{"address: indefinite attributes", address([]byte{0xbf, 0xff}, 0), false},
		{"address: wrong checksum", tx(byronTestAddress(0), append(byronTestAddress(0)[:38], 0x1a, 1, 2, 3, 4)), false},

		{"witnesses: none", witnesses([]byte{0x80}), true},
		{"witnesses: indefinite", witnesses([]byte{0x9f, 0xff}), false},
		{"witnesses: redeeming", witnesses([]byte{0x81, 0x82, 2, 0xd8, 24, 0x58, 101, 0x82}, hash, key), true},
		{"witnesses: redeeming with the key of another kind", witnesses([]byte{0x81, 0x82, 2, 0xd8, 24, 0x58, 133, 0x82}, key, key), false},
		{"witnesses: script", witnesses([]byte{0x81, 0x82, 1, 0xd8, 24, 0x42, 0x80, 0}), false},
		{"witnesses: wide key", witnesses([]byte{0x81, 0x82, 0, 0xd8, 24, 0x58, 134, 0x82}, wideKey, key), false},
		{"witnesses: wide signature", witnesses([]byte{0x81, 0x82, 0, 0xd8, 24, 0x58, 134, 0x82}, key, wideKey), true},
		{"witnesses: map", witnesses([]byte{0xa1, 0, 0xf6}), false},
	} {
		p := byronTestBody(2)
		tt.change(&p)
		b, err := Mainnet.ParseBlock(p.block())
		if err != nil {
			t.Fatal(err)
		}
		err = b.CheckBody()
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v, want it taken: %t", tt.what, err, tt.ok)
		}
		if errors.As(err, new(*BodyError)) {
			t.Errorf("%s: its hash is wrong: %v", tt.what, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: a long reason: %v", tt.what, err)
		}
	}
}

// The arrays that hold a block together are under no hash.
func TestByronBlockArrays(t *testing.T) {
	p := byronTestBody(1)
	raw := p.block()
	whole := headerAndBefore(raw)
	head, header, body := raw[:2], raw[3:len(whole)], raw[len(whole):len(raw)-2]
	payload := slices.Concat([]byte{0x82}, p.txs[0], p.witnesses[0])
	rest := slices.Concat(p.ssc, p.delegation, p.update)
	ends := []byte{0xff}
	for _, tt := range []struct {
		what string
		raw  []byte
		ok   bool
	}{
		{"the block", slices.Concat(head, []byte{0x83}, header, body, p.extra), true},
		{"indefinite wrapper", slices.Concat([]byte{0x9f, 1, 0x83}, header, body, p.extra, ends), false},
		{"indefinite block", slices.Concat(head, []byte{0x9f}, header, body, p.extra, ends), false},
		{"block with a wider head", slices.Concat(head, []byte{0x9a, 0, 0, 0, 3}, header, body, p.extra), true},
		{"block of four", slices.Concat(head, []byte{0x84}, header, body, p.extra, p.extra), false},
		{"indefinite body", slices.Concat(head, []byte{0x83}, header, []byte{0x9f}, body[1:], ends, p.extra), false},
		{"body of five", slices.Concat(head, []byte{0x83}, header, []byte{0x85}, body[1:], []byte{0}, p.extra), false},
		{"definite transactions", slices.Concat(head, []byte{0x83}, header, []byte{0x84, 0x81}, payload, rest, p.extra), false},
		{"indefinite pair", slices.Concat(head, []byte{0x83}, header, []byte{0x84, 0x9f, 0x9f}, payload[1:], ends, ends, rest, p.extra), false},
		{"wider pair", slices.Concat(head, []byte{0x83}, header, []byte{0x84, 0x9f, 0x98, 2}, payload[1:], ends, rest, p.extra), true},
		{"triple", slices.Concat(head, []byte{0x83}, header, []byte{0x84, 0x9f, 0x83}, payload[1:], []byte{0}, ends, rest, p.extra), false},
		{"block in a tag", slices.Concat(head, []byte{0xc1, 0x83}, header, body, p.extra), false},
	} {
		b, err := Mainnet.ParseBlock(tt.raw)
		if err == nil {
			err = b.CheckBody()
		}
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v, want it taken: %t", tt.what, err, tt.ok)
		}
		if tt.ok && !bytes.Equal(b.Raw, tt.raw) {
			t.Errorf("%s: other bytes are kept", tt.what)
		}
	}
}

// cardano-node takes a wrapper in any form, but writes and reads its files in the
// shortest.
func TestWideWrapper(t *testing.T) {
	for _, raw := range []RawBlock{byronTestBlock(1), mustUnhex(ebbB5), shelleyTestBlock(Conway)} {
		for _, head := range [][]byte{{0x98, 2, raw[1]}, {0x82, 0x18, raw[1]}, {0x9b, 0, 0, 0, 0, 0, 0, 0, 2, 0x1a, 0, 0, 0, raw[1]}} {
			wide := append(bytes.Clone(head), raw[2:]...)
			if b := checkBlock(t, Mainnet, wide); !bytes.Equal(b.Raw, raw) {
				t.Errorf("the block with head %x is kept as %x", head, b.Raw[:8])
			}
		}
	}
}

func TestBoundaryBlockForms(t *testing.T) {
	header := mustUnhex(ebbW8)
	for _, tt := range []struct {
		what        string
		body, extra []byte
		ok          bool
	}{
		{"empty", []byte{0x9f, 0xff}, []byte{0x81, 0xa0}, true},
		{"leaders", []byte{0x9f, 0x41, 1, 0x40, 0xff}, []byte{0x81, 0xa0}, true},
		{"definite leaders", []byte{0x80}, []byte{0x81, 0xa0}, false},
		{"leader in pieces", []byte{0x9f, 0x5f, 0xff, 0xff}, []byte{0x81, 0xa0}, false},
		{"leader that is a number", []byte{0x9f, 0, 0xff}, []byte{0x81, 0xa0}, false},
		{"attributes in any order", []byte{0x9f, 0xff}, []byte{0x81, 0xa3, 2, 0x41, 7, 1, 0x40, 1, 0x40}, true},
		{"attribute 256", []byte{0x9f, 0xff}, []byte{0x81, 0xa1, 0x19, 1, 0, 0x40}, false},
		{"attribute that is a number", []byte{0x9f, 0xff}, []byte{0x81, 0xa1, 1, 1}, false},
		{"indefinite attributes", []byte{0x9f, 0xff}, []byte{0x81, 0xbf, 0xff}, false},
		{"indefinite extra data", []byte{0x9f, 0xff}, []byte{0x9f, 0xa0, 0xff}, false},
		{"number for extra data", []byte{0x9f, 0xff}, []byte{0}, false},
		{"no extra data", []byte{0x9f, 0xff}, []byte{0x80}, false},
	} {
		sum := sum256(tt.body)
		h := bytes.Clone(header)
		copy(h[bytes.Index(h, mustUnhex("afc0da64")):], sum[:])
		b, err := Mainnet.ParseBlock(slices.Concat([]byte{0x82, 0, 0x83}, h, tt.body, tt.extra))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.CheckBody(); (err == nil) != tt.ok || errors.As(err, new(*BodyError)) {
			t.Errorf("%s: %v, want it taken: %t", tt.what, err, tt.ok)
		}
	}
}

// A boundary block may have 2,000,000 bytes without its tag.
func TestBoundaryBlockSize(t *testing.T) {
	header := mustUnhex(ebbW8)
	const around = 1 + 2 + 5 + 2 // array, list, head of its string, extra data
	for _, size := range []int{2_000_000, 2_000_001} {
		leader := make([]byte, size-around-len(header))
		body := indefinite(2, withHead(2, 0, leader))
		body[0] = 0x9f
		sum := sum256(body)
		h := bytes.Clone(header)
		copy(h[bytes.Index(h, mustUnhex("afc0da64")):], sum[:])
		raw := slices.Concat([]byte{0x82, 0, 0x83}, h, body, []byte{0x81, 0xa0})
		if len(raw) != size+2 {
			t.Fatalf("block of %d bytes, want %d", len(raw), size+2)
		}
		b, err := Mainnet.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		err = b.CheckBody()
		if ok := size <= 2_000_000; (err == nil) != ok || !ok && !strings.Contains(err.Error(), "2000001 bytes") {
			t.Errorf("block of %d bytes: %v", size, err)
		}
	}
}

// A header that is changed by hand has no proof that fits any body.
func TestUnreadableProof(t *testing.T) {
	b, err := Mainnet.ParseBlock(byronTestBlock(1))
	if err != nil {
		t.Fatal(err)
	}
	proof := bytes.Index(b.Header.Raw.Bytes, filled(6, 32)) + 32
	for _, tt := range []struct {
		what  string
		proof []byte
	}{
		{"null", []byte{0xf6}},
		{"empty array", []byte{0x80}},
		{"array of four", []byte{0x84, 0, 0, 0, 0}},
	} {
		changed := b
		old := cbor.NewReader(b.Header.Raw.Bytes[proof:])
		old.Raw()
		changed.Header.Raw.Bytes = slices.Concat(b.Header.Raw.Bytes[:proof], tt.proof, old.Rest())
		if err := changed.CheckBody(); err == nil || errors.As(err, new(*BodyError)) {
			t.Errorf("%s: %v, want an error about the proof", tt.what, err)
		}
	}
}
