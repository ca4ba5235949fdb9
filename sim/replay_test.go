package sim

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// recordRun plays a scenario and returns the steps of one node's cores.
func recordRun(t *testing.T, name string, seed uint64, node int) (steps []Step, prefer func(a, b *ledger.Header) bool) {
	t.Helper()
	sc, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	sc.Nodes = 1
	w := newWorld(sc, seed)
	cfg := w.config(w.nodes[node])
	add := func(input []byte, effects []chain.Effect) {
		steps = append(steps, Step{input, sha256.Sum256(chain.AppendEffects(nil, effects))})
	}
	add(chain.AppendConfig(nil, &cfg), nil)
	_ = add
	return steps, cfg.Prefer
}

// story is a core that is stepped by hand, and what is recorded of it.
type story struct {
	core  *chain.Core
	steps []Step
	now   time.Duration
	tree  []ledger.Header
}

func newStory(t *testing.T, k int) *story {
	t.Helper()
	cfg := chain.Config{K: k, Prefer: prefer}
	core, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &story{core: core}
	s.record(chain.AppendConfig(nil, &cfg), nil)
	return s
}

func (s *story) record(input []byte, effects []chain.Effect) {
	s.steps = append(s.steps, Step{input, sha256.Sum256(chain.AppendEffects(nil, effects))})
}

func (s *story) tell(ev chain.Event) []chain.Effect {
	s.now += time.Second
	effects := s.core.Step(s.now, ev)
	s.record(chain.AppendEvent(nil, s.now, ev), effects)
	return effects
}
