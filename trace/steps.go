package trace

import (
	"crypto/sha256"
	"fmt"
)

// Stepper is a pure core behind an encoding: it decodes the input, takes the
// step, and encodes the effects as it did for [Decisions.Step].
type Stepper interface {
	Step(input []byte) (effects []byte, err error)
}

// StepError says at which step a core no longer does what it did.
type StepError struct {
	Core  string
	Step  uint64
	Input []byte
	Want  Hash   // of the recorded effects
	Got   []byte // the effects now
	Err   error  // of the Stepper, or nil
}

func (e *StepError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("trace: step %d of core %s: %v", e.Step, e.Core, e.Err)
	}
	return fmt.Sprintf("trace: step %d of core %s has other effects than it had: %x for input %x", e.Step, e.Core, clipBytes(e.Got), clipBytes(e.Input))
}

func (e *StepError) Unwrap() error { return e.Err }

func clipBytes(b []byte) []byte { return b[:min(len(b), 64)] }

// Replay gives the recorded inputs to a fresh core and stops at the first step
// whose effects differ, with a [*StepError].
func (c *Core) Replay(s Stepper) error {
	for _, step := range c.Steps {
		effects, err := s.Step(step.Input)
		if err != nil || sha256.Sum256(effects) != step.Effects {
			return &StepError{Core: c.Name, Step: step.Number, Input: step.Input, Want: step.Effects, Got: effects, Err: err}
		}
	}
	return nil
}
