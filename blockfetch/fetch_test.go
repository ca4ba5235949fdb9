package blockfetch_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

func TestFetch(t *testing.T) {
	for name, blocks := range map[string][]ledger.Block{"small": small(), "mixed": mixed(), "one": mixed()[7:8], "none": nil} {
		t.Run(name, func(t *testing.T) {
			i := serve(t, &chain{blocks: append(small()[:0:0], blocks...)})
			got, err := collect(i.Fetch(t.Context(), wantsOf(blocks)))
			if err != nil {
				t.Fatal(err)
			}
			checkBlocks(t, got, blocks)
			if err := i.Done(t.Context()); err != nil || !i.Ended() {
				t.Error(err)
			}
		})
	}
}

func TestNoBlocks(t *testing.T) {
	blocks := mixed()
	i := serve(t, &chain{blocks: blocks[:50]})
	if got, err := collect(i.Fetch(t.Context(), wantsOf(blocks[60:70]))); !errors.Is(err, blockfetch.ErrNoBlocks) || protocol.IsPeerFault(err) || len(got) > 0 {
		t.Fatalf("%d blocks, %v", len(got), err)
	}
	if got, err := collect(i.Range(t.Context(), blocks[60].Header.Point(), blocks[70].Header.Point())); !errors.Is(err, blockfetch.ErrNoBlocks) || len(got) > 0 {
		t.Fatalf("%d blocks, %v", len(got), err)
	}
	got, err := collect(i.Fetch(t.Context(), wantsOf(blocks[10:20])))
	if err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, got, blocks[10:20])

	// In a stream the ranges behind the missing one still come.
	parts := [][]blockfetch.Want{wantsOf(blocks[0:3]), wantsOf(blocks[60:65]), wantsOf(blocks[3:6])}
	next := func() (part []blockfetch.Want, ok bool) {
		if len(parts) == 0 {
			return nil, false
		}
		part, parts = parts[0], parts[1:]
		return part, true
	}
	var log []int
	for r, err := range i.Stream(t.Context(), next, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Missing != nil {
			log = append(log, -len(r.Missing))
			continue
		}
		log = append(log, indexOf(blocks, r.Block.Header.Point()))
	}
	if want := []int{0, 1, 2, -5, 3, 4, 5}; !slices.Equal(log, want) {
		t.Errorf("got %d, want %d", log, want)
	}
}

// A loop that is left early leaves blocks owed, which the next call drops.
func TestBreak(t *testing.T) {
	blocks := mixed()
	for n := range 5 {
		i := serve(t, &chain{blocks: blocks})
		taken := 0
		for _, err := range i.Fetch(t.Context(), wantsOf(blocks)) {
			if err != nil {
				t.Fatal(err)
			}
			if taken++; taken > n {
				break
			}
		}
		got, err := collect(i.Fetch(t.Context(), wantsOf(blocks[100:110])))
		if err != nil {
			t.Fatal(err)
		}
		checkBlocks(t, got, blocks[100:110])
		for range i.Range(t.Context(), blocks[0].Header.Point(), blocks[9].Header.Point()) {
			break
		}
		if err := i.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// The header of a block that comes is the one that was known, not parsed again.
func TestKnownHeader(t *testing.T) {
	blocks := mixed()[:3]
	var wants []blockfetch.Want
	for i := range blocks {
		marked := blocks[i].Header
		marked.BlockNo += 1000
		wants = append(wants, blockfetch.WantKnown(&marked))
	}
	got, err := collect(serve(t, &chain{blocks: mixed()}).Fetch(t.Context(), wants))
	if err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, got, blocks)
	for i, b := range got {
		if want := blocks[i].Header.BlockNo + 1000; b.Header.BlockNo != want {
			t.Errorf("block %d has number %d, want %d", i, b.Header.BlockNo, want)
		}
	}
}
