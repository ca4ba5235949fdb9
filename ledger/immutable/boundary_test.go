package immutable_test

import (
	"bytes"
	"encoding/binary"
	"testing"
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
