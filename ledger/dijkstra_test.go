package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/realchain"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

func musashiBlock() RawBlock { return realchain.Dijkstra() }

func TestRealDijkstraBlock(t *testing.T) {
	b := checkBlock(t, Preview, musashiBlock())
	h := b.Header
	if h.Raw.Era != Dijkstra || h.BlockNo != 28091 || h.Slot != 566037 || h.BodySize != 5 ||
		h.Hash.String() != "3df256c7ebfd46d2de897dd8bd7cd7c4c5a958176380dbc607c0b929e5227f1a" ||
		h.BodyHash.String() != "22e62b6763c4774ba8367e1d792ebafd4b4f06e2c2893db35154e6f5f2ee12fe" {
		t.Errorf("header %+v", h)
	}
	s, ok := h.Shelley()
	if !ok || !s.HasLeios || s.Leios != (LeiosFields{}) || s.Major != 12 || s.Minor != 0 {
		t.Errorf("fields %+v", s)
	}
	if txs, err := b.Txs(); len(txs) != 0 || err != nil {
		t.Errorf("transactions %v, %v", txs, err)
	}
}

// The files of the reference: a header, a transaction and its id, and the real
// block again.
func TestDijkstraFiles(t *testing.T) {
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(testenv.ChainData(t), "dijkstra", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	raw, rest, err := DecodeRawHeader(read("Header_Dijkstra.cbor"))
	if err != nil || len(rest) != 0 {
		t.Fatalf("%d bytes left, %v", len(rest), err)
	}
	h, err := Preview.ParseHeader(raw)
	if err != nil || h.Hash.String() != "3cff878ab3b335421b5ed484b204ad0c14eff593f73cb2cc8867cb365e0dd87a" {
		t.Errorf("header %+v, %v", h, err)
	}
	if s, ok := h.Shelley(); !ok || s.HasLeios || h.BlockNo != 3 || h.Slot != 9 || s.Major != 2 {
		t.Errorf("fields %+v", s)
	}
	tx, _, err := DecodeRawTx(read("GenTx_Dijkstra.cbor"))
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := DecodeTxID(read("GenTxId_Dijkstra.cbor"))
	if err != nil {
		t.Fatal(err)
	}
	if id, err := tx.ID(); err != nil || id != want || tx.WireSize() != 18 {
		t.Errorf("id %v, %v, size %d", id, err, tx.WireSize())
	}
	if got := append(RawBlock{0x82, 8}, read("musashi-block-28091.cbor")...); !bytes.Equal(got, musashiBlock()) {
		t.Error("the real block is not that of this file")
	}
	// A large one of the ledger's tests.
	big := RawTx{Era: Dijkstra, Bytes: read("transaction-2026w30.cbor")}
	if _, err := big.ID(); err != nil {
		t.Error(err)
	}
}

// dijkstraHeader returns a header of the era's ten fields with what follows in
// place of the version and of what comes after it.
func dijkstraHeader(fields int, rest []byte) RawHeader {
	plain := testHeader(shelleyTestBody(Dijkstra), &Hash{7})
	b := slices.Clone(plain[:len(plain)-448-3])
	b[1] = byte(0x80 + fields)
	if fields < 0 {
		b[1] = 0x9f
	}
	b = append(b, rest...)
	return RawHeader{Era: Dijkstra, Bytes: cbor.AppendBytes(b, filled(5, 448))}
}

// plainLeiosBody returns what is signed of a header, whatever form it has.
func plainLeiosBody(leios bool, fields LeiosFields, announcement []byte) []byte {
	raw := dijkstraHeader(10, nil)
	if leios {
		rest := []byte{0xf4}
		if fields.CertInBody {
			rest[0] = 0xf5
		}
		if !fields.Announced {
			announcement = []byte{0xf6}
		}
		raw = dijkstraHeader(12, append(rest, announcement...))
	}
	return raw.Bytes[1 : len(raw.Bytes)-448-3]
}

func TestLeiosHeaders(t *testing.T) {
	announcement := append([]byte{0x82, 0x58, 0x20}, filled(9, 32)...)
	announced := LeiosFields{Announced: true, EndorserBlock: repeated(9), EndorserSize: 1<<32 - 1}
	size := []byte{0x1a, 0xff, 0xff, 0xff, 0xff}
	cat := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	for _, tt := range []struct {
		name   string
		fields int
		rest   []byte
		ok     bool
		want   LeiosFields
	}{
		{"without", 10, nil, true, LeiosFields{}},
		{"without, indefinite", -1, []byte{0xff}, true, LeiosFields{}},
		{"nothing to tell", 12, []byte{0xf4, 0xf6}, true, LeiosFields{}},
		{"certificate", 12, []byte{0xf5, 0xf6}, true, LeiosFields{CertInBody: true}},
		{"announcement", 12, cat([]byte{0xf4}, announcement, size), true, announced},
		{"indefinite", -1, cat([]byte{0xf4}, announcement, size, []byte{0xff}), true, announced},
		{"indefinite announcement", 12, cat([]byte{0xf4, 0x9f}, announcement[1:], size, []byte{0xff}), true, announced},
		{"hash in chunks", 12, cat([]byte{0xf4, 0x82, 0x5f, 0x41, 9, 0x40, 0x58, 31}, filled(9, 31), []byte{0xff}, size), true, announced},
		{"eleven", 11, []byte{0xf4}, false, LeiosFields{}},
		{"eleven, indefinite", -1, []byte{0xf4, 0xff}, false, LeiosFields{}},
		{"thirteen", 13, []byte{0xf4, 0xf6, 0xf6}, false, LeiosFields{}},
		{"thirteen, indefinite", -1, []byte{0xf4, 0xf6, 0xf6, 0xff}, false, LeiosFields{}},
		{"twelve without a break", -1, []byte{0xf4, 0xf6}, false, LeiosFields{}},
		{"certificate null", 12, []byte{0xf6, 0xf6}, false, LeiosFields{}},
		{"announcement undefined", 12, []byte{0xf4, 0xf7}, false, LeiosFields{}},
		{"announcement of one", 12, cat([]byte{0xf4, 0x81}, announcement[1:]), false, LeiosFields{}},
		{"size of 33 bits", 12, cat([]byte{0xf4}, announcement, []byte{0x1b, 0, 0, 0, 1, 0, 0, 0, 0}), false, LeiosFields{}},
		{"hash of 31 bytes", 12, cat([]byte{0xf4, 0x82, 0x58, 31}, filled(9, 31), size), false, LeiosFields{}},
		{"hash of 33 bytes in chunks", 12, cat([]byte{0xf4, 0x82, 0x5f, 0x41, 9, 0x58, 32}, filled(9, 32), []byte{0xff}, size), false, LeiosFields{}},
	} {
		raw := dijkstraHeader(tt.fields, tt.rest)
		h, err := Preview.ParseHeader(raw)
		if ok := err == nil; ok != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !tt.ok {
			continue
		}
		s, ok := h.Shelley()
		if !ok || s.Leios != tt.want || s.HasLeios != (tt.name[:4] != "with") || s.Minor != 1 || !bytes.Equal(s.Signature, filled(5, 448)) {
			t.Errorf("%s: fields %+v", tt.name, s)
		}
		if want := plainLeiosBody(s.HasLeios, tt.want, cat(announcement, size)); !bytes.Equal(s.Body, want) {
			t.Errorf("%s: signed body is %x, want %x", tt.name, s.Body, want)
		}
		if no, err := raw.BlockNo(); err != nil || no != 1001 {
			t.Errorf("%s: block number %d, %v", tt.name, no, err)
		}
		raw.Era = Conway
		if _, err := Preview.ParseHeader(raw); (err == nil) != !s.HasLeios {
			t.Errorf("%s: in Conway: %v", tt.name, err)
		}
	}
}

// From version 12 on the reference's decoder takes byte strings in chunks.
func TestChunkedHeader(t *testing.T) {
	plain := testHeader(shelleyTestBody(Dijkstra), &Hash{7})
	issuer := cbor.AppendBytes(nil, filled(1, 32))
	chunked := slices.Concat([]byte{0x5f, 0x50}, filled(1, 16), []byte{0x40, 0x50}, filled(1, 16), []byte{0xff})
	raw := RawHeader{Era: Dijkstra, Bytes: bytes.Replace(plain, issuer, chunked, 1)}
	h, err := Preview.ParseHeader(raw)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := h.Shelley()
	if !bytes.Equal(s.Issuer, filled(1, 32)) || h.Hash != sum256(raw.Bytes) {
		t.Errorf("issuer %x", s.Issuer)
	}
	if want := plain[1 : len(plain)-448-3]; !bytes.Equal(s.Body, want) {
		t.Errorf("signed body is %x, want %x", s.Body, want)
	}
	raw.Era = Conway
	if _, err := Preview.ParseHeader(raw); err == nil {
		t.Error("Conway has chunks")
	}
	for _, bad := range [][]byte{{0x5f, 0x5f, 0x40, 0xff, 0xff}, {0x5f, 0x01, 0xff}, {0x5f, 0xff}, {0x5f, 0x50}} {
		raw := RawHeader{Era: Dijkstra, Bytes: bytes.Replace(plain, issuer, bad, 1)}
		if _, err := Preview.ParseHeader(raw); err == nil {
			t.Errorf("%x is a key", bad)
		}
	}
}

// The shape of a body decides, even if header and body agree.
func TestDijkstraBodies(t *testing.T) {
	const tx, none = "83a0a0f6", "84f680f6f6"
	signature := "5830" + strings.Repeat("11", 48)
	many := "99ffff" + strings.Repeat(tx, 65535)
	for _, tt := range []struct {
		name, body string
		ok         bool
		invalid    []int
	}{
		{"empty", none, true, nil},
		{"indefinite", "9ff69ffff6f6ff", true, nil},
		{"transactions", "84f682" + tx + tx + "f6f6", true, nil},
		{"indefinite transaction", "84f6819fbfffa0a0fff6f6", true, nil},
		{"invalid", "84810181" + tx + "f6f6", false, nil},
		{"first invalid", "84810081" + tx + "f6f6", true, []int{0}},
		{"tagged", "84d90102810182" + tx + tx + "f6f6", true, []int{1}},
		{"tagged, indefinite, any order", "84d901029f0100ff82" + tx + tx + "f6f6", true, []int{0, 1}},
		{"index 65534", "8481" + "19fffe" + many + "f6f6", true, []int{65534}},
		{"repeated index", "8482000081" + tx + "f6f6", false, nil},
		{"no index", "848081" + tx + "f6f6", false, nil},
		{"no index, tagged", "84d901028081" + tx + "f6f6", false, nil},
		{"another tag", "84d90103810081" + tx + "f6f6", false, nil},
		{"index of 17 bits", "84811a0001000081" + tx + "f6f6", false, nil},
		{"negative index", "84812081" + tx + "f6f6", false, nil},
		{"index no list", "840081" + tx + "f6f6", false, nil},
		{"undefined for null", "84f780f6f6", false, nil},
		{"three parts", "83f680f6", false, nil},
		{"five parts", "85f680f6f6f6", false, nil},
		{"five parts, indefinite", "9ff680f6f6f6ff", false, nil},
		{"Conway's parts", "80", false, nil},
		{"transactions null", "84f6f6f6f6", false, nil},
		{"transaction of two", "84f68182a0a0f6f6", false, nil},
		{"transaction of four", "84f68184a0a0f5f6f6f6", false, nil},
		{"true for auxiliary data", "84f68183a0a0f5f6f6", false, nil},
		{"auxiliary data", "84f68383a0a0d90103a083a0a082a08083a0a0a0f6f6", true, nil},
		{"auxiliary data of nothing", "84f68183a0a080f6f6", false, nil},
		{"body no map", "84f6818380a0f6f6f6", false, nil},
		{"witnesses no map", "84f68183a080f6f6f6", false, nil},
		{"Leios certificate", "84f6808240" + signature + "f6", true, nil},
		{"Leios certificate, indefinite", "84f6809f5f41ff41ffff" + signature + "fff6", true, nil},
		{"Leios certificate of one", "84f6808140f6", false, nil},
		{"Leios signature of 47 bytes", "84f6808240582f" + strings.Repeat("11", 47) + "f6", false, nil},
		{"Leios certificate of bytes", "84f68040f6", false, nil},
		{"Peras certificate", "84f680f64101", true, nil},
		{"Peras certificate in chunks", "84f680f65f4101ff", true, nil},
		{"Peras certificate no bytes", "84f680f680", false, nil},
	} {
		body := testBody{Dijkstra, [][]byte{mustUnhex(tt.body)}}
		b, err := Preview.ParseBlock(testBlock(Dijkstra, testHeader(body, nil), body.parts))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.CheckBody(); (err == nil) != tt.ok {
			t.Errorf("%s: CheckBody() = %v", tt.name, err)
		}
		txs, err := b.Txs()
		if (err == nil) != tt.ok {
			t.Errorf("%s: Txs() = %v", tt.name, err)
		}
		var invalid []int
		for i, tx := range txs {
			if tx.Invalid {
				invalid = append(invalid, i)
			}
		}
		if !slices.Equal(invalid, tt.invalid) {
			t.Errorf("%s: invalid are %v, want %v", tt.name, invalid, tt.invalid)
		}
	}
}

func TestDijkstraCheckBodyFinds(t *testing.T) {
	header := testHeader(shelleyTestBody(Dijkstra), nil)
	for _, tt := range []struct {
		body []byte
		want BodyPart
	}{
		{dijkstraTestBody([]byte{0x81, 1}, 3), PartHash},
		{dijkstraTestBody([]byte{0x82, 1, 2}, 3), PartSize},
		{dijkstraTestBody([]byte{0x81, 1}, 2), PartSize},
	} {
		b, err := Preview.ParseBlock(testBlock(Dijkstra, header, [][]byte{tt.body}))
		if err != nil {
			t.Fatal(err)
		}
		var wrong *BodyError
		if err := b.CheckBody(); !errors.As(err, &wrong) || wrong.Part != tt.want {
			t.Errorf("body %x: %v, want an error about the %s", tt.body, err, tt.want)
		}
	}
	// A block of Conway's shape is none of Dijkstra's, and the other way round.
	conway, dijkstra := shelleyTestBlock(Conway), shelleyTestBlock(Dijkstra)
	conway[1], dijkstra[1] = 8, 7
	for _, raw := range []RawBlock{conway, dijkstra} {
		if _, err := Preview.ParseBlock(raw); err == nil {
			t.Errorf("block with tag %d parses", raw[1])
		}
	}
}

func TestDijkstraTxIDs(t *testing.T) {
	const want = "3da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b"
	const body = "a300d901028001800200"
	for _, tt := range []struct {
		tx string
		ok bool
	}{
		{"83" + body + "a0f6", true},
		{"84" + body + "a0f5f6", true}, // as Conway's
		{"9f" + body + "a0f6ff", true},
		{"9f" + body + "a0f5f6ff", true},
		{"84" + body + "a0f4f6", false},
		{"83" + body + "a0f5f6", false},
		{"83" + body + "a0f5", false},
		{"84" + body + "a0f6f6", false},
		{"82" + body + "a0", false},
		{"83" + body + "80f6", false},
		{"83" + body + "a0f6f6", false},
	} {
		id, err := RawTx{Era: Dijkstra, Bytes: mustUnhex(tt.tx)}.ID()
		if (err == nil) != tt.ok || tt.ok && id != (TxID{Era: Dijkstra, Hash: mustHash(want)}) {
			t.Errorf("%s: %v, %v", tt.tx, id, err)
		}
	}
}

// All that is of a later era gives the same error.
func TestUnknownEras(t *testing.T) {
	h := strings.Repeat("11", 32)
	decode := func(like encoder, hex string) func() error {
		return func() error {
			_, _, err := decodeLike(like, mustUnhex(hex))
			return err
		}
	}
	for _, tt := range []struct {
		what string
		era  Era
		try  func() error
	}{
		{"header", 8, decode(RawHeader{}, "8208d8184100")},
		{"header", 255, decode(RawHeader{}, "8218ffd8184100")},
		{"header", 8, decode(RawHeader{}, "820880")},
		{"header", 8, func() error { _, err := Preview.ParseHeader(RawHeader{Era: 8, Bytes: []byte{0}}); return err }},
		{"header", 9, func() error { _, err := RawHeader{Era: 9, Bytes: []byte{0}}.BlockNo(); return err }},
		{"block", 8, func() error { _, err := Preview.ParseBlock(mustUnhex("820980")); return err }},
		{"block", 254, func() error { _, err := RawBlock(mustUnhex("8218ff80")).Header(); return err }},
		{"transaction", 8, decode(RawTx{}, "8208d8184100")},
		{"transaction", 8, func() error { _, err := RawTx{Era: 8, Bytes: mustUnhex(txX00)}.ID(); return err }},
		{"transaction id", 8, decode(TxID{}, "82085820"+h)},
	} {
		err := tt.try()
		var unknown *UnknownEraError
		if !errors.As(err, &unknown) || *unknown != (UnknownEraError{tt.what, tt.era}) || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s of era %d: %v", tt.what, tt.era, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, fmt.Sprintf("%s of era %d,", tt.what, tt.era)) || !strings.Contains(text, "a newer version is needed") {
			t.Error(text)
		}
	}
	for _, malformed := range []error{
		decode(RawHeader{}, "82190100d8184100")(),
		decode(RawHeader{}, "8207d81841")(),
		func() error { _, err := Preview.ParseBlock(mustUnhex("8219010080")); return err }(),
	} {
		if malformed == nil || errors.Is(malformed, errors.ErrUnsupported) {
			t.Errorf("%v", malformed)
		}
	}
}
