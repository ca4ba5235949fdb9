package sim

import (
	"crypto/sha256"
	"fmt"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// Step is one recorded step of a decision core, as package chain encodes it: a
// configuration that begins a core, or an event with its time.
type Step struct {
	Input   []byte            // see chain.AppendEvent
	Effects [sha256.Size]byte // SHA-256 of what followed from it
}

// Replayed is what a recording of decisions holds.
type Replayed struct {
	Cores, Steps        int // that were taken again
	Adopted, RolledBack int // effects: blocks, and rollbacks
	Blamed              int // effects: peers that broke a rule

	// Unknown is how many inputs were left out, or taken in part, because a later
	// version wrote them.
	Unknown int
}

// String is one line of counts.
func (r Replayed) String() string {
	text := fmt.Sprintf("%d steps of %d cores, %d blocks adopted, %d rollbacks, %d peers blamed", r.Steps, r.Cores, r.Adopted, r.RolledBack, r.Blamed)
	if r.Unknown > 0 {
		text += fmt.Sprintf(", %d inputs not known here, or not all of them", r.Unknown)
	}
	return text
}

// ReplayError says at which step a recording goes wrong.
type ReplayError struct {
	Step   int // from 0
	Oracle string
	Text   string
}

// Error gives the step and the oracle that failed.
func (e *ReplayError) Error() string {
	return fmt.Sprintf("sim: step %d: oracle %q: %s", e.Step, e.Oracle, e.Text)
}

// Replay takes the steps of a core that was recorded anywhere, in a relay on a
// real network or on a virtual one, again: the same core, fed with the same
// events in the simulator, must give the same effects, step by step. What it
// gives is held against oracles besides, which know nothing of how a core
// decides:
//
//   - effects: equal to those recorded
//   - ledger: no block adopted twice, none that does not fit or whose body is
//     not held; rollbacks to known points, at most k deep, and only for a better
//     chain; what is immutable stays
//   - limits: bytes handed over and not taken are counted as they are
//   - valid: with a judge, who is asked about one block at a time whose body is held, no
//     block is adopted that it did not find valid
//   - blame: a header that is not valid, or does not follow the one before it, is
//     held against its sender, and nobody else is blamed for it; for a block that can
//     be valid nowhere, who sent it
//
// prefer is chain.Config.Prefer, which no recording can hold; nil is the
// default. The error is a [*ReplayError].
func Replay(steps []Step, prefer func(ours, cand *ledger.Header) bool) (Replayed, error) {
	core := chain.Replayer{Prefer: prefer}
	var told replayed
	if told.prefer = prefer; prefer == nil {
		told.prefer = chain.PreferPraos
	}
	var buf []byte
	for i, s := range steps {
		fail := func(oracle, format string, args ...any) (Replayed, error) {
			return told.sums, &ReplayError{i, oracle, fmt.Sprintf(format, args...)}
		}
		in, effects, err := core.StepDecoded(s.Input)
		if err != nil {
			return fail("effects", "%v", err)
		}
		if in.Unknown != nil {
			told.sums.Unknown++
		}
		if in.Config == nil && in.Event == nil {
			continue // what followed is not known here, either
		}
		if buf = chain.AppendEffects(buf[:0], effects); sha256.Sum256(buf) != s.Effects {
			return fail("effects", "not those recorded: %T gives %+v", in.Event, effects)
		}
		told.sums.Steps++
		if in.Config != nil {
			told.begin(in.Config)
			continue
		}
		if fault := told.step(in.Event, effects); fault != nil {
			return fail(fault.oracle, "%s", fault.text)
		}
		if have, want := core.Core().Stats().Backlog, told.chain.Owed; have != want {
			return fail("limits", "backlog %d, want %d", have, want)
		}
	}
	return told.sums, nil
}
