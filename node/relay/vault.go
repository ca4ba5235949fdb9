package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// vault is the folder of blocks that can still be rolled back. Each block that is
// adopted is written to it before anybody hears of it: so a process that is killed
// loses nothing that it told or served.
//
// The engine writes to it in its step, which takes as long as to hand the bytes of a
// block to the operating system. It waits for the disk only when that takes no more
// for now, or while the loop removes a file. The loop does what is slow: it forces
// blocks to the disk once it has no more to do, which at the tip is after each, and
// gives up those that are immutable, a thousand at a time, after these were forced to
// the disk where they are now. A machine that stops while it catches up loses what
// was adopted since, of which any part may be there; it is fetched again.
type vault struct {
	db     *volatile.DB
	older  *immutable.DB
	folder string // for errors

	giveUpEvery int // for tests

	unsaved []*entry       // the engine's: adopted, while no file can be opened
	unread  int            // the engine's: attempts in a row to read a block that found no file to open
	unmoved int            // attempts in a row to move blocks that found no file to open
	stale   []ledger.Point // moved since blocks were given up last; the loop's

	unremoved int // attempts in a row to remove a file that failed; the loop's
	logger    *slog.Logger

	// saving is held by the engine from writing blocks to their adoption, and by the
	// loop while it gives up blocks, which might be held and adopted again meanwhile.
	saving sync.Mutex

	mu   sync.Mutex
	gone []ledger.Point // that are to be given up
}

// openVault opens the folder of blocks that can still be rolled back, beside the one
// with the older ones, and adopts the chain in it, whose headers it returns.
func (s *store) openVault(dir string, o volatile.Options, prefer func(ours, cand *ledger.Header) bool) ([]ledger.Header, error) {
	db, err := volatile.Open(dir, o)
	if err != nil {
		return nil, &FolderError{filepath.Dir(dir), err}
	}
	s.vault = &vault{db: db, older: s.db, folder: filepath.Dir(dir), giveUpEvery: giveUpEvery}
	s.most = warmBytes
	if prefer == nil {
		prefer = chain.PreferPraos
	}
	return s.recover(prefer)
}

// giveUpEvery is how many blocks are moved between two times that they are given up.
const giveUpEvery = 1000

// maxBehind is how many times in a row blocks may fail to be written, as the process
// has too many files open. It is tried with each block, so that is how many more may
// be in memory.
const maxBehind = 1000

// maxUnremoved is how many times in a row it may fail to remove a file: the folder grows
// meanwhile, by up to giveUpEvery blocks each time.
const maxUnremoved = 100

// FolderError says that a data folder cannot be written or read any more, such as on a
// disk that is full. It ends the relay; blocks that were adopted before are there after
// a restart.
type FolderError struct {
	Folder string
	Err    error
}

// Error names the folder and what failed.
func (e *FolderError) Error() string {
	return fmt.Sprintf("relay: the data folder %s: %v", e.Folder, e.Err)
}

// Unwrap returns what failed.
func (e *FolderError) Unwrap() error { return e.Err }

func (v *vault) wrap(err error) error {
	if err == nil || errors.As(err, new(*FolderError)) {
		return err
	}
	return &FolderError{v.folder, err}
}

// wait returns nil for an error that will pass by itself, up to a number of times.
func (v *vault) wait(times *int, err error) error {
	if *times++; tooManyFiles(err) && *times <= maxBehind {
		return nil
	}
	return v.wrap(err)
}

// save writes entries that are to be adopted. While no file can be opened they stay
// in memory alone, and are written with the next ones.
func (v *vault) save(s *store, entries []*entry) error {
	v.unsaved = append(v.unsaved, entries...)
	for len(v.unsaved) > 0 {
		e := v.unsaved[0]
		s.mu.RLock()
		b := e.block // empty if it was dropped or moved meanwhile
		s.mu.RUnlock()
		if !e.saved && b.Raw != nil {
			if err := v.db.Put(b); err != nil {
				if tooManyFiles(err) && len(v.unsaved) <= maxBehind {
					return nil
				}
				return v.wrap(err)
			}
			e.saved = true
		}
		v.unsaved[0] = nil
		v.unsaved = v.unsaved[1:]
	}
	v.unsaved = nil
	return nil
}

// giveUp has the next clean give up a block that is needed no more.
func (v *vault) giveUp(p ledger.Point) {
	v.mu.Lock()
	v.gone = append(v.gone, p)
	v.mu.Unlock()
}

// moved has a later clean give up a block that is in the immutable folder.
func (v *vault) moved(p ledger.Point) { v.stale = append(v.stale, p) }

// clean gives up blocks.
func (v *vault) clean(s *store) error {
	v.mu.Lock()
	points := v.gone
	v.gone = nil
	v.mu.Unlock()
	if len(v.stale) >= v.giveUpEvery {
		if err := v.older.Sync(); err != nil {
			return v.wrap(err)
		}
		points, v.stale = append(points, v.stale...), nil
	}
	if len(points) == 0 {
		return nil
	}
	v.saving.Lock()
	defer v.saving.Unlock()
	unneeded := points[:0]
	s.mu.RLock()
	for _, p := range points {
		if e := s.entries[p]; e == nil || e.state == held {
			unneeded = append(unneeded, p)
		}
	}
	s.mu.RUnlock()
	return v.dropped(v.db.Drop(unneeded...))
}

// dropped returns what ends the relay of an error of Drop. A file that cannot be removed,
// such as one that another program looks into, is tried again with the next blocks.
func (v *vault) dropped(err error) error {
	switch {
	case err == nil:
		v.unremoved = 0
	case tooManyFiles(err): // tried again, too
	case errors.As(err, new(*volatile.RemoveError)) && v.unremoved < maxUnremoved:
		v.unremoved++
		logging.Of(v.logger, logging.Folder).Warn("blocks that are needed no more cannot be removed for now",
			slog.Int("times", v.unremoved), slog.String("error", err.Error()))
	default:
		return v.wrap(err)
	}
	return nil
}

// sync forces what was saved to the disk.
func (v *vault) sync() error {
	if err := v.db.Sync(); err != nil && !tooManyFiles(err) {
		return v.wrap(err)
	}
	return nil
}

func (v *vault) close() error {
	if v == nil {
		return nil
	}
	return v.wrap(v.db.Close())
}

// removed returns how many bytes a crash had left unusable.
func (v *vault) removed() (n int64) {
	if v == nil {
		return 0
	}
	for _, c := range v.db.Cuts() {
		n += c.Bytes
	}
	return n
}

// warmBytes is how many bytes of blocks that are on the disk stay in memory, so that
// what is new is not read from there for each of many followers.
const warmBytes = 16 << 20

// move moves blocks that can no longer change to the folder. The engine may go on
// beside it.
func (s *store) move() error {
	if s.vault == nil {
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
			return s.vault.clean(s)
		}
		// Not under the lock: a reader finds the block in either place.
		b, err := s.body(oldest)
		if err == nil {
			err = s.db.Append(b)
		}
		if err != nil {
			return s.vault.wait(&s.vault.unmoved, err)
		}
		s.vault.unmoved = 0
		s.vault.moved(oldest.point)
		s.mu.Lock()
		oldest.state = stored
		oldest.prev = nil
		s.chain[0] = nil
		s.chain = s.chain[1:]
		s.final--
		s.basePos++
		s.base = b.Header.Tip()
		s.ours -= oldest.size
		s.remove(oldest)
		if len(s.chain) > 0 {
			s.chain[0].prev = nil
		}
		s.mu.Unlock()
	}
}
