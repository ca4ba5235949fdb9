package relay

import (
	"errors"
	"sync"

	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// ErrFull means that the blocks kept in memory have reached their bound.
var ErrFull = errors.New("relay: the bound of blocks in memory is reached: give a data folder to append to, or a larger bound")

// store owns the blocks: older ones in an ImmutableDB folder, if there is one, and those
// that the chain core may still need. Of these, with a folder to append to, all that
// are or were adopted are in a VolatileDB folder, too, and only the newest in memory.
//
// The core says what is held, adopted and forgotten, see bodies; the store has no bound
// of its own but for the chain that no folder takes. The engine's goroutine changes
// what is in memory and writes to the volatile folder, that of the relay's loop moves
// blocks to the immutable one, any number read. Readers wait for no disk because of
// another, see vault for the engine.
type store struct {
	db    *immutable.DB // nil without a folder
	vault *vault        // nil: the chain stays in memory
	keep  int64         // bytes of adopted blocks in memory, at most; 0 is no bound
	batch int           // points that a range under way keeps

	mu      sync.RWMutex
	chain   []*entry // in memory and adopted, oldest first
	final   int      // of chain, blocks from the start that can no longer change
	base    ledger.Tip
	basePos int64 // position of chain[0]
	entries map[ledger.Point]*entry
	ours    int64    // bytes of chain that were adopted in this run
	warm    []*entry // whose bytes may be in memory, the first to go first
	bytes   int64    // of them
	most    int64    // of bytes; 0 is no bound
	changed wake.All
}

// entry is a block in memory. What is below the line changes, under store.mu.
type entry struct {
	point ledger.Point
	from  string // who sent it
	size  int64  // bytes; 0 if it was there at the start

	saved bool // in the volatile folder; the engine's

	// block has only a header when it is to be read from the volatile folder, and is
	// empty once the entry is removed: a follower that stands on it keeps the entry and
	// those before it, but no bytes.
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

// newStore returns a store of blocks that db has, nil for none. Only with openVault does
// it append to it.
func newStore(db *immutable.DB, keep int64) *store {
	s := &store{
		db: db, keep: keep, batch: 100,
		entries: make(map[ledger.Point]*entry),
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

// find returns the point's block if it is in memory and adopted; ok is also
// true for the point below everything in memory. s.mu is held.
func (s *store) find(p ledger.Point) (e *entry, ok bool) {
	if e := s.entries[p]; e != nil {
		return e, e.state == adopted
	}
	return nil, p == s.base.Point
}
