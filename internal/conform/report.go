package conform

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ouronet/ouronet/protocol"
)

// Report is what a run has found.
type Report struct {
	Address string
	Version string // negotiated
	Took    time.Duration

	Protocols []Result // by number; last the multiplexer
}

// Result is what was found about one mini-protocol.
type Result struct {
	Name        string
	Note        string // why nothing was tried, if so
	Transitions []Transition
	Probes      []Probe
	Faults      []string // what the node did wrong while nobody else did
	Restarted   bool     // it could be begun again after its orderly end
}

// Transition is an edge of the table.
type Transition struct {
	State, Message string
	Sender         protocol.Role // the node is the responder
	Count          int           // how often it was taken
	Note           string        // why it was not, if that is known
}

// Outcome is what became of a [Probe].
type Outcome string

// The outcomes.
const (
	Refused   Outcome = "refused"     // the node ended the connection
	Departure Outcome = "DEPARTURE"   // it did not, or at the wrong time
	Unreached Outcome = "not reached" // the node did not lead there
	Skipped   Outcome = "skipped"
)

// Probe is one deliberate breach.
type Probe struct {
	State   string
	Breach  string
	Outcome Outcome
	After   time.Duration // from the breach to the end of the connection
	Note    string
}

// Totals counts what a report holds.
type Totals struct {
	Taken, Transitions           int
	Refused, Departures, Skipped int // probes; departures include faults
}

// Totals returns the counts over all mini-protocols.
func (r *Report) Totals() (t Totals) {
	for _, p := range r.Protocols {
		t.Departures += len(p.Faults)
		for _, tr := range p.Transitions {
			t.Transitions++
			if tr.Count > 0 {
				t.Taken++
			}
		}
		for _, probe := range p.Probes {
			switch probe.Outcome {
			case Refused:
				t.Refused++
			case Departure:
				t.Departures++
			default:
				t.Skipped++
			}
		}
	}
	return t
}

// Departures lists what the node did wrong, a line each.
func (r *Report) Departures() (list []string) {
	for _, p := range r.Protocols {
		for _, f := range p.Faults {
			list = append(list, p.Name+": "+f)
		}
		for _, probe := range p.Probes {
			if probe.Outcome == Departure {
				list = append(list, fmt.Sprintf("%s: %s, %s: %s", p.Name, probe.State, probe.Breach, probe.Note))
			}
		}
	}
	return list
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "%s, %s, in %v\n", r.Address, r.Version, r.Took.Round(100*time.Millisecond))
	for _, p := range r.Protocols {
		fmt.Fprintf(w, "\n%s\n", p.Name)
		if p.Note != "" {
			fmt.Fprintf(w, "  %s\n", p.Note)
		}
		for _, t := range p.Transitions {
			arrow := "->"
			if t.Sender == protocol.Responder {
				arrow = "<-"
			}
			fmt.Fprintf(w, "  %-19s %s %-27s %s\n", t.State, arrow, t.Message, t.result())
		}
		if p.Restarted {
			fmt.Fprintf(w, "  %-19s    %-27s accepted\n", "after the end", "begun again")
		}
		for _, probe := range p.Probes {
			fmt.Fprintf(w, "  %-19s !! %-27s %s\n", probe.State, probe.Breach, probe.result())
		}
		for _, f := range p.Faults {
			fmt.Fprintf(w, "  DEPARTURE: %s\n", f)
		}
	}
	t := r.Totals()
	fmt.Fprintf(w, "\n%d of %d transitions taken; %d breaches refused, %d departures, %d probes not made\n",
		t.Taken, t.Transitions, t.Refused, t.Departures, t.Skipped)
}

func (t Transition) result() string {
	switch {
	case t.Count > 0:
		return fmt.Sprintf("accepted, %d times", t.Count)
	case t.Note != "":
		return "not seen: " + t.Note
	}
	return "not seen"
}

func (p Probe) result() string {
	parts := []string{string(p.Outcome)}
	if p.Outcome == Refused || p.After > 0 {
		parts = append(parts, "after "+span(p.After))
	}
	if p.Note != "" {
		parts = append(parts, "("+p.Note+")")
	}
	return strings.Join(parts, " ")
}

// span rounds a time to what matters of it.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
