package stack

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ouronet/ouronet/internal/testing/sim"
)

// Result is what came of a play.
type Result struct {
	Failures []string // what oracles found

	// Traces are what happened at each participant and user, by name, line by
	// line: what arrived there and what arrived of what it sent, with times, and
	// each step of a decision core.
	Traces map[string][]Line

	Steps map[string][]sim.Step // of decision cores, by name

	// Ends tells why connections ended, for reading: of those that end at the
	// same time it may name any first, and of reasons that coincide any.
	Ends []string

	Time                           time.Duration // virtual
	Events, Adopted, Lost, Blamed  int
	RolledBack, Lies, Transactions int
}

// String is one line of counts.
func (r *Result) String() string {
	steps := 0
	for _, s := range r.Steps { // any order
		steps += len(s)
	}
	return fmt.Sprintf("%v virtual, %d arrivals, %d steps of cores, %d blocks adopted, %d rollbacks, %d connections lost, %d lies, %d blamed, %d transactions",
		r.Time.Round(time.Millisecond), r.Events, steps, r.Adopted, r.RolledBack, r.Lost, r.Lies, r.Blamed, r.Transactions)
}

// Difference returns the line that differs first, in time, between two plays,
// or "".
func (r *Result) Difference(o *Result) string {
	var names []string
	for name := range r.Traces { // any order: sorted below
		names = append(names, name)
	}
	for name := range o.Traces { // any order: sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	first, at := "", time.Duration(0)
	for _, name := range slices.Compact(names) {
		a, b := r.Traces[name], o.Traces[name]
		i := 0
		for i < min(len(a), len(b)) && a[i] == b[i] {
			i++
		}
		if i == len(a) && i == len(b) {
			continue
		}
		one, other := lineAt(a, i), lineAt(b, i)
		if when := min(one.at, other.at); first == "" || when < at {
			at = when
			first = name + " differs"
			for _, l := range a[max(0, i-6):i] {
				first += "\n         " + l.String()
			}
			first += fmt.Sprintf("\n  one:   %v\n  other: %v", one, other)
		}
	}
	return first
}

// Line is something that happened at a participant.
type Line struct {
	at   time.Duration
	text string
}

// String puts the virtual time before the text.
func (l Line) String() string { return fmt.Sprint(l.at, " ", l.text) }

// lineAt returns line i, or one that says that there is none.
func lineAt(lines []Line, i int) Line {
	if i < len(lines) {
		return lines[i]
	}
	return Line{math.MaxInt64, "nothing"}
}
