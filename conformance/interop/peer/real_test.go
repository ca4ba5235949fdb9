package peer_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
)

// Chunks of the real chain go from one end of the library to the other and
// stay the same bytes.
func TestRealChain(t *testing.T) {
	dir := filepath.Join(testenv.ChainData(t), "preview-immutable")
	var raws []ledger.RawBlock
	for _, chunk := range []string{"00000", "00001", "00059", "00060", "00061"} {
		raws = append(raws, readChunk(t, filepath.Join(dir, chunk))...)
	}
	want, err := peer.ParseBlocks(ledger.Preview, raws)
	if err != nil {
		t.Fatal(err)
	}
	s := listen(t, peer.ServerConfig{Chain: peer.NewChain(want)})
	c := dial(t, s, peer.ClientConfig{})
	headers, err := c.Headers(limited(t))
	if err != nil || len(headers) != len(want) {
		t.Fatalf("%d headers of %d, %v", len(headers), len(want), err)
	}
	last := len(want) - 400 // within the last chunks, where blocks link
	n := last
	err = c.Fetch(limited(t), peer.Ranges(want[last:], 50), func(raw ledger.RawBlock) error {
		if string(raw) != string(want[n].Raw) {
			t.Errorf("block %d differs", n)
		}
		n++
		return nil
	})
	if err != nil || n != len(want) {
		t.Fatalf("block %d of %d, %v", n, len(want), err)
	}
}

// readChunk reads the blocks of a chunk by the offsets in its secondary file.
func readChunk(t *testing.T, name string) (raws []ledger.RawBlock) {
	t.Helper()
	const entry = 56 // bytes
	chunk, err := os.ReadFile(name + ".chunk")
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(name + ".secondary")
	if err != nil {
		t.Fatal(err)
	}
	end := len(chunk)
	raws = make([]ledger.RawBlock, len(index)/entry)
	for i := len(raws) - 1; i >= 0; i-- {
		start := int(binary.BigEndian.Uint64(index[i*entry:]))
		raws[i], end = chunk[start:end:end], start
	}
	return raws
}

// One real block of every era that has one, each served as a chain of its own.
func TestRealEras(t *testing.T) {
	for name, raw := range testenv.Blocks(t, "mainnet-blocks") {
		t.Run(name, func(t *testing.T) {
			want, err := peer.ParseBlocks(ledger.Mainnet, []ledger.RawBlock{raw})
			if err != nil {
				t.Fatal(err)
			}
			s := listen(t, peer.ServerConfig{Chain: peer.NewChain(want)})
			takeAll(t, dial(t, s, peer.ClientConfig{}), want)
		})
	}
}
