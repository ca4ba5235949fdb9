package lifecycle

import (
	"errors"
	"fmt"
	"time"
)

// Why a life cycle closes a connection with no mini-protocol at fault.
var (
	// ErrLate means that mini-protocols could not be ended in time.
	ErrLate = errors.New("mini-protocols could not be ended in time")

	// ErrEnded means that a warm mini-protocol ended although our side did not ask for it.
	ErrEnded = errors.New("ended, and the connection cannot do without")
)

// Config says what runs at each temperature.
type Config struct {
	Warm, Hot Set
}

// Machine is the life cycle of one connection. Its methods must not overlap.
// It may be copied.
type Machine struct {
	cfg   Config
	table []edge
	situation
}

// situation is all of a Machine that changes.
type situation struct {
	state State
	want  Temperature

	running  Set // started and not ended
	starting Set // of them, those that have not said so yet
	warm     Spell
	hot      Spell
	spells   Spell // how many there were

	due time.Duration // in StCooling and StEnding
}

// New returns the life cycle of a connection of which nothing is used.
func New(cfg Config) Machine { return Machine{cfg: cfg, table: table} }

// State returns where the connection is.
func (m *Machine) State() State { return m.state }

// Wanted returns the temperature that the connection is to have.
func (m *Machine) Wanted() Temperature { return m.want }

// Spell returns the number of the present hot spell, from the [Start] effects of
// it until its last [Ended], and 0 when there is none.
func (m *Machine) Spell() Spell {
	switch m.state {
	case StHeating, StHot, StCooling:
		return m.hot
	}
	return 0
}

// Deadline returns when a [Tick] is needed next, if one is.
func (m *Machine) Deadline() (at time.Duration, ok bool) {
	return m.due, m.state == StCooling || m.state == StEnding
}

// Step takes one event, at a time since any fixed moment, and returns what is to
// be done, in order. Events that are not of the present spell, and all that come
// after [Close] or [Lost], change nothing.
func (m *Machine) Step(now time.Duration, ev Event) []Effect {
	if m.state == StClosed {
		return nil
	}
	switch ev := ev.(type) {
	case Want:
		m.want = ev.Temperature
	case Started:
		if !m.present(ev.Protocol, ev.Spell) {
			return nil
		}
		m.starting &^= SetOf(ev.Protocol)
	case Ended:
		if !m.present(ev.Protocol, ev.Spell) {
			return nil
		}
		m.running &^= SetOf(ev.Protocol)
		m.starting &^= SetOf(ev.Protocol)
		switch {
		case ev.Err != nil:
			return m.close(ev.Err)
		case m.cfg.Warm.Has(ev.Protocol) && m.state != StEnding:
			return m.close(fmt.Errorf("%v %w", ev.Protocol, ErrEnded))
		case m.cfg.Hot.Has(ev.Protocol) && m.state != StCooling:
			m.want = min(m.want, Warm) // as in cardano-node (relay-behaviour, 3.2)
		}
	case Lost:
		return m.close(nil)
	case Tick:
		if at, ok := m.Deadline(); ok && now >= at {
			return m.close(ErrLate)
		}
	}
	return m.advance(now)
}

// present reports whether a mini-protocol runs, in a spell of that number.
func (m *Machine) present(p Protocol, s Spell) bool {
	of := m.warm
	if m.cfg.Hot.Has(p) {
		of = m.hot
	}
	return m.running.Has(p) && s == of
}

// close ends everything; without a reason the connection has ended already.
func (m *Machine) close(why error) []Effect {
	m.state, m.running, m.starting = StClosed, 0, 0
	if why == nil {
		return nil
	}
	return []Effect{Close{why}}
}

// advance takes every transition that can be taken. No state comes twice.
func (m *Machine) advance(now time.Duration) []Effect {
	var effects []Effect
	for range states {
		e := m.next()
		if e == nil {
			break
		}
		m.state = e.to
		switch e.do {
		case start:
			effects = m.start(effects, e.group)
		case stop:
			effects = m.stop(effects, e.group, now)
		}
	}
	return effects
}

// next returns the transition that can be taken, or nil.
func (m *Machine) next() *edge {
	for i := range m.table {
		if e := &m.table[i]; e.from == m.state && m.holds(e) {
			return e
		}
	}
	return nil
}

func (m *Machine) holds(e *edge) bool {
	switch e.when {
	case hotter:
		return m.want > stays[e.from]
	case colder:
		return m.want < stays[e.from] || m.running&m.group(e.group) != m.group(e.group)
	case started:
		return m.starting&m.group(e.group) == 0
	default:
		return m.running&m.group(e.group) == 0
	}
}

func (m *Machine) group(t Temperature) Set {
	if t == Hot {
		return m.cfg.Hot
	}
	return m.cfg.Warm
}

func (m *Machine) start(effects []Effect, t Temperature) []Effect {
	m.spells++
	if t == Hot {
		m.hot = m.spells
	} else {
		m.warm = m.spells
	}
	m.running |= m.group(t)
	m.starting |= m.group(t)
	for p := range protocols {
		if m.group(t).Has(p) {
			effects = append(effects, Start{p, m.spells})
		}
	}
	return effects
}

func (m *Machine) stop(effects []Effect, t Temperature, now time.Duration) []Effect {
	spell, within := m.warm, EndTime
	if t == Hot {
		spell, within = m.hot, CoolTime
	}
	m.due = now + within
	for p := range protocols {
		if (m.running & m.group(t)).Has(p) {
			effects = append(effects, Stop{p, spell})
		}
	}
	return effects
}
