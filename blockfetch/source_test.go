package blockfetch_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/ledger"
)

// storage is own storage of the blocks of a chain.
type storage struct {
	blocks []ledger.Block
	broken error // of Contains
	most   int   // headers that were asked for at once
}

var errNotThere = errors.New("not there")

func (s *storage) Contains(p ledger.Point) (bool, error) { return indexOf(s.blocks, p) >= 0, s.broken }

func (s *storage) NextHeaders(p ledger.Point, n int) (next []ledger.Header, err error) {
	s.most = max(s.most, n)
	for _, b := range s.blocks[indexOf(s.blocks, p)+1:] {
		if len(next) < n {
			next = append(next, b.Header)
		}
	}
	return next, nil
}

func (s *storage) Block(p ledger.Point) (ledger.RawBlock, error) {
	if i := indexOf(s.blocks, p); i >= 0 {
		return s.blocks[i].Raw, nil
	}
	return nil, errNotThere
}

// ranged returns the blocks of a range, nil if it is not there.
func ranged(t *testing.T, s *storage, from, to ledger.Point, each func()) (got []ledger.RawBlock, there bool, err error) {
	t.Helper()
	blocks, err := blockfetch.NewSource(s).Range(t.Context(), from, to)
	if err != nil || blocks == nil {
		return nil, false, err
	}
	for raw, err := range blocks {
		if err != nil {
			return got, true, err
		}
		got = append(got, raw)
		each()
	}
	return got, true, nil
}

func TestSourceRanges(t *testing.T) {
	s := &storage{blocks: small()[:150]}
	for from := 0; from < len(s.blocks); from += 7 {
		for to := from; to < len(s.blocks); to += 1 + to/3 {
			got, there, err := ranged(t, s, s.blocks[from].Header.Point(), s.blocks[to].Header.Point(), func() {})
			if !there || err != nil || !slices.EqualFunc(got, s.blocks[from:to+1], func(raw ledger.RawBlock, b ledger.Block) bool { return string(raw) == string(b.Raw) }) {
				t.Fatalf("blocks %d to %d: %d blocks, there: %t, %v", from, to, len(got), there, err)
			}
		}
	}
	if s.most > 64 {
		t.Errorf("%d headers were asked for at once", s.most)
	}
	other := small()[200].Header.Point()
	for _, ends := range [][2]ledger.Point{{other, other}, {s.blocks[3].Header.Point(), other}, {other, s.blocks[3].Header.Point()}} {
		if got, there, err := ranged(t, s, ends[0], ends[1], func() {}); there || err != nil {
			t.Errorf("%v to %v: %d blocks, %v; want that they are not there", ends[0], ends[1], len(got), err)
		}
	}
	s.broken = errors.New("broken")
	if _, there, err := ranged(t, s, other, other, func() {}); there || err != s.broken {
		t.Errorf("there: %t, %v; want the error of the chain", there, err)
	}
}

// A range never goes on with other blocks than those that were asked for.
func TestSourceLosesBlocksOfARange(t *testing.T) {
	all := small()
	for _, test := range []struct {
		name  string
		after []ledger.Block // is the chain after the first block
	}{
		{"a shorter chain", all[:50]},
		{"a chain without the last block", slices.Concat(all[:80], all[90:100])},
	} {
		s := &storage{blocks: all[:100]}
		got, there, err := ranged(t, s, all[0].Header.Point(), all[85].Header.Point(), func() { s.blocks = test.after })
		if !there || err == nil || len(got) > 80 {
			t.Errorf("%s: %d blocks, %v; want an error", test.name, len(got), err)
		}
	}
}
