package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/praos"
)

const (
	// stateFile is what a relay keeps beside the chunks of its data folder, so
	// that it need not read all headers when it starts.
	stateFile = "ouronet.state"

	// saveEvery is how many blocks go to the folder between two savings, at most.
	saveEvery = 1000

	// reportEvery is how long headers are read between two reports, and
	// lookEvery how many of them between two looks at the clock.
	reportEvery = time.Second
	lookEvery   = 100

	// checkpointEvery is how many headers are read between two savings. One costs
	// some 10 ms, and so many headers 0.2 s and more.
	checkpointEvery = 50_000
)

// resume finds the state after the last block of a folder: from the file that
// was saved with it and the headers since, or from all headers if there is no
// such file, or none that fits. Those headers were verified when they came, or
// are what the operator chose to start from. saved is the tip of the file.
//
// If keep is not nil, it saves the state at times on the way, when ctx ends, and at the
// end, so that a later call begins there.
func resume(ctx context.Context, v *verifier, db *immutable.DB, dir string, report func(at, tip ledger.Tip), keep func(praos.State) error) (state praos.State, saved ledger.Tip, err error) {
	state = praos.Origin(v.network)
	if db == nil || db.Tip().Point.IsOrigin() {
		return state, saved, nil
	}
	headers := db.HeadersFrom(db.First())
	if s, ok := readState(v.files, filepath.Join(dir, stateFile)); ok {
		on, err := db.Contains(s.Tip.Point)
		if err != nil {
			return state, saved, err
		}
		if on {
			state, saved, headers = s, s.Tip, db.HeadersAfter(s.Tip.Point)
		}
	}
	n, kept, told := 0, 0, time.Now() // headers read; of them, before the last saving
	checkpoint := func(least int) error {
		if keep == nil || n-kept < least {
			return nil
		}
		kept = n
		switch err := keep(state); {
		case err == nil:
			saved = state.Tip
		case !tooManyFiles(err): // else it only saves time, and is tried later
			return err
		}
		return nil
	}
	for h, err := range headers {
		if err == nil && ctx.Err() != nil {
			err = errors.Join(ctx.Err(), checkpoint(1))
		}
		if err != nil {
			return praos.State{}, ledger.Tip{}, err
		}
		if n == 0 && state.Tip.Point.IsOrigin() && h.HasPrev {
			// The folder does not start where the chain does: what came
			// before is not known, and nonces go back to the start.
			state = praos.State{Tip: h.Tip(), EBB: h.Raw.EBB}
		} else if _, state, err = v.v.Prepare(state, &h); err != nil {
			return praos.State{}, ledger.Tip{}, fmt.Errorf("%s: %w: is the folder of the network that was named?", dir, err)
		}
		if n++; report != nil && n%lookEvery == 0 && time.Since(told) >= v.reportEvery {
			told = time.Now()
			report(state.Tip, db.Tip())
		}
		if err := checkpoint(v.checkpointEvery); err != nil {
			return praos.State{}, ledger.Tip{}, err
		}
	}
	err = checkpoint(1)
	return state, saved, err
}

// readState reads the file. It only saves time: without it, or with one that
// cannot be used, the state is made anew from the chain.
func readState(files disk.FS, name string) (s praos.State, ok bool) {
	b, err := disk.ReadFile(files, name)
	return s, err == nil && s.UnmarshalBinary(b) == nil
}

// writeState replaces the file as a whole, also if the machine stops meanwhile.
func writeState(files disk.FS, name string, s praos.State) error {
	b, err := s.MarshalBinary()
	if err != nil {
		return err
	}
	return disk.Replace(files, name, b)
}

// saveEvery is how many blocks go to the folder between two savings: few enough that
// chunks need not stay in a rolling folder only for the state.
func (r *Relay) saveEvery() ledger.BlockNo {
	if keep := r.cfg.KeepBlocks; keep > 0 {
		return ledger.BlockNo(min(saveEvery, keep/2))
	}
	return saveEvery
}

// save keeps what is needed to verify the header after the folder's last block,
// if the folder has grown by so many blocks since the last time.
func (r *Relay) save(blocks ledger.BlockNo) error {
	if r.cfg.DataDir == "" || r.verifier == nil {
		return nil
	}
	tip := r.db.Tip()
	if tip == r.saved || tip.BlockNo < r.saved.BlockNo+blocks {
		return nil
	}
	state, ok := r.verifier.state(tip.Point.Hash)
	if !ok {
		return nil
	}
	switch err := r.keepState(state); {
	case err == nil:
		r.saved = tip
	case !tooManyFiles(err): // else it only saves time, and is tried again
		return err
	}
	return nil
}

func (r *Relay) keepState(s praos.State) error {
	if err := r.db.Sync(); err != nil { // or the file could be ahead of the chain
		return err
	}
	return writeState(r.verifier.files, filepath.Join(r.root, stateFile), s)
}

// resume finds the state after the last block of the folder; see the function.
func (r *Relay) resume(ctx context.Context) error {
	var keep func(praos.State) error
	if r.cfg.DataDir != "" {
		keep = r.keepState
	}
	state, saved, err := resume(ctx, r.verifier, r.db, r.root, r.cfg.Observer.Resuming, keep)
	if err != nil {
		return fmt.Errorf("relay: resume verification: %w", err)
	}
	r.verifier.start(state)
	if err := r.verifier.restore(r.cfg.Follow.Adopted); err != nil {
		return fmt.Errorf("relay: resume verification: %s: %w: is the folder of the network that was named?", r.store.vault.folder, err)
	}
	r.saved = saved
	return nil
}

// logChecks tells what is verified of headers, and what is not.
func (r *Relay) logChecks() {
	log := logging.Of(r.cfg.Follow.Logger, logging.Verification)
	switch {
	case r.verifier == nil:
		log.Warn("headers are not verified, but for links and bodies")
	default:
		tip := r.store.Tip()
		state, _ := r.verifier.state(tip.Point.Hash)
		log.Info("headers are verified: without stake anybody can forge one that passes",
			slog.String("after", tip.String()),
			slog.Any("verified", []string{"links", "certificates", "KES signatures"}),
			slog.Bool("VRF proofs", state.Known != praos.NoNonces),
			slog.Any("not", []string{"stake", "ledger rules"}))
	}
}
