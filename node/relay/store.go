package relay

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// ErrFull means that the blocks kept in memory have reached their bound.
var ErrFull = errors.New("relay: the bound of blocks in memory is reached: give a data folder to append to, or a larger bound")

// store holds the adopted chain: older blocks in an ImmutableDB folder, if
// there is one, newer ones in memory. One goroutine changes it, any number
// read it; none of them waits for a disk because of another.
type store struct {
	db     *immutable.DB // nil without a folder
	append bool          // blocks more than k deep go to db
	k      int
	keep   int64 // bytes of blocks in memory, at most; 0 is no bound
	batch  int   // points that a range under way keeps

	mu      sync.RWMutex
	chain   []*entry // in memory and adopted, oldest first
	base    ledger.Tip
	basePos int64 // position of chain[0]
	entries map[ledger.Point]*entry
	left    []*entry // abandoned, in the order of abandoning; some removed since
	leftN   int      // of them not removed: k at most, as in the chain core
	bytes   int64
	changed chan struct{} // closed at the next change
}

// entry is a block in memory. What is below the line changes, under store.mu.
type entry struct {
	point  ledger.Point
	before ledger.Point // the block before it
	pos    int64        // number of blocks before it on its chain since the start

	// block is empty once the entry is removed: a follower that stands on it
	// keeps the entry and those before it, but no bytes.
	block ledger.Block
	state state
	prev  *entry // nil if the block before it is older than the memory
}

type state uint8

const (
	adopted state = iota
	abandoned
	stored // adopted, and in the folder by now
)

func newStore(db *immutable.DB, appends bool, k int, keep int64) *store {
	s := &store{
		db: db, append: appends, k: k, keep: keep, batch: 100,
		entries: make(map[ledger.Point]*entry),
		changed: make(chan struct{}),
	}
	if db != nil {
		s.base = db.Tip()
	}
	return s
}

// sizes returns the end of the adopted chain, that of its part in the folder, zero
// without one, and the bytes of blocks in memory: all of one moment.
func (s *store) sizes() (tip, folder ledger.Tip, bytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tip(), s.base, s.bytes
}

// Tip returns the end of the adopted chain.
func (s *store) Tip() ledger.Tip {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tip()
}

func (s *store) tip() ledger.Tip {
	if n := len(s.chain); n > 0 {
		return s.chain[n-1].block.Header.Tip()
	}
	return s.base
}

// first returns the first block of a folder that does not begin at the origin, else
// the origin.
func (s *store) first() ledger.Point {
	if s.hasOrigin() {
		return ledger.Origin
	}
	return s.db.First()
}

// hasOrigin reports whether all blocks from the origin on are here.
func (s *store) hasOrigin() bool {
	if s.db == nil {
		return true
	}
	ok, err := s.db.Contains(ledger.Origin)
	return ok && err == nil // which it is without reading
}

// Extend adopts the block after the tip, in memory; settle is to follow.
func (s *store) Extend(block ledger.Block) error {
	size := int64(len(block.Raw))
	s.mu.Lock()
	if old := s.entries[block.Header.Point()]; old != nil {
		s.remove(old) // abandoned, and adopted again
	}
	for s.keep > 0 && s.bytes+size > s.keep && s.leftN > 0 {
		s.forgetOldest()
	}
	if s.keep > 0 && s.bytes+size > s.keep {
		s.mu.Unlock()
		return fmt.Errorf("%w: %d bytes", ErrFull, s.keep)
	}
	e := &entry{point: block.Header.Point(), block: block, before: s.tip().Point, pos: s.basePos + int64(len(s.chain))}
	if n := len(s.chain); n > 0 {
		e.prev = s.chain[n-1]
	}
	s.chain = append(s.chain, e)
	s.entries[e.point] = e
	s.bytes += size
	s.purge()
	s.notify()
	s.mu.Unlock()
	return nil
}

// RollBack drops what is after p from the adopted chain. The blocks stay for a
// while, for those who stand on them.
func (s *store) RollBack(p ledger.Point) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.chain)
	for n > 0 && s.chain[n-1].point != p {
		n--
	}
	if n == 0 && p != s.base.Point {
		return fmt.Errorf("relay: cannot roll back to %v: it is not among the last %d blocks", p, len(s.chain))
	}
	for i := len(s.chain) - 1; i >= n; i-- {
		s.chain[i].state = abandoned
		s.left = append(s.left, s.chain[i])
		s.leftN++
		s.chain[i] = nil
	}
	s.chain = s.chain[:n]
	s.purge()
	s.notify()
	return nil
}

// after returns the adopted blocks in memory after p.
func (s *store) after(p ledger.Point) (blocks []ledger.Block) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range slices.Backward(s.chain) {
		if e.point == p {
			break
		}
		blocks = append(blocks, e.block)
	}
	return blocks
}

// maxBehind is how many blocks more than k may be in memory while the process has
// too many files open to store them.
const maxBehind = 1000

// settle moves blocks that can no longer be rolled back to the folder.
func (s *store) settle() error {
	if !s.append {
		return nil
	}
	for len(s.chain) > s.k {
		oldest := s.chain[0]
		// Not under the lock: a reader finds the block in either place.
		if err := s.db.Append(oldest.block); err != nil {
			if tooManyFiles(err) && len(s.chain) <= s.k+maxBehind {
				return nil // the next block tries again
			}
			return err
		}
		s.mu.Lock()
		oldest.state = stored
		oldest.prev = nil
		s.chain[0] = nil
		s.chain = s.chain[1:]
		s.basePos++
		s.base = oldest.block.Header.Tip()
		s.remove(oldest)
		if len(s.chain) > 0 {
			s.chain[0].prev = nil
		}
		s.mu.Unlock()
	}
	return nil
}

// purge drops abandoned blocks that are too deep to come back, and the oldest
// beyond k of them, as the chain core does: a peer could make us switch for
// ever. It also keeps the list short.
func (s *store) purge() {
	tip := s.tip().BlockNo
	for len(s.left) > 0 {
		e := s.left[0]
		if s.entries[e.point] == e && s.leftN <= s.k && uint64(e.block.Header.BlockNo)+uint64(s.k) >= uint64(tip) {
			break
		}
		s.forgetOldest()
	}
	if len(s.left) > 2*s.leftN+64 {
		s.left = slices.DeleteFunc(s.left, func(e *entry) bool { return s.entries[e.point] != e })
	}
}

// forgetOldest drops the block that was abandoned first.
func (s *store) forgetOldest() {
	s.remove(s.left[0])
	s.left[0] = nil
	s.left = s.left[1:]
}

// remove forgets an entry, unless another one has taken its place.
func (s *store) remove(e *entry) {
	if s.entries[e.point] != e {
		return
	}
	delete(s.entries, e.point)
	s.bytes -= int64(len(e.block.Raw))
	e.block = ledger.Block{}
	if e.state == abandoned {
		s.leftN--
	}
}

func (s *store) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// find returns the point's block if it is in memory and adopted; ok is also
// true for the point below everything in memory. s.mu is held.
func (s *store) find(p ledger.Point) (e *entry, ok bool) {
	if e := s.entries[p]; e != nil {
		return e, e.state == adopted
	}
	return nil, p == s.base.Point
}
