package chain

import (
	"errors"

	"github.com/ouronet/ouronet/ledger"
)

// Replayer takes the steps of a recorded core again. Its zero value is ready; it
// is a trace.Stepper.
type Replayer struct {
	// Prefer is Config.Prefer of the cores that were recorded, which no
	// recording can hold; nil stands for [PreferPraos].
	Prefer func(ours, cand *ledger.Header) bool

	core *Core
	buf  []byte
}

// ErrNoConfig means that an event came before the Config of its core: the start
// of the recording is missing.
var ErrNoConfig = errors.New("chain: an event before the Config that begins a core")

// A recording may come from anybody. With many peers, each of a few bytes, one
// step would be work for minutes.
const maxReplayPeers = 1000

var errReplayPeers = errors.New("chain: more peers at once than a replay takes")

// Step gives an encoded input to the core and returns the encoded effects, which
// are valid until the next call. A Config begins a fresh core and has no effects,
// so a recording may hold several runs, one after the other.
//
// A later version may have added to the input. The error is then an
// [*UnknownInputError], and the replay can go on: with effects, the step was taken
// without the fields that are not known here; without, the event was left out.
// After any other error the replay cannot go on.
func (r *Replayer) Step(input []byte) (effects []byte, err error) {
	in, todo, err := r.StepDecoded(input)
	switch {
	case err != nil:
		return nil, err
	case in.Unknown != nil && in.Unknown.Fields == 0:
		return nil, in.Unknown
	}
	r.buf = AppendEffects(r.buf[:0], todo)
	if in.Unknown != nil {
		return r.buf, in.Unknown
	}
	return r.buf, nil
}

// StepDecoded is Step for those who want to look at the input and the effects
// themselves. The effects are valid until the next call. What is not known here is
// no error: Input.Unknown names it.
func (r *Replayer) StepDecoded(input []byte) (Input, []Effect, error) {
	in, err := ParseInput(input)
	if err != nil {
		return in, nil, err
	}
	if in.Config != nil {
		cfg := *in.Config
		cfg.Prefer = r.Prefer
		r.core, err = New(cfg)
		return in, nil, err
	}
	if r.core == nil {
		return in, nil, ErrNoConfig
	}
	if in.Event == nil {
		return in, nil, nil
	}
	if _, ok := in.Event.(PeerConnected); ok && r.core.Stats().Peers >= maxReplayPeers {
		return in, nil, errReplayPeers
	}
	return in, r.core.Step(in.Now, in.Event), nil
}

// Core returns the core as the steps so far have left it, nil before the first
// Config.
func (r *Replayer) Core() *Core { return r.core }
