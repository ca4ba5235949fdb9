package ledger

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
)

// fuzzDecoder checks that what decodes is the same after being encoded and
// decoded again.
func fuzzDecoder[T encoder](f *testing.F, decode func([]byte) (T, []byte, error)) {
	for _, g := range goldenValues {
		if _, ok := g.value.(T); ok {
			f.Add(g.value.AppendCBOR(nil))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := decode(b)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(b, rest) || len(rest) == len(b) {
			t.Fatalf("%x are the bytes after the value", rest)
		}
		again, rest, err := decode(v.AppendCBOR(nil))
		if err != nil || len(rest) != 0 || !reflect.DeepEqual(again, v) {
			t.Fatalf("%+v read back as %+v, %x left, %v", v, again, rest, err)
		}
	})
}

func FuzzDecodePoint(f *testing.F)     { fuzzDecoder(f, DecodePoint) }
func FuzzDecodeTip(f *testing.F)       { fuzzDecoder(f, DecodeTip) }
func FuzzDecodeRawHeader(f *testing.F) { fuzzDecoder(f, DecodeRawHeader) }
func FuzzDecodeTxID(f *testing.F)      { fuzzDecoder(f, DecodeTxID) }

func FuzzDecodeRawTx(f *testing.F) {
	fuzzDecoder(f, func(b []byte) (RawTx, []byte, error) {
		tx, rest, err := DecodeRawTx(b)
		if err == nil {
			_, _ = tx.ID()
		}
		return tx, rest, err
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add(uint8(Byron), true, mustUnhex(ebbW8))
	for _, raw := range fuzzBlocks() {
		h, err := raw.Header()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(h.Era), h.EBB, h.Bytes)
		if h.Era != Byron {
			f.Add(uint8(h.Era), false, forge.Reencode(rand.New(rand.NewPCG(uint64(h.Era), 0)), 2, h.Bytes))
		}
	}
	f.Fuzz(func(t *testing.T, era uint8, ebb bool, b []byte) {
		raw := RawHeader{Era: Era(era), EBB: ebb && era == 0, Bytes: b}
		no, noErr := raw.BlockNo()
		h, err := Preview.ParseHeader(raw)
		if err != nil {
			return
		}
		if noErr != nil || no != h.BlockNo {
			t.Fatalf("BlockNo() = %d, %v, parsed %d", no, noErr, h.BlockNo)
		}
		_, byron := h.Byron()
		s, shelley := h.Shelley()
		if byron == shelley || byron != (raw.Era == Byron) {
			t.Fatalf("%v header: Byron %v, Shelley %v", raw.Era, byron, shelley)
		}
		if byron {
			return
		}
		// A header of what is signed is one that says and signs the same.
		plain := Header{Raw: RawHeader{Era: raw.Era, Bytes: cbor.AppendBytes(append([]byte{0x82}, s.Body...), s.Signature)}}
		if again, ok := plain.Shelley(); !ok || !reflect.DeepEqual(again, s) {
			t.Fatalf("header %+v is %+v when it is encoded again", s, again)
		}
	})
}

func FuzzParseBlock(f *testing.F) {
	for _, raw := range fuzzBlocks() {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzz.Bound(t, 1<<20+100*len(b), func() { parseBlock(t, b) })
	})
}

// parseBlock reads all of a block.
func parseBlock(t *testing.T, b []byte) {
	block, err := Mainnet.ParseBlock(b)
	if err != nil {
		return
	}
	if h, err := RawBlock(b).Header(); err != nil || !bytes.Equal(h.Bytes, block.Header.Raw.Bytes) {
		t.Fatalf("Header() = %+v, %v", h, err)
	}
	checked := block.CheckBody()
	txs, err := block.Txs()
	if err != nil {
		if checked == nil && block.Header.Raw.Era != Byron {
			t.Fatalf("CheckBody takes a body without transactions: %v", err)
		}
		return
	}
	for _, tx := range txs {
		if id, err := tx.Raw.ID(); err != nil || id != tx.ID {
			t.Fatalf("ID() = %v, %v, want %v", id, err, tx.ID)
		}
	}
}

func fuzzBlocks() []RawBlock {
	return []RawBlock{
		mustUnhex(ebbB5), byronTestBlock(2), shelleyTestBlock(Shelley), shelleyTestBlock(Alonzo), shelleyTestBlock(Conway),
		shelleyTestBlock(Dijkstra), musashiBlock(),
	}
}
