package relay

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/folder"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// openFolder opens the folder to append to, or the one to read.
func (r *Relay) openFolder() (err error) {
	options := immutable.Options{Network: r.cfg.Follow.Network}
	switch {
	case r.cfg.DataDir != "":
		if r.folder, err = folder.Open(r.cfg.DataDir, options.Network); err != nil {
			return err
		}
		r.root, options.Owned = r.folder.Dir(), true
		if err = r.folder.Begin(); err != nil { // opening may repair
			return errors.Join(err, r.folder.Close(false))
		}
		if r.db, err = immutable.OpenAppend(r.folder.Immutable(), options); err != nil {
			return errors.Join(err, r.folder.Close(unchanged(err)))
		}
		r.logFolder()
	case r.cfg.ImmutableDir != "":
		var chunks string
		chunks, r.root = folder.Locate(r.cfg.ImmutableDir)
		r.db, err = immutable.Open(chunks, options)
	}
	return err
}

// unchanged reports whether opening the chunk files has found a reason not to change them,
// and no damage.
func unchanged(err error) bool {
	return errors.As(err, new(*immutable.NetworkError)) || errors.As(err, new(*ledger.UnknownEraError)) ||
		errors.Is(err, immutable.ErrLocked)
}

// logFolder tells what opening the folder has changed, and what it has not checked.
func (r *Relay) logFolder() {
	log := logging.Of(r.cfg.Follow.Logger, logging.Folder)
	if n := r.folder.Moved(); n > 0 {
		log.Warn("chunk files were moved: the folder has the form of cardano-node's now, which earlier relays cannot open",
			slog.Int("files", n), slog.String("to", r.folder.Immutable()))
	}
	if !r.folder.Clean() {
		log.Info("the folder was not closed in order: the last chunk is checked, other blocks are checked when they are read",
			slog.String("folder", r.folder.Dir()), slog.Int64("removed", r.db.Removed()))
	}
}

// LeastKeepBlocks returns the least [Config].KeepBlocks: 2 k. The relay may roll back
// by k blocks, and a follower may be k blocks behind that; these blocks must not be
// dropped.
func LeastKeepBlocks(n ledger.Network) uint64 { return 2 * n.SecurityParam }

func (cfg *Config) checkKeepBlocks() error {
	least := LeastKeepBlocks(cfg.Follow.Network)
	switch {
	case cfg.KeepBlocks == 0:
		return nil
	case cfg.DataDir == "":
		return errors.New("KeepBlocks is of a folder to append to: set DataDir")
	case cfg.KeepBlocks < least:
		return fmt.Errorf("KeepBlocks is %d: keep %d blocks or more, or 0 to keep all", cfg.KeepBlocks, least)
	}
	// cardano-node takes a chain that does not begin in chunk 0 to be damaged, and removes it.
	for _, name := range []string{"ledger", "gsm"} {
		_, err := os.Stat(filepath.Join(cfg.DataDir, name))
		if err == nil {
			return fmt.Errorf("KeepBlocks drops chunks that cardano-node needs, whose folder %s is: it has %s/. Keep all blocks (0), give another folder, or remove ledger/ and gsm/ and never start cardano-node on it again",
				cfg.DataDir, name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// dropOld drops what is too much in the folder. When that fails, the folder is only larger
// than it should be, and the next chunk tries again.
func (r *Relay) dropOld() error {
	if r.cfg.KeepBlocks == 0 {
		return nil
	}
	until := r.db.Tip().Point
	if r.verifier != nil {
		until = r.saved.Point // or the next start could not go on from there
	}
	n, err := r.db.Drop(r.cfg.KeepBlocks, until)
	log := logging.Of(r.cfg.Follow.Logger, logging.Folder)
	if n > 0 {
		log.Info("old chunks are dropped", slog.Int("chunks", n), slog.String("first", r.db.First().String()))
	}
	if errors.As(err, new(*immutable.DamageError)) {
		return err
	}
	if err != nil {
		log.Warn("old chunks cannot be dropped", slog.String("error", err.Error()))
	}
	return nil
}

// close closes the folders after nothing went wrong.
func (r *Relay) close() error { return r.closeAfter(nil) }

// closeAfter closes the folders, and returns err and what more goes wrong. A folder is
// not closed in order if it cannot be written, or damage was found in it; one that rolls
// never is, for cardano-node.
func (r *Relay) closeAfter(err error) error {
	if r.db == nil {
		return err
	}
	var closing error
	if r.store != nil {
		closing = r.store.vault.close()
	}
	closing = also(closing, r.db.Close())
	err = also(err, closing)
	if r.folder == nil {
		return err
	}
	intact := closing == nil && r.cfg.KeepBlocks == 0 && !damaged(err)
	return also(err, r.folder.Close(intact))
}

// damaged reports whether err says that a file is not what it was.
func damaged(err error) bool {
	return errors.As(err, new(*immutable.DamageError)) || errors.As(err, new(*volatile.DamageError))
}
