package relay_test

import (
	"bytes"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

// damaged is where headers are damaged: after the first new certificates.
const damaged = 150

// replace puts other bytes, of which there is one place, into a header.
func replace(t *testing.T, h ledger.Header, old, new []byte) ledger.RawHeader {
	t.Helper()
	raw := h.Raw
	if raw.Bytes = bytes.Replace(raw.Bytes, old, new, 1); bytes.Equal(raw.Bytes, h.Raw.Bytes) {
		t.Fatal("nothing to damage")
	}
	return raw
}

// flip changes a bit in a part of a header.
func flip(t *testing.T, h ledger.Header, part []byte) ledger.RawHeader {
	t.Helper()
	changed := bytes.Clone(part)
	changed[8] ^= 4
	return replace(t, h, part, changed)
}

// numbers is where a header says its number and slot.
func numbers(n ledger.BlockNo, s ledger.Slot) []byte {
	b := cbor.AppendArray(nil, 10)
	return cbor.AppendUint(cbor.AppendUint(b, uint64(n)), uint64(s))
}

func certificate(c ledger.OCert) []byte {
	b := cbor.AppendBytes(nil, c.HotKey)
	b = cbor.AppendUint(cbor.AppendUint(b, c.Counter), c.KESPeriod)
	return cbor.AppendBytes(b, c.Signature)
}

// damages are of the header of block [damaged]. Those that are signed again can
// be refused by the check in question only.
var damages = []struct {
	name   string
	change func(t *testing.T, chain []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader
	resign bool
	want   error
}{
	{"KES signature", func(t *testing.T, _ []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader {
		return flip(t, h, s.Signature)
	}, false, praos.ErrKESSignature},
	{"body hash", func(t *testing.T, _ []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader {
		return flip(t, h, s.BodyHash[:])
	}, false, praos.ErrKESSignature},
	{"certificate", func(t *testing.T, _ []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader {
		return flip(t, h, s.OCert.Signature)
	}, true, praos.ErrCertificate},
	{"certificate of before", func(t *testing.T, chain []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader {
		for i := range chain {
			before, _ := chain[i].Header.Shelley()
			if bytes.Equal(before.Issuer, s.Issuer) && before.OCert.Counter < s.OCert.Counter {
				return replace(t, h, certificate(s.OCert), certificate(before.OCert))
			}
		}
		panic("no older certificate")
	}, true, praos.ErrCounterLow},
	{"VRF proof", func(t *testing.T, _ []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader {
		return flip(t, h, s.LeaderVRF.Proof)
	}, true, praos.ErrVRFProof},
	{"VRF output", func(t *testing.T, _ []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader {
		return flip(t, h, s.LeaderVRF.Output)
	}, true, praos.ErrVRFOutput},
	{"slot that the pool does not lead", func(t *testing.T, _ []ledger.Block, h ledger.Header, _ ledger.ShelleyHeader) ledger.RawHeader {
		return replace(t, h, numbers(h.BlockNo, h.Slot), numbers(h.BlockNo, h.Slot+1))
	}, true, praos.ErrVRFProof},
	{"slot of the parent", func(t *testing.T, chain []ledger.Block, h ledger.Header, _ ledger.ShelleyHeader) ledger.RawHeader {
		return replace(t, h, numbers(h.BlockNo, h.Slot), numbers(h.BlockNo, chain[damaged-1].Header.Slot))
	}, true, praos.ErrSlot},
	{"block number", func(t *testing.T, _ []ledger.Block, h ledger.Header, _ ledger.ShelleyHeader) ledger.RawHeader {
		return replace(t, h, numbers(h.BlockNo, h.Slot), numbers(h.BlockNo+1, h.Slot))
	}, true, praos.ErrBlockNo},
	{"previous hash", func(t *testing.T, _ []ledger.Block, h ledger.Header, s ledger.ShelleyHeader) ledger.RawHeader {
		return flip(t, h, s.Prev[:])
	}, true, nil}, // found before it comes to verification
	{"era", func(_ *testing.T, _ []ledger.Block, h ledger.Header, _ ledger.ShelleyHeader) ledger.RawHeader {
		h.Raw.Era = ledger.Babbage // which has the same layout and hash
		return h.Raw
	}, false, praos.ErrEra},
}

// damage returns the header of a block as damages[i] has it.
func damage(t *testing.T, i int, chain []ledger.Block) ledger.RawHeader {
	t.Helper()
	d, h := damages[i], chain[damaged].Header
	s, _ := h.Shelley()
	raw := d.change(t, chain, h, s)
	if d.resign {
		again, err := chaintest.NewGenerator(signedConfig()).Resign(raw)
		if err != nil {
			t.Fatal(err)
		}
		raw = again.Raw
	}
	return raw
}

// onTop returns what the headers after a damaged one are if its maker goes on:
// linked, and signed.
func onTop(t *testing.T, chain []ledger.Block, raw ledger.RawHeader) map[ledger.Hash]ledger.RawHeader {
	t.Helper()
	g := chaintest.NewGenerator(signedConfig())
	last, err := signedNetwork().ParseHeader(raw)
	if err != nil {
		t.Fatal(err)
	}
	other := map[ledger.Hash]ledger.RawHeader{chain[damaged].Header.Hash: raw}
	for _, b := range chain[damaged+1:] {
		if last, err = g.Resign(replace(t, b.Header, b.Header.Prev[:], last.Hash[:])); err != nil {
			t.Fatal(err)
		}
		other[b.Header.Hash] = last.Raw
	}
	return other
}
