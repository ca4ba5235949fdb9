package relay

import (
	"slices"

	"github.com/ouronet/ouronet/ledger"
)

// recover makes the chain that the volatile folder holds the adopted one, and returns
// its headers, oldest first. All others in the folder are given up: those that are in
// the immutable folder, and forks.
//
// Each block there was our tip once, and we left a tip only for a longer chain or one
// that is preferred. So our chain ends with a block than which none is longer, and none
// of those as long is preferred to it. In a folder that cardano-node has left it is
// the chain that it would find, but for blocks that its ledger rejects.
func (s *store) recover(prefer func(ours, cand *ledger.Header) bool) ([]ledger.Header, error) {
	v := s.vault
	var blocks []found
	index := make(map[ledger.Hash]int)
	for h, err := range v.db.Headers() {
		if err != nil {
			return nil, v.wrap(err)
		}
		x := found{h: h, before: -1}
		if before, ok := index[h.Prev]; ok && h.HasPrev {
			x.before, x.height = before, blocks[before].height+1
		} else if !h.PrevIs(s.base.Point) {
			v.giveUp(h.Point())
			continue
		}
		index[h.Hash] = len(blocks)
		blocks = append(blocks, x)
	}
	end := best(blocks, prefer)
	for i := end; i >= 0; i = blocks[i].before {
		blocks[i].ours = true
	}
	var headers []ledger.Header
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range blocks { // those before come first
		p := x.h.Point()
		if !x.ours {
			v.giveUp(p)
			continue
		}
		e := &entry{point: p, block: ledger.Block{Header: x.h}, saved: true}
		s.push(e)
		s.entries[p] = e
		headers = append(headers, x.h)
	}
	return headers, nil
}

// found is a block that follows the immutable chain.
type found struct {
	h      ledger.Header
	before int // index; -1 is the end of the immutable chain
	height int // blocks in between
	ours   bool
}

// best returns the end of the chain that was ours last, -1 if there is none.
func best(blocks []found, prefer func(ours, cand *ledger.Header) bool) int {
	var longest []int
	for i, x := range blocks {
		if len(longest) > 0 {
			than := blocks[longest[0]]
			if x.h.BlockNo < than.h.BlockNo || x.h.BlockNo == than.h.BlockNo && x.height < than.height {
				continue
			}
			if x.h.BlockNo > than.h.BlockNo || x.height > than.height { // by a boundary block
				longest = longest[:0]
			}
		}
		longest = append(longest, i)
	}
	last := -1
	for _, i := range longest {
		last = i
		if !slices.ContainsFunc(longest, func(j int) bool { return i != j && prefer(&blocks[i].h, &blocks[j].h) }) {
			break
		}
	}
	return last
}
