package praos

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/ledger"
)

// reencoded returns a header in other encodings, which say and sign the same.
func reencoded(t *testing.T, v *Verifier, h *ledger.Header) (others []*ledger.Header) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(h.Slot), uint64(h.BlockNo)))
	for _, odds := range []int{1, 3, 20} {
		raw := h.Raw
		raw.Bytes = forge.Reencode(r, odds, h.Raw.Bytes)
		other, err := v.config.Network.ParseHeader(raw)
		if err != nil {
			t.Fatalf("%x: %v", raw.Bytes, err)
		}
		others = append(others, &other)
	}
	return others
}

// What is signed is the header body in the reference's encoding, whatever the
// bytes are: a signature over other bytes is of nothing.
func TestSignedEncoding(t *testing.T) {
	for _, era := range []ledger.Era{ledger.Alonzo, ledger.Babbage, ledger.Conway, ledger.Dijkstra} {
		v, s := base(t, era)
		f := newForged(v, s, s.Tip.Point.Slot+1)
		plain, err := f.header(v.config.Network)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range reencoded(t, v, plain) {
			if _, _, err := v.Verify(s, other); err != nil {
				t.Errorf("%v: %x: %v", era, other.Raw.Bytes, err)
			}
			body := bodyOf(other)
			if string(body) == string(bodyOf(plain)) {
				continue // only the record around it is other
			}
			raw := other.Raw
			raw.Bytes = append(cbor.AppendArray(nil, 2), body...)
			raw.Bytes = cbor.AppendBytes(raw.Bytes, f.hot.Sign(f.evolution, body))
			signed, err := v.config.Network.ParseHeader(raw)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := v.Verify(s, &signed); !errors.Is(err, ErrKESSignature) {
				t.Errorf("%v: %x, signed as it is: %v", era, raw.Bytes, err)
			}
		}
	}
}

// bodyOf returns the bytes of a header's body as they came.
func bodyOf(h *ledger.Header) []byte {
	r := cbor.NewReader(h.Raw.Bytes)
	r.ArrayAny()
	return r.Raw()
}
