package trace

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"github.com/ouronet/ouronet/chain"
)

// Stepper is a pure core behind an encoding: it decodes the input, takes the
// step, and encodes the effects as it did for [Decisions.Step].
//
// An error that is errors.ErrUnsupported says that the input holds what only a later
// version of the core can read. Without effects, the step was left out; with
// effects, it was taken all the same. After any other error the core can take no
// more steps.
type Stepper interface {
	// Step takes one encoded input, which is valid during the call only, and returns
	// the encoded effects.
	Step(input []byte) (effects []byte, err error)
}

// StepError says at which step a core decides differently from the recording.
type StepError struct {
	Core  string
	Step  uint64
	Input []byte
	Want  Hash   // of the recorded effects
	Got   []byte // the effects now; nil with Err
	Err   error  // of the Stepper; nil if the effects differ
}

// Error gives core and step, and the start of what differs.
func (e *StepError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("trace: step %d of core %s: %v", e.Step, e.Core, e.Err)
	}
	return fmt.Sprintf("trace: step %d of core %s has other effects than it had: %x for input %x", e.Step, e.Core, clipBytes(e.Got), clipBytes(e.Input))
}

// Unwrap returns why the step could not be taken, nil if its effects differ.
func (e *StepError) Unwrap() error { return e.Err }

func clipBytes(b []byte) []byte { return b[:min(len(b), 64)] }

// Replay gives the recorded inputs to s, a fresh core, and stops at the first step
// whose effects differ, with a [*StepError]. If there is none, but something in the
// inputs that only a later version can read, the error is an errors.ErrUnsupported
// and a [*StepError] of the first such step. Nil stands for the decisions of
// node/follow, as this version takes them.
func (c *Core) Replay(s Stepper) error {
	var unknown error
	for e := range c.Compare(s) {
		if !errors.Is(e.Err, errors.ErrUnsupported) {
			return e
		}
		if unknown == nil {
			unknown = e
		}
	}
	return unknown
}

// Compare gives all recorded inputs to s, a fresh core or nil as with Replay, also after a difference, and
// yields each step whose effects differ, and before that, for each step that
// holds what only a later version can read, one whose Err is that error. It ends
// early with any other error of the Stepper.
//
// The inputs followed from the recorded effects. So a core that decides differently
// once gets blocks that it did not ask for, and most later steps may differ for that
// reason.
func (c *Core) Compare(s Stepper) iter.Seq[*StepError] {
	return func(yield func(*StepError) bool) {
		s := s // the sequence may be ranged over again
		if s == nil {
			s = new(chain.Replayer)
		}
		for _, step := range c.Steps {
			told := func(effects []byte, err error) bool {
				return yield(&StepError{Core: c.Name, Step: step.Number, Input: step.Input, Want: step.Effects, Got: bytes.Clone(effects), Err: err})
			}
			effects, err := s.Step(step.Input)
			if err != nil && (!told(nil, err) || !errors.Is(err, errors.ErrUnsupported)) {
				return
			}
			if leftOut := err != nil && effects == nil; leftOut || sha256.Sum256(effects) == step.Effects {
				continue
			}
			if !told(effects, nil) {
				return
			}
		}
	}
}
