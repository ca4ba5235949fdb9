package relay

import (
	"errors"
	"fmt"
	"sync"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node/follow"
)

// ErrFull means that the blocks kept in memory have reached their bound.
var ErrFull = errors.New("relay: the bound of blocks in memory is reached: give a data folder to append to, or a larger bound")

// store owns the blocks: older ones in an ImmutableDB folder, if there is one, those
// that the chain core may still need in memory. The core says what is held, adopted
// and forgotten, see bodies; the store has no bound but for the chain that no folder
// takes. The engine's goroutine changes what is in memory, that of the relay's loop
// moves blocks to the folder, any number read; none of them waits for a disk because
// of another.
type store struct {
	db     *immutable.DB // nil without a folder
	append bool          // immutable blocks go to db
	keep   int64         // bytes of adopted blocks in memory, at most; 0 is no bound
	batch  int           // points that a range under way keeps

	failed int // attempts in a row to move blocks that found no file to open

	mu      sync.RWMutex
	chain   []*entry // in memory and adopted, oldest first
	final   int      // of chain, blocks from the start that can no longer change
	base    ledger.Tip
	basePos int64 // position of chain[0]
	entries map[ledger.Point]*entry
	ours    int64         // bytes of chain
	forks   int64         // bytes of abandoned blocks
	changed chan struct{} // closed at the next change
}

// entry is a block in memory. What is below the line changes, under store.mu.
type entry struct {
	point ledger.Point
	from  string // who sent it

	// block is empty once the entry is removed: a follower that stands on it
	// keeps the entry and those before it, but no bytes.
	block  ledger.Block
	state  state
	before ledger.Point // the block before it, once it is adopted
	pos    int64        // number of blocks before it on its chain since the start
	prev   *entry       // nil if the block before it is older than the memory
}

type state uint8

const (
	held      state = iota // and not adopted: not for readers
	adopted                // on our chain
	abandoned              // was on our chain
	stored                 // adopted, and in the folder by now
)

func newStore(db *immutable.DB, appends bool, keep int64) *store {
	s := &store{
		db: db, append: appends, keep: keep, batch: 100,
		entries: make(map[ledger.Point]*entry),
		changed: make(chan struct{}),
	}
	if db != nil {
		s.base = db.Tip()
	}
	return s
}

// sizes returns the end of the adopted chain, that of its part in the folder, zero
// without one, and the bytes of blocks in memory that are or were adopted: all of one
// moment.
func (s *store) sizes() (tip, folder ledger.Tip, bytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tip(), s.base, s.ours + s.forks
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

// hold keeps a block that came.
func (s *store) hold(b follow.Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := b.Block.Header.Point()
	if s.entries[p] == nil {
		s.entries[p] = &entry{point: p, block: b.Block, from: b.From}
	}
}

// get returns a block that is in memory.
func (s *store) get(p ledger.Point) (follow.Body, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.entries[p]
	if e == nil {
		return follow.Body{}, fmt.Errorf("relay: internal error: block %v is not held", p)
	}
	return follow.Body{Block: e.block, From: e.from}, nil
}

// adopt makes the chain end with blocks, the first of which follows after. It returns
// the entries that left the chain, newest first, and those that joined it, oldest
// first. Blocks that left it stay for those who stand on them, until they are dropped.
func (s *store) adopt(after ledger.Point, blocks []ledger.Point) (left, joined []*entry, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.chain)
	for n > s.final && s.chain[n-1].point != after {
		n--
	}
	if n == s.final && after != s.lastFinal() {
		return nil, nil, fmt.Errorf("relay: internal error: cannot roll back to %v: it is not among the last %d blocks", after, len(s.chain)-s.final)
	}
	ours := s.ours
	for _, e := range s.chain[n:] {
		ours -= e.size()
	}
	for _, p := range blocks {
		e := s.entries[p]
		if e == nil || e.state == stored {
			return nil, nil, fmt.Errorf("relay: internal error: block %v was adopted without being held", p)
		}
		ours += e.size()
		joined = append(joined, e)
	}
	if s.keep > 0 && ours > s.keep {
		return nil, nil, fmt.Errorf("%w: %d bytes", ErrFull, s.keep)
	}
	for i := len(s.chain) - 1; i >= n; i-- {
		e := s.chain[i]
		e.state = abandoned
		s.forks += e.size()
		left = append(left, e)
		s.chain[i] = nil
	}
	s.chain, s.ours = s.chain[:n], ours
	for _, e := range joined {
		if e.state == abandoned {
			s.forks -= e.size()
		}
		e.state, e.before, e.pos, e.prev = adopted, s.tip().Point, s.basePos+int64(len(s.chain)), nil
		if n := len(s.chain); n > 0 {
			e.prev = s.chain[n-1]
		}
		s.chain = append(s.chain, e)
	}
	s.notify()
	return left, joined, nil
}

// lastFinal returns the last block that can no longer change.
func (s *store) lastFinal() ledger.Point {
	if s.final > 0 {
		return s.chain[s.final-1].point
	}
	return s.base.Point
}

// settle records that the chain up to p can no longer change.
func (s *store) settle(p ledger.Point) {
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
	switch {
	case e == nil, e.state == adopted, e.state == stored:
		return
	case e.state == abandoned:
		s.forks -= e.size()
	}
	s.remove(e)
}

// maxBehind is how many times in a row blocks may fail to go to the folder, as the
// process has too many files open. It is tried with each block, so that is how many
// more may be in memory.
const maxBehind = 1000

// move moves blocks that can no longer change to the folder.
func (s *store) move() error {
	if !s.append {
		return nil
	}
	for {
		s.mu.RLock()
		var oldest *entry
		if s.final > 0 {
			oldest = s.chain[0]
		}
		s.mu.RUnlock()
		if oldest == nil {
			return nil
		}
		// Not under the lock: a reader finds the block in either place.
		if err := s.db.Append(oldest.block); err != nil {
			if s.failed++; tooManyFiles(err) && s.failed <= maxBehind {
				return nil // the next block tries again
			}
			return err
		}
		s.failed = 0
		s.mu.Lock()
		oldest.state = stored
		oldest.prev = nil
		s.chain[0] = nil
		s.chain = s.chain[1:]
		s.final--
		s.basePos++
		s.base = oldest.block.Header.Tip()
		s.ours -= oldest.size()
		s.remove(oldest)
		if len(s.chain) > 0 {
			s.chain[0].prev = nil
		}
		s.mu.Unlock()
	}
}

// remove forgets an entry.
func (s *store) remove(e *entry) {
	delete(s.entries, e.point)
	e.block = ledger.Block{}
}

func (e *entry) size() int64 { return int64(len(e.block.Raw)) }

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
