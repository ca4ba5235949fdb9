package ledger

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/golden"
)

// repeated returns the hash of 32 bytes v that the examples use.
func repeated(v byte) Hash { return Hash(filled(v, 32)) }

const (
	pointP2 = "821a0800000058202222222222222222222222222222222222222222222222222222222222222222"
	ebbW8   = "851a034fa0315820791f4256e14c67b9035c3b80a0826adf719d3636c18eef16c98b84b833723d515820afc0da64183bf2664f3d4eec7238d524ba607faeeab24fc100eb861dba69971b8200810081a0"
	ebbB5   = "820083" + ebbW8 + "9fff81a0"
	txX00   = "84a300d901028001800200a0f5f6"
)

// encoder is any value of this package with an encoding.
type encoder interface{ AppendCBOR([]byte) []byte }

// goldenValues are the worked examples of the wire, by their names there. W0 to
// W6 and X0b are the placeholder forms of the golden files of
// ouroboros-consensus. (examples, 1, 4 and 7)
var goldenValues = []struct {
	id    string
	value encoder
	hex   string
}{
	{"P0", Origin, "80"},
	{"P1", Point{23, repeated(0x11)}, "82175820" + strings.Repeat("11", 32)},
	{"P2", Point{134217728, repeated(0x22)}, pointP2},
	{"P3", Point{4294967297, repeated(0x33)}, "821b00000001000000015820" + strings.Repeat("33", 32)},
	{"T0", Tip{}, "828000"},
	{"T1", Tip{Point{134217728, repeated(0x22)}, 9876543}, "82" + pointP2 + "1a0096b43f"},
	{"W0", RawHeader{Era: Byron, SizeHint: 100, Bytes: []byte("<HEADER>")}, "82008282011864d818483c4845414445523e"},
	{"W0e", RawHeader{Era: Byron, EBB: true, SizeHint: 100, Bytes: []byte("<EBB_HEADER>")}, "82008282001864d8184c3c4542425f4845414445523e"},
	{"W1", RawHeader{Era: Shelley, Bytes: []byte("<HEADER>")}, "8201d818483c4845414445523e"},
	{"W2", RawHeader{Era: Allegra, Bytes: []byte("<HEADER>")}, "8202d818483c4845414445523e"},
	{"W3", RawHeader{Era: Mary, Bytes: []byte("<HEADER>")}, "8203d818483c4845414445523e"},
	{"W4", RawHeader{Era: Alonzo, Bytes: []byte("<HEADER>")}, "8204d818483c4845414445523e"},
	{"W5", RawHeader{Era: Babbage, Bytes: []byte("<HEADER>")}, "8205d818483c4845414445523e"},
	{"W6", RawHeader{Era: Conway, Bytes: []byte("<HEADER>")}, "8206d818483c4845414445523e"},
	{"W7", RawHeader{Era: Dijkstra, Bytes: []byte("<HEADER>")}, "8207d818483c4845414445523e"},
	{"W8", RawHeader{Era: Byron, EBB: true, SizeHint: 94, Bytes: mustUnhex(ebbW8)}, "8200828200185ed8185850" + ebbW8},
	{"X0", TxID{Era: Conway, Hash: mustHash("3da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b")},
		"820658203da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b"},
	{"X0b", TxID{Era: Byron, Hash: mustHash("4ba839c420b3d2bd439530f891cae9a5d4c4d812044630dac72e8e0962feeecc")},
		"8200820058204ba839c420b3d2bd439530f891cae9a5d4c4d812044630dac72e8e0962feeecc"},
	{"GenTxId_Dijkstra", TxID{Era: Dijkstra, Hash: mustHash("3da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b")},
		"820758203da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b"},
	{"GenTx_Dijkstra", RawTx{Era: Dijkstra, Bytes: mustUnhex("83a300d901028001800200a0f6")}, "8207d8184d83a300d901028001800200a0f6"},
	{"X00", RawTx{Era: Conway, Bytes: mustUnhex(txX00)}, "8206d8184e" + txX00},
	{"Byron tx", RawTx{Era: Byron, Kind: ByronTx, Bytes: []byte{0x82, 0x01, 0x80}}, "82008200820180"},
}

func mustUnhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// decodeLike decodes a value of the same type as like.
func decodeLike(like encoder, b []byte) (v encoder, rest []byte, err error) {
	switch like.(type) {
	case Point:
		return decoded(DecodePoint(b))
	case Tip:
		return decoded(DecodeTip(b))
	case RawHeader:
		return decoded(DecodeRawHeader(b))
	case TxID:
		return decoded(DecodeTxID(b))
	case RawTx:
		return decoded(DecodeRawTx(b))
	}
	panic("no such type")
}

func decoded[T encoder](v T, rest []byte, err error) (encoder, []byte, error) { return v, rest, err }

func TestGolden(t *testing.T) {
	for _, tt := range goldenValues {
		t.Run(tt.id, func(t *testing.T) {
			want := golden.Bytes(t, tt.hex)
			if got := tt.value.AppendCBOR([]byte{0xaa}); !bytes.Equal(got[1:], want) || got[0] != 0xaa {
				t.Errorf("encoded to %x, want %x", got[1:], want)
			}
			v, rest, err := decodeLike(tt.value, append(want[:len(want):len(want)], 1, 2))
			if err != nil || !bytes.Equal(rest, []byte{1, 2}) {
				t.Fatalf("decoded with %v, %x left", err, rest)
			}
			if got := v.AppendCBOR(nil); !bytes.Equal(got, want) {
				t.Errorf("decoded and encoded to %x, want %x", got, want)
			}
			for n := range want {
				if _, _, err := decodeLike(tt.value, want[:n]); err == nil {
					t.Errorf("the first %d bytes decode", n)
				}
			}
		})
	}
}

func TestGoldenBoundaryHeader(t *testing.T) {
	raw, _, err := DecodeRawHeader(golden.Bytes(t, "8200828200185ed8185850"+ebbW8))
	if err != nil {
		t.Fatal(err)
	}
	h, err := Mainnet.ParseHeader(raw)
	if err != nil {
		t.Fatal(err)
	}
	if h.Hash.String() != "88900fba40903da0b4a38d06a3d2bdadff6d49a8a6b804efe1b4522890e3b82c" {
		t.Errorf("hash %v", h.Hash)
	}
	if h.Slot != 0 || h.BlockNo != 0 || !h.PrevIs(Origin) || h.BodyHash != sum256([]byte{0x9f, 0xff}) {
		t.Errorf("header %+v", h)
	}
	b, err := Mainnet.ParseBlock(golden.Bytes(t, ebbB5))
	if err != nil || b.Header.Hash != h.Hash {
		t.Fatalf("block %v, %v", b.Header.Point(), err)
	}
	if err := b.CheckBody(); err != nil {
		t.Error(err)
	}
	if txs, err := b.Txs(); len(txs) != 0 || err != nil {
		t.Errorf("Txs() = %v, %v", txs, err)
	}
}

func TestGoldenTxSize(t *testing.T) {
	tx := RawTx{Era: Conway, Bytes: golden.Bytes(t, txX00)}
	if got := tx.WireSize(); got != 19 {
		t.Errorf("WireSize() = %d, want 19", got)
	}
	id, err := tx.ID()
	if err != nil || id.Hash.String() != "3da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b" {
		t.Errorf("ID() = %v, %v", id, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	h := strings.Repeat("11", 32)
	for _, tt := range []struct {
		name string
		like encoder
		hex  string
	}{
		{"point with a short hash", Point{}, "8217581f" + strings.Repeat("11", 31)},
		{"point of one", Point{}, "8117"},
		{"indefinite point", Point{}, "9f175820" + h + "ff"},
		{"tip without number", Tip{}, "8180"},
		{"header of no era", RawHeader{}, "82190100d8184100"},
		{"header without tag", RawHeader{}, "82064100"},
		{"header in an indefinite string", RawHeader{}, "8206d8185f4100ff"},
		{"Byron header of kind 2", RawHeader{}, "82008282021864d8184100"},
		{"size over 32 bits", RawHeader{}, "82008282011b0000000100000000d8184100"},
		{"id of no era", TxID{}, "821901005820" + h},
		{"Byron id of kind 4", TxID{}, "820082045820" + h},
		{"tx in an indefinite array", RawTx{}, "9f06d8184100ff"},
	} {
		if _, _, err := decodeLike(tt.like, golden.Bytes(t, tt.hex)); err == nil {
			t.Errorf("%s decodes", tt.name)
		}
	}
}

func TestBlockTags(t *testing.T) {
	for e := Byron; e.Known(); e++ {
		if got, ebb, ok := EraOfBlockTag(e.BlockTag()); got != e || ebb || !ok {
			t.Errorf("EraOfBlockTag(%d) = %v, %v, %v", e.BlockTag(), got, ebb, ok)
		}
	}
	if e, ebb, ok := EraOfBlockTag(0); e != Byron || !ebb || !ok {
		t.Errorf("EraOfBlockTag(0) = %v, %v, %v", e, ebb, ok)
	}
	if _, _, ok := EraOfBlockTag(9); ok {
		t.Error("tag 9 is known")
	}
	if got := Dijkstra.BlockTag(); got != 8 {
		t.Errorf("Dijkstra has tag %d", got)
	}
}
