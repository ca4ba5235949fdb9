package ledger

import (
	"testing"

	"github.com/ouronet/ouronet/internal/testing/testenv"
)

func TestAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	for _, raw := range []RawBlock{shelleyTestBlock(Shelley), shelleyTestBlock(Conway)} {
		b, err := Preview.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		element := b.Header.Raw.AppendCBOR(nil)
		buf := make([]byte, 0, 2*len(element))
		for _, tt := range []struct {
			name string
			max  float64
			do   func() error
		}{
			{"DecodeRawHeader", 0, func() error { _, _, err := DecodeRawHeader(element); return err }},
			{"RawHeader.AppendCBOR", 0, func() error { b.Header.Raw.AppendCBOR(buf); return nil }},
			{"RawHeader.BlockNo", 0, func() error { _, err := b.Header.Raw.BlockNo(); return err }},
			{"ParseHeader", 0, func() error { _, err := Preview.ParseHeader(b.Header.Raw); return err }},
			{"RawBlock.Header", 0, func() error { _, err := raw.Header(); return err }},
			{"ParseBlock", 0, func() error { _, err := Preview.ParseBlock(raw); return err }},
			{"CheckBody", 0, b.CheckBody},
			{"Shelley", 0, func() error { b.Header.Shelley(); return nil }},
			{"Txs", 5, func() error { _, err := b.Txs(); return err }},
		} {
			if got := testing.AllocsPerRun(100, func() {
				if err := tt.do(); err != nil {
					t.Error(err)
				}
			}); got > tt.max {
				t.Errorf("%v: %s allocates %v times, at most %v allowed", b.Header.Raw.Era, tt.name, got, tt.max)
			}
		}
	}
}

// Shapes are checked in place.
func TestByronAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	for _, raw := range []RawBlock{byronTestBlock(4), mustUnhex(ebbB5)} {
		b, err := Mainnet.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name string
			max  float64
			do   func() error
		}{
			{"RawHeader.BlockNo", 0, func() error { _, err := b.Header.Raw.BlockNo(); return err }},
			{"ParseHeader", 0, func() error { _, err := Mainnet.ParseHeader(b.Header.Raw); return err }},
			{"ParseBlock", 0, func() error { _, err := Mainnet.ParseBlock(raw); return err }},
			{"Byron", 0, func() error { b.Header.Byron(); return nil }},
			{"CheckBody", 14, b.CheckBody}, // leaves of the Merkle tree, and all witnesses in one
		} {
			if got := testing.AllocsPerRun(100, func() {
				if err := tt.do(); err != nil {
					t.Error(err)
				}
			}); got > tt.max {
				t.Errorf("boundary %t: %s allocates %v times, at most %v allowed", b.Header.Raw.EBB, tt.name, got, tt.max)
			}
		}
	}
}
