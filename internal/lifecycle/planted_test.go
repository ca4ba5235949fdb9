package lifecycle

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// narrow are configurations in which every situation is visited quickly.
var narrow = []Config{small, {Warm: SetOf(KeepAlive, PeerSharing), Hot: SetOf(ChainSync)}}

// find explores with something planted until a fault is found.
func find(table []edge, step func(*Machine, time.Duration, Event) []Effect) error {
	for _, cfg := range narrow {
		if _, err := (model{cfg: cfg, table: table, step: step}).explore(); err != nil {
			return err
		}
	}
	return nil
}

// Any change of one field of the table, and the loss of any transition, is found,
// but for those that make no difference.
func TestPlantedEdges(t *testing.T) {
	if testing.Short() {
		t.Skip("checks the whole model once for each planted fault")
	}
	same := []string{
		// From there it comes to warm within the same step: nothing hot is being
		// started, none of it runs, and none of it is being ended.
		"transition 0 to heating", "transition 0 to hot", "transition 0 to cooling",
		// Nothing of the group runs.
		"transition 5 with action 2", "transition 6 with action 2",
	}
	planted := 0
	try := func(what string, table []edge) {
		planted++
		if err := find(table, nil); (err == nil) != slices.Contains(same, what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	change := func(i int, what string, f func(*edge)) {
		changed := slices.Clone(table)
		f(&changed[i])
		if changed[i] != table[i] {
			try(fmt.Sprintf("transition %d %s", i, what), changed)
		}
	}
	for i := range table {
		try(fmt.Sprintf("transition %d is not there", i), slices.Delete(slices.Clone(table), i, i+1))
		for s := StFresh; s < states; s++ {
			change(i, fmt.Sprintf("from %v", s), func(e *edge) { e.from = s })
			change(i, fmt.Sprintf("to %v", s), func(e *edge) { e.to = s })
		}
		for c := hotter; c <= ended; c++ {
			change(i, fmt.Sprintf("with condition %d", c), func(e *edge) { e.when = c })
		}
		for a := nothing; a <= stop; a++ {
			change(i, fmt.Sprintf("with action %d", a), func(e *edge) { e.do = a })
		}
		change(i, "with the other group", func(e *edge) { e.group = Warm + Hot - e.group })
	}
	t.Logf("%d planted errors", planted)
}

// So is what a Machine does wrong beside its table.
func TestPlantedSteps(t *testing.T) {
	type step = func(m *Machine, now time.Duration, ev Event) []Effect
	for _, test := range []struct {
		what string
		step step
	}{
		{"what is wanted while it cools is forgotten", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Want); ok && m.state == StCooling {
				return nil
			}
			return m.Step(now, ev)
		}},
		{"what is wanted while it heats is forgotten", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Want); ok && m.state == StHeating {
				return nil
			}
			return m.Step(now, ev)
		}},
		{"what is wanted while it ends is forgotten", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Want); ok && m.state == StEnding {
				return nil
			}
			return m.Step(now, ev)
		}},
		{"an end of a spell that has passed counts", func(m *Machine, now time.Duration, ev Event) []Effect {
			if e, ok := ev.(Ended); ok {
				e.Spell = m.hot
				if m.cfg.Warm.Has(e.Protocol) {
					e.Spell = m.warm
				}
				ev = e
			}
			return m.Step(now, ev)
		}},
		{"the start of a spell that has passed counts", func(m *Machine, now time.Duration, ev Event) []Effect {
			if e, ok := ev.(Started); ok && m.cfg.Hot.Has(e.Protocol) {
				ev = Started{e.Protocol, m.hot}
			}
			return m.Step(now, ev)
		}},
		{"spells have the same number", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Want); ok && m.state != StClosed {
				m.spells = min(m.spells, 1)
			}
			return m.Step(now, ev)
		}},
		{"a mini-protocol that fails ends in order", func(m *Machine, now time.Duration, ev Event) []Effect {
			if e, ok := ev.(Ended); ok && e.Err != nil {
				e.Err = nil
				ev = e
			}
			return m.Step(now, ev)
		}},
		{"a warm mini-protocol may end by itself", func(m *Machine, now time.Duration, ev Event) []Effect {
			if e, ok := ev.(Ended); ok && e.Err == nil && m.cfg.Warm.Has(e.Protocol) && m.state != StEnding && m.present(e.Protocol, e.Spell) {
				m.running &^= SetOf(e.Protocol)
				m.starting &^= SetOf(e.Protocol)
				return nil
			}
			return m.Step(now, ev)
		}},
		{"a hot mini-protocol may end by itself", func(m *Machine, now time.Duration, ev Event) []Effect {
			if e, ok := ev.(Ended); ok && e.Err == nil && m.cfg.Hot.Has(e.Protocol) && m.state != StCooling && m.present(e.Protocol, e.Spell) {
				m.running &^= SetOf(e.Protocol)
				m.starting &^= SetOf(e.Protocol)
				return nil
			}
			return m.Step(now, ev)
		}},
		{"there is no deadline", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Tick); ok {
				return nil
			}
			return m.Step(now, ev)
		}},
		{"the deadline has passed at once", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Tick); ok {
				now = CoolTime
			}
			return m.Step(now, ev)
		}},
		{"it goes on when the connection is lost", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Lost); ok {
				return nil
			}
			return m.Step(now, ev)
		}},
		{"it begins anew after the end", func(m *Machine, now time.Duration, ev Event) []Effect {
			if _, ok := ev.(Want); ok && m.state == StClosed {
				m.state = StFresh
			}
			return m.Step(now, ev)
		}},
		{"it closes twice", func(m *Machine, now time.Duration, ev Event) []Effect {
			effects := m.Step(now, ev)
			if n := len(effects); n > 0 {
				if c, ok := effects[n-1].(Close); ok {
					effects = append(effects, c)
				}
			}
			return effects
		}},
		{"a Stop is lost", func(m *Machine, now time.Duration, ev Event) []Effect {
			return slices.DeleteFunc(m.Step(now, ev), func(e Effect) bool {
				s, ok := e.(Stop)
				return ok && s.Protocol == TxSubmission
			})
		}},
	} {
		err := find(table, test.step)
		if err == nil {
			t.Errorf("%s: not found", test.what)
		}
		t.Logf("%s: %v", test.what, err)
	}
}
