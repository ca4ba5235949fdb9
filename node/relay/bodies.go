package relay

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
	"github.com/ouronet/ouronet/node/follow"
)

// bodies is the relay as the engine sees it, a follow.Bodies: what becomes of blocks
// reaches all that keeps something of them from here, and from nowhere else. That is
// the store with its readers, the states after headers, and the transactions.
type bodies struct{ *Relay }

// Hold keeps a block that came.
func (r bodies) Hold(b follow.Body) { r.store.hold(b) }

// Get returns a block that the core may still need, from memory or the disk.
func (r bodies) Get(p ledger.Point) (follow.Body, error) { return r.store.get(p) }

// Drop forgets a block that is not on the chain; the loop removes it from the disk.
func (r bodies) Drop(p ledger.Point) { r.store.drop(p) }

// Immutable leaves it to the relay's loop to move blocks to the folder. Their states
// are needed until then.
func (r bodies) Immutable(to ledger.Tip) {
	r.store.markFinal(to.Point)
	if r.verifier != nil && r.store.vault == nil {
		r.verifier.forgetBefore(to.Point.Hash)
	}
}

// Adopt writes the blocks, and then changes all that is in memory at once, for Status.
func (r bodies) Adopt(after ledger.Tip, blocks []ledger.Point) error {
	joined, err := r.store.joining(blocks)
	if err != nil {
		return err
	}
	if v := r.store.vault; v != nil {
		v.saving.Lock()
		defer v.saving.Unlock()
		if err := v.save(r.store, joined); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	left, err := r.store.adopt(after.Point, joined)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		r.txs.rollBack(left, r.store.body)
		if r.verifier != nil {
			r.verifier.rollBack(after.Point.Hash)
		}
	}
	for _, e := range joined {
		r.txs.adopt(e, r.store.body)
		r.blocks++
		r.bytes += e.size
		if r.verifier != nil {
			r.verifier.extend(&e.block.Header)
		}
	}
	if n := len(joined); n > 0 {
		r.tipEra.Store(uint32(joined[n-1].block.Header.Raw.Era))
	}
	return nil
}

// hold keeps a block that came.
func (s *store) hold(b follow.Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := b.Block.Header.Point()
	if s.entries[p] == nil {
		s.entries[p] = &entry{point: p, block: b.Block, from: b.From, size: int64(len(b.Block.Raw))}
	}
}

// get returns a block that the core may still need.
func (s *store) get(p ledger.Point) (follow.Body, error) {
	s.mu.RLock()
	e := s.entries[p]
	s.mu.RUnlock()
	if e == nil {
		return follow.Body{}, fmt.Errorf("relay: internal error: block %v is not held", p)
	}
	b, err := s.body(e)
	switch {
	case s.vault == nil:
	case err == nil:
		s.vault.unread = 0
	case tooManyFiles(err) && s.vault.unread < maxBehind:
		s.vault.unread++
		err = &follow.LaterError{Retry: readAgain}
	}
	return follow.Body{Block: b, From: e.from}, err
}

// readAgain is how long after a block could not be read, as the process has too many files
// open, that is tried again. The engine waits meanwhile, 100 s at most.
const readAgain = 100 * time.Millisecond

// body returns the block of an entry, from the disk if it is not in memory.
func (s *store) body(e *entry) (ledger.Block, error) {
	s.mu.RLock()
	b := e.block
	s.mu.RUnlock()
	switch {
	case b.Raw != nil:
		return b, nil
	case s.vault != nil:
		b, err := s.vault.db.Get(e.point)
		if errors.Is(err, volatile.ErrNotFound) {
			return b, errGone // maybe since we looked
		}
		return b, s.vault.wrap(err)
	}
	return b, errGone
}

// errGone: a block is not where it was looked for any more.
var errGone = errors.New("relay: block is neither in memory nor in the volatile folder")

// joining returns the entries of blocks that are to be adopted.
func (s *store) joining(blocks []ledger.Point) ([]*entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	entries := make([]*entry, len(blocks))
	for i, p := range blocks {
		if entries[i] = s.entries[p]; entries[i] == nil || entries[i].state == adopted {
			return nil, fmt.Errorf("relay: internal error: block %v was adopted without being held", p)
		}
	}
	return entries, nil
}

// adopt makes the chain end with entries, the first of which follows after, and returns
// those that left the chain, newest first. They stay for those who stand on them, until
// they are dropped.
func (s *store) adopt(after ledger.Point, joined []*entry) (left []*entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.chain)
	for n > s.final && s.chain[n-1].point != after {
		n--
	}
	if n == s.final && after != s.lastFinal() {
		return nil, fmt.Errorf("relay: internal error: cannot roll back to %v: it is not among the last %d blocks", after, len(s.chain)-s.final)
	}
	ours := s.ours
	for _, e := range s.chain[n:] {
		ours -= e.size
	}
	for _, e := range joined {
		ours += e.size
	}
	if s.keep > 0 && ours > s.keep {
		return nil, fmt.Errorf("%w: %d bytes", ErrFull, s.keep)
	}
	for i := len(s.chain) - 1; i >= n; i-- {
		s.chain[i].state = abandoned
		left = append(left, s.chain[i])
		s.chain[i] = nil
	}
	s.chain, s.ours = s.chain[:n], ours
	for _, e := range joined {
		if e.state == held {
			s.bytes += int64(len(e.block.Raw))
			s.warm = append(s.warm, e)
		}
		s.push(e)
	}
	s.cool()
	s.changed.Wake()
	return left, nil
}

// push adds an entry to the chain. s.mu is held.
func (s *store) push(e *entry) {
	e.state, e.before, e.pos, e.prev = adopted, s.tip().Point, s.basePos+int64(len(s.chain)), nil
	if n := len(s.chain); n > 0 {
		e.prev = s.chain[n-1]
	}
	s.chain = append(s.chain, e)
}

// cool lets go of the bytes of the oldest blocks if there are too many, where they are
// on the disk. The engine calls it alone, and so may read those of the blocks that it
// adopts. s.mu is held.
func (s *store) cool() {
	for len(s.warm) > 0 {
		e := s.warm[0]
		if e.block.Raw != nil {
			if s.most == 0 || s.bytes <= s.most || !e.saved {
				return
			}
			s.bytes -= int64(len(e.block.Raw))
			h := e.block.Header
			h.Raw.Bytes = bytes.Clone(h.Raw.Bytes) // part of Raw
			e.block = ledger.Block{Header: h}
		}
		s.warm[0] = nil
		s.warm = s.warm[1:]
	}
}

// lastFinal returns the last block that can no longer change.
func (s *store) lastFinal() ledger.Point {
	if s.final > 0 {
		return s.chain[s.final-1].point
	}
	return s.base.Point
}

// markFinal records that the chain up to p can no longer change.
func (s *store) markFinal(p ledger.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[p]; e != nil && e.state == adopted {
		s.final = max(s.final, int(e.pos-s.basePos)+1)
	}
}

// drop forgets a block that is not on the chain.
func (s *store) drop(p ledger.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[p]
	if e == nil || e.state == adopted || e.state == stored {
		return
	}
	if e.saved {
		s.vault.giveUp(p)
	}
	s.remove(e)
}

// remove forgets an entry. s.mu is held.
func (s *store) remove(e *entry) {
	delete(s.entries, e.point)
	if e.state != held {
		s.bytes -= int64(len(e.block.Raw))
	}
	e.block = ledger.Block{}
}
