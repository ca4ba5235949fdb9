package ledger

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/realchain"
	"github.com/ouronet/ouronet/internal/testing/testenv"
)

// storedBlock is a block of an ImmutableDB folder with what its index says.
type storedBlock struct {
	raw          RawBlock
	header, size int // place of the header in raw
	hash         Hash
	slot         Slot
}

// readChunks reads the first limit blocks of a folder in the simplest way that
// works; 0 means all.
func readChunks(tb testing.TB, folder string, limit int) []storedBlock {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(testenv.ChainData(tb), folder, "*.chunk"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("no chunks in %s: %v", folder, err)
	}
	var blocks []storedBlock
	for _, name := range names {
		chunk := readFile(tb, name)
		index := readFile(tb, strings.TrimSuffix(name, "chunk")+"secondary")
		for i := 0; i+56 <= len(index); i += 56 {
			e := index[i:]
			end := uint64(len(chunk))
			if i+56 < len(index) {
				end = binary.BigEndian.Uint64(e[56:])
			}
			blocks = append(blocks, storedBlock{
				raw:    chunk[binary.BigEndian.Uint64(e):end],
				header: int(binary.BigEndian.Uint16(e[8:])),
				size:   int(binary.BigEndian.Uint16(e[10:])),
				hash:   Hash(e[16:48]),
				slot:   Slot(binary.BigEndian.Uint64(e[48:])),
			})
			if len(blocks) == limit {
				return blocks
			}
		}
	}
	return blocks
}

func readFile(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestImmutableFolders(t *testing.T) {
	for _, tt := range []struct {
		folder  string
		network Network
		blocks  int
		withTx  int
		last    string
	}{
		{"preview-immutable", Preview, 17310, 5, ""},
		{"preview-immutable-late", Preview, 4202, 1785, ""},
		{"preprod-chunk-01285", Preprod, 864, 176, "501a67d6b7d11ee12a69f87c3c799515af638620b123a11e668a39b8c17e42b6"},
	} {
		t.Run(tt.folder, func(t *testing.T) {
			blocks := readChunks(t, tt.folder, 0)
			if len(blocks) != tt.blocks {
				t.Fatalf("%d blocks, want %d", len(blocks), tt.blocks)
			}
			var prev Header
			withTx := 0
			for i, stored := range blocks {
				b := checkBlock(t, tt.network, stored.raw)
				h := b.Header
				if h.Hash != stored.hash || h.Slot != stored.slot {
					t.Fatalf("block %d is %v, index says %d.%v", i, h.Point(), stored.slot, stored.hash)
				}
				if want := stored.raw[stored.header:][:stored.size]; !bytes.Equal(h.Raw.Bytes, want) {
					t.Fatalf("block %v: header is not where the index says", h.Point())
				}
				if got := tt.network.EraAt(h.Slot); got != h.Raw.Era {
					t.Fatalf("block %v of %v is in a slot of %v", h.Point(), h.Raw.Era, got)
				}
				if i > 0 && (!h.PrevIs(prev.Point()) || h.BlockNo != prev.BlockNo+1 || h.Slot <= prev.Slot) {
					t.Fatalf("block %v (%d) does not follow %v (%d)", h.Point(), h.BlockNo, prev.Point(), prev.BlockNo)
				}
				if i == 0 && tt.folder == "preview-immutable" && (!h.PrevIs(Origin) || h.BlockNo != 0) {
					t.Fatalf("first block %v (%d) does not start the chain", h.Point(), h.BlockNo)
				}
				if txs, _ := b.Txs(); len(txs) > 0 {
					withTx++
				}
				prev = h
			}
			if withTx != tt.withTx {
				t.Errorf("%d blocks with transactions, want %d", withTx, tt.withTx)
			}
			if tt.last != "" && prev.Hash.String() != tt.last {
				t.Errorf("last block is %v", prev.Point())
			}
		})
	}
}

// checkBlock checks all that holds for any block by itself.
func checkBlock(t *testing.T, n Network, raw RawBlock) Block {
	t.Helper()
	b, err := n.ParseBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.CheckBody(); err != nil {
		t.Fatal(err)
	}
	// The header is the same whether it comes with the block or alone.
	rawHeader, rest, err := DecodeRawHeader(b.Header.Raw.AppendCBOR(nil))
	if err != nil || len(rest) != 0 {
		t.Fatalf("block %v: header read back: %v, %d bytes left", b.Header.Point(), err, len(rest))
	}
	h, err := n.ParseHeader(rawHeader)
	if err != nil || h.Point() != b.Header.Point() {
		t.Fatalf("header of %v read back as %v: %v", b.Header.Point(), h.Point(), err)
	}
	if no, err := rawHeader.BlockNo(); err != nil || no != h.BlockNo {
		t.Fatalf("block %v: BlockNo() = %d, %v, want %d", h.Point(), no, err, h.BlockNo)
	}
	txs, err := b.Txs()
	if err != nil {
		t.Fatal(err)
	}
	for i, tx := range txs {
		if id, err := tx.Raw.ID(); err != nil || id != tx.ID {
			t.Fatalf("block %v, transaction %d: ID() = %v, %v, want %v", h.Point(), i, id, err, tx.ID)
		}
		if got, want := int(tx.Raw.WireSize()), len(tx.Raw.AppendCBOR(nil)); got != want {
			t.Fatalf("block %v, transaction %d: WireSize() = %d, encoding has %d", h.Point(), i, got, want)
		}
	}
	return b
}

func TestSingleBlocks(t *testing.T) {
	for folder, n := range map[string]Network{"mainnet-blocks": Mainnet, "testnet-blocks": Preprod} {
		for name, raw := range testenv.Blocks(t, folder) {
			t.Run(name, func(t *testing.T) {
				b := checkBlock(t, n, raw)
				txs, _ := b.Txs()
				t.Logf("%v ebb=%v %v block %d prev=%v, %d transactions", b.Header.Raw.Era, b.Header.Raw.EBB, b.Header.Point(), b.Header.BlockNo, b.Header.Prev, len(txs))
			})
		}
	}
}

// Real headers of every era are what their chains say, and those that follow each other
// do.
func TestRealHeaders(t *testing.T) {
	var prev Header
	linked := 0
	for _, want := range realchain.Headers {
		n := Mainnet
		if want.Network != n.Name {
			n = Preprod
		}
		h, err := n.ParseHeader(RawHeader{Era: Era(want.Era), EBB: want.Boundary, Bytes: want.Bytes()})
		if err != nil {
			t.Fatalf("%s, slot %d: %v", want.Network, want.Slot, err)
		}
		if h.Hash.String() != want.Hash || h.Slot != Slot(want.Slot) || h.BlockNo != BlockNo(want.BlockNo) || n.EraAt(h.Slot) != h.Raw.Era {
			t.Errorf("%v, block %d, want slot %d, block %d, hash %s", h.Point(), h.BlockNo, want.Slot, want.BlockNo, want.Hash)
		}
		if h.BlockNo == prev.BlockNo+1 && h.Raw.Era == prev.Raw.Era {
			if linked++; !h.PrevIs(prev.Point()) {
				t.Errorf("%v does not follow %v", h.Point(), prev.Point())
			}
		}
		prev = h
	}
	if linked != 3 {
		t.Errorf("%d headers follow another, want 3", linked)
	}
}
