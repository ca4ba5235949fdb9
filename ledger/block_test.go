package ledger

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
)

func TestGeneratedBlocks(t *testing.T) {
	for era := Shelley; era.Known(); era++ {
		t.Run(era.String(), func(t *testing.T) {
			raw := shelleyTestBlock(era)
			b := checkBlock(t, Preview, raw)
			h := b.Header
			if h.Raw.Era != era || h.BlockNo != 1001 || h.Slot != 200002 || !h.HasPrev || h.Prev != (Hash{7}) || h.Hash != sum256(h.Raw.Bytes) {
				t.Errorf("header %+v", h)
			}
			s, ok := h.Shelley()
			if !ok {
				t.Fatal("no Shelley fields")
			}
			leader := byte(10)
			if era < Babbage {
				leader = 11
			}
			for _, f := range []struct {
				name string
				got  []byte
				v    byte
				n    int
			}{
				{"Issuer", s.Issuer, 1, 32}, {"VRFKey", s.VRFKey, 2, 32},
				{"NonceVRF", s.NonceVRF.Output, 10, 64}, {"NonceVRF proof", s.NonceVRF.Proof, 20, 80},
				{"LeaderVRF", s.LeaderVRF.Output, leader, 64}, {"LeaderVRF proof", s.LeaderVRF.Proof, leader + 10, 80},
				{"HotKey", s.OCert.HotKey, 3, 32}, {"OCert signature", s.OCert.Signature, 4, 64},
				{"Signature", s.Signature, 5, 448},
			} {
				if !bytes.Equal(f.got, filled(f.v, f.n)) {
					t.Errorf("%s is %x", f.name, f.got)
				}
			}
			if s.OCert.Counter != 77 || s.OCert.KESPeriod != 88 || s.Major != 9 || s.Minor != 1 {
				t.Errorf("fields %+v", s)
			}
			if want := h.Raw.Bytes[1 : len(h.Raw.Bytes)-448-3]; !bytes.Equal(s.Body, want) {
				t.Errorf("signed body is %x, want %x", s.Body, want)
			}
			if _, ok := h.Byron(); ok {
				t.Error("has Byron fields")
			}
		})
	}
}

func TestTxs(t *testing.T) {
	for era := Shelley; era.Known(); era++ {
		b := checkBlock(t, Preview, shelleyTestBlock(era))
		txs, err := b.Txs()
		if err != nil || len(txs) != 3 {
			t.Fatalf("%v: %d transactions, %v", era, len(txs), err)
		}
		for i, tx := range txs {
			want := cbor.AppendArray(nil, txParts(era))
			want = append(append(want, testTxBody(i)...), testWitnesses(i)...)
			if era >= Alonzo && era < Dijkstra {
				want = cbor.AppendBool(want, i != 2)
			}
			if i == 1 {
				want = append(want, testAux...)
			} else {
				want = cbor.AppendNull(want)
			}
			if !bytes.Equal(tx.Raw.Bytes, want) {
				t.Errorf("%v: transaction %d is %x, want %x", era, i, tx.Raw.Bytes, want)
			}
			if tx.Invalid != (era >= Alonzo && i == 2) {
				t.Errorf("%v: transaction %d invalid: %v", era, i, tx.Invalid)
			}
			if tx.ID != (TxID{Era: era, Hash: sum256(testTxBody(i))}) {
				t.Errorf("%v: transaction %d has id %v", era, i, tx.ID)
			}
		}
	}
}

func TestGeneratedByronBlocks(t *testing.T) {
	for n := range 6 {
		b := checkBlock(t, Mainnet, byronTestBlock(n))
		h := b.Header
		if h.Slot != 2*21600+5 || h.BlockNo != 43000 || !h.PrevIs(Point{1, repeated(6)}) || h.Raw.EBB {
			t.Errorf("header %+v", h)
		}
		f, ok := h.Byron()
		if !ok || f.Magic != Mainnet.Magic || !bytes.Equal(f.Issuer, filled(1, 64)) ||
			!bytes.Equal(f.Certificate.Delegate, filled(3, 64)) || !bytes.Equal(f.Signature, filled(5, 64)) ||
			!bytes.Equal(f.SlotCBOR, []byte{0x82, 2, 5}) || !bytes.Equal(f.DifficultyCBOR, []byte{0x81, 0x19, 0xa7, 0xf8}) {
			t.Errorf("fields %+v", f)
		}
		if txs, err := b.Txs(); err != nil || len(txs) != n {
			t.Errorf("%d transactions, %v, want %d", len(txs), err, n)
		}
		if _, ok := h.Shelley(); ok {
			t.Error("a Byron header has Shelley fields")
		}
	}
}

// The shape of the tree for five leaves, written out.
func TestMerkleRoot(t *testing.T) {
	node := func(l, r Hash) Hash { return sum256(slices.Concat([]byte{1}, l[:], r[:])) }
	var l []Hash
	for i := range 5 {
		l = append(l, merkleLeaf([]byte{byte(i)}))
	}
	want := node(node(node(l[0], l[1]), node(l[2], l[3])), l[4])
	if got := merkleRoot(l); got != want {
		t.Errorf("merkleRoot = %v, want %v", got, want)
	}
	if got := merkleRoot(nil); got != sum256(nil) {
		t.Errorf("merkleRoot of nothing = %v", got)
	}
}

func TestCheckBodyFinds(t *testing.T) {
	conway := shelleyTestBody(Conway)
	header := testHeader(conway, nil)
	change := func(part int, to []byte) RawBlock {
		parts := slices.Clone(conway.parts)
		parts[part] = to
		return testBlock(Conway, header, parts)
	}
	flipped := slices.Clone(conway.parts[0])
	flipped[len(flipped)-1] ^= 1
	// The header of three transactions, and another body.
	byron := func(change func(p *byronTestParts)) RawBlock {
		before, p := byronTestBlock(3), byronTestBody(3)
		change(&p)
		after := p.block()
		return append(bytes.Clone(headerAndBefore(before)), after[len(headerAndBefore(after)):]...)
	}
	ebb := mustUnhex(ebbB5)
	for _, tt := range []struct {
		name string
		raw  RawBlock
		want BodyPart
	}{
		{"another transaction", change(0, flipped), PartHash},
		{"shorter auxiliary data", change(2, []byte{0xa0}), PartSize},
		{"another invalid transaction", change(3, []byte{0x81, 1}), PartHash},
		{"a Byron transaction more", byron(func(p *byronTestParts) {
			p.txs, p.witnesses = append(p.txs, p.txs[0]), append(p.witnesses, p.witnesses[0])
		}), PartTxCount},
		{"another Byron transaction", byron(func(p *byronTestParts) { p.txs[1] = byronTestTx(9) }), PartTxMerkleRoot},
		{"other Byron witnesses", byron(func(p *byronTestParts) { p.witnesses[1] = byronTestWitnesses(9) }), PartWitnesses},
		{"no Byron witnesses", byron(func(p *byronTestParts) { p.witnesses[1] = []byte{0x80} }), PartWitnesses},
		{"another delegation payload", byron(func(p *byronTestParts) { p.delegation = byronTestDelegation() }), PartDelegation},
		{"another update payload", byron(func(p *byronTestParts) { p.update = []byte{0x98, 2, 0x80, 0x9f, 0xff} }), PartUpdate},
		{"another boundary body", bytes.Replace(ebb, []byte{0x9f, 0xff, 0x81}, []byte{0x9f, 0x40, 0xff, 0x81}, 1), PartHash},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := Mainnet.ParseBlock(tt.raw)
			if err != nil {
				t.Fatal(err)
			}
			err = b.CheckBody()
			var bodyErr *BodyError
			if !errors.As(err, &bodyErr) || bodyErr.Part != tt.want || bodyErr.Point != b.Header.Point() || bodyErr.Want == bodyErr.Got {
				t.Errorf("CheckBody() = %v, want an error about the %s", err, tt.want)
			}
		})
	}
}

// headerAndBefore returns the start of a block up to the end of its header.
func headerAndBefore(raw RawBlock) []byte {
	_, body, _, err := raw.split()
	if err != nil {
		panic(err)
	}
	return raw[:len(raw)-len(body)]
}

// byronTestDelegation returns a payload of one certificate.
func byronTestDelegation() []byte {
	b := []byte{0x9f, 0x84, 0x05}
	for range 3 {
		b = cbor.AppendBytes(b, filled(7, 64))
	}
	return append(b, 0xff)
}

// Bytes cut off or added anywhere are an error somewhere, and never a panic.
func TestDamagedBlocks(t *testing.T) {
	blocks := []RawBlock{mustUnhex(ebbB5), byronTestBlock(3)}
	for era := Shelley; era.Known(); era++ {
		blocks = append(blocks, shelleyTestBlock(era))
	}
	for _, raw := range blocks {
		b := checkBlock(t, Mainnet, raw)
		for n := range raw {
			if parseAll(raw[:n:n]) == nil {
				t.Fatalf("%v: the first %d bytes are a block", b.Header.Raw.Era, n)
			}
		}
		if parseAll(append(slices.Clone(raw), 0)) == nil {
			t.Errorf("%v: a byte may follow", b.Header.Raw.Era)
		}
		h := b.Header.Raw
		h.Bytes = append(slices.Clone(h.Bytes), 0)
		if _, err := Mainnet.ParseHeader(h); err == nil {
			t.Errorf("%v: a byte may follow the header", h.Era)
		}
		for n := range b.Header.Raw.Bytes {
			h.Bytes = b.Header.Raw.Bytes[:n]
			if _, err := Mainnet.ParseHeader(h); err == nil {
				t.Errorf("%v: the first %d bytes are a header", h.Era, n)
			}
		}
		for i := range raw {
			changed := slices.Clone(raw)
			changed[i] ^= 0x41
			_ = parseAll(changed)
		}
	}
}

// parseAll does all that a block allows and returns the first error.
func parseAll(raw RawBlock) error {
	b, err := Mainnet.ParseBlock(raw)
	if err != nil {
		return err
	}
	_, err = b.Txs()
	return errors.Join(b.CheckBody(), err)
}

// A block whose arrays have no length is one too; the bytes stay as they are.
func TestIndefiniteBlock(t *testing.T) {
	body := shelleyTestBody(Conway)
	header := testHeader(body, nil)
	fields := header[2 : len(header)-451]
	indefinite := slices.Concat([]byte{0x9f, 0x9f}, fields, []byte{0xff}, header[len(header)-451:], []byte{0xff})
	raw := slices.Concat([]byte{0x82, 7, 0x9f}, indefinite, slices.Concat(body.parts...), []byte{0xff})
	b := checkBlock(t, Preview, raw)
	if b.Header.Hash != sum256(indefinite) || b.Header.HasPrev {
		t.Errorf("header %+v", b.Header)
	}
}

// A header that is known is neither read nor hashed again, if the bytes and what is
// said of them are the same; the block is the same in any case.
func TestParseBlockOf(t *testing.T) {
	raws := []RawBlock{byronTestBlock(4), mustUnhex(ebbB5)}
	for era := Shelley; era <= Dijkstra; era++ {
		raws = append(raws, shelleyTestBlock(era))
	}
	for _, raw := range raws {
		want, err := Mainnet.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		known := want.Header
		known.Raw.Bytes = bytes.Clone(known.Raw.Bytes)
		known.Raw.SizeHint = 1 // as another peer has it
		marked := known
		marked.Hash = Hash{1, 2, 3}
		bad := marked
		bad.Raw.Bytes = bytes.Clone(known.Raw.Bytes)
		bad.Raw.Bytes[len(bad.Raw.Bytes)-1] ^= 1
		era, ebb := marked, marked
		era.Raw.Era, ebb.Raw.EBB = (era.Raw.Era+1)%Era(NumEras), !ebb.Raw.EBB
		carried := want
		carried.Header.Hash = marked.Hash
		for name, test := range map[string]struct {
			known *Header
			want  Block
		}{
			"none": {nil, want}, "the same": {&known, want}, "the same, marked": {&marked, carried},
			"other bytes": {&bad, want}, "another era": {&era, want}, "another kind": {&ebb, want}, "no bytes": {&Header{}, want},
		} {
			got, err := Mainnet.ParseBlockOf(test.known, raw)
			if err != nil || !reflect.DeepEqual(got, test.want) || &got.Header.Raw.Bytes[0] != &want.Header.Raw.Bytes[0] {
				t.Errorf("%v, %s: %v, hash %v, slot %d", want.Header.Raw.Era, name, err, got.Header.Hash, got.Header.Slot)
			}
		}
		if _, err := Mainnet.ParseBlockOf(&known, raw[:1]); err == nil {
			t.Errorf("%v: a block of one byte", known.Raw.Era)
		}
	}
}
