package immutable_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// A boundary block has relative slot 0 of its chunk, and its entry the epoch in
// place of the slot.
func TestBoundaryFiles(t *testing.T) {
	s := newStored(t)
	i := 1
	for !s.blocks[i].Header.Raw.EBB {
		i++
	}
	ebb, next := s.blocks[i].Header, s.blocks[i+1].Header
	secondary, primary := s.files["00001.secondary"], s.files["00001.primary"]
	if ebb.Slot != 100 || !bytes.Equal(secondary[16:48], ebb.Hash[:]) || binary.BigEndian.Uint64(secondary[48:]) != 1 {
		t.Errorf("entry of boundary block %v is % x", ebb.Point(), secondary[:56])
	}
	if got := binary.BigEndian.Uint64(secondary[56+48:]); got != uint64(next.Slot) {
		t.Errorf("entry of block %v has slot %d", next.Point(), got)
	}
	for slot, want := range map[int]uint32{0: 0, 1: 56, int(next.Slot) - 100 + 2: 112} {
		if got := binary.BigEndian.Uint32(primary[1+4*slot:]); got != want {
			t.Errorf("offset %d of the primary file is %d, want %d", slot, got, want)
		}
	}
	if len(primary) != 1+4*102 {
		t.Errorf("primary file of a finished chunk has %d bytes", len(primary))
	}
}

// In Byron only a boundary block has no predecessor: a regular one that names the
// genesis hash is not the first of any chain.
func TestAppendRegularFirst(t *testing.T) {
	n := chaintest.AllEras()
	n.Genesis.Byron = ledger.Hash{1, 2, 3}
	blocks := chaintest.NewGenerator(chaintest.Config{Network: n, Eras: []chaintest.Stretch{{Era: ledger.Byron}}}).Blocks(2)
	prev, genesis := blocks[1].Header.Prev, n.Genesis.Byron
	first, err := n.ParseBlock(bytes.Replace(blocks[1].Raw, prev[:], genesis[:], 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what  string
		block ledger.Block
		want  error
	}{
		{"boundary block", blocks[0], nil},
		{"regular block in the middle of a chain", blocks[1], nil},
		{"regular block at the start", first, immutable.ErrDoesNotFollow},
	} {
		db, err := immutable.OpenAppend(t.TempDir(), immutable.Options{Network: n})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Append(tt.block); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
