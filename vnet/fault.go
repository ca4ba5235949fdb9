package vnet

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind is what a [Fault] does.
type Kind int

const (
	// Reset breaks the connections between the two hosts that exist at the
	// time: both sides get ECONNRESET, and what is under way is lost.
	Reset Kind = iota + 1

	// Stall delays the bytes from one host to the other. They arrive when the stall is
	// over, in order. Connecting takes as much longer, or fails with ETIMEDOUT after
	// [ConnectTime].
	Stall

	// Partition is a stall in both directions.
	Partition

	// Refuse makes one host refuse the connections of the other.
	Refuse
)

// String gives the number of a kind that is not known.
func (k Kind) String() string {
	switch k {
	case Reset:
		return "reset"
	case Stall:
		return "stall"
	case Partition:
		return "partition"
	case Refuse:
		return "refuse"
	}
	return fmt.Sprintf("fault %d", int(k))
}

// Fault is a failure between two hosts.
type Fault struct {
	Kind Kind

	// From and To are names of hosts; "" is any. For a reset and a partition
	// it makes no difference which is which.
	From, To string

	// At is when it begins, since the network was made. A fault added later than that
	// begins at once.
	At time.Duration

	// For is how long it lasts; 0 is for good. A reset has no length.
	For time.Duration
}

// String is one line, with * for any host.
func (f Fault) String() string {
	name := func(host string) string {
		if host == "" {
			return "*"
		}
		return host
	}
	s := fmt.Sprintf("%v %s %s at %v", f.Kind, name(f.From), name(f.To), f.At)
	if f.For > 0 && f.Kind != Reset {
		s += fmt.Sprintf(" for %v", f.For)
	}
	return s
}

// RandomFaults draws n faults between different hosts. They begin and end
// before the time within, sorted by their beginning.
func RandomFaults(r *rand.Rand, hosts []string, n int, within time.Duration) []Fault {
	if len(hosts) < 2 || within <= 1 {
		return nil
	}
	faults := make([]Fault, n)
	for i := range faults {
		from := r.IntN(len(hosts))
		to := (from + 1 + r.IntN(len(hosts)-1)) % len(hosts)
		at := time.Duration(r.Int64N(int64(within - 1)))
		faults[i] = Fault{
			Kind: Reset + Kind(r.IntN(int(Refuse))),
			From: hosts[from],
			To:   hosts[to],
			At:   at,
			For:  1 + time.Duration(r.Int64N(int64(within-at-1))),
		}
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return int(a.At - b.At) })
	return faults
}

// span is a time, without its end.
type span struct{ from, to time.Duration }

func (f Fault) span() span {
	at := min(max(f.At, 0), maxDelay)
	if f.For <= 0 {
		return span{at, never}
	}
	return span{at, at + min(f.For, maxDelay)}
}

func (f Fault) oneWay(from, to string) bool {
	return (f.From == "" || f.From == from) && (f.To == "" || f.To == to)
}

// hits reports whether the fault is about what goes from one host to another.
func (f Fault) hits(from, to string) bool {
	return f.oneWay(from, to) || (f.Kind == Reset || f.Kind == Partition) && f.oneWay(to, from)
}

// stalls returns when nothing arrives in one direction, sorted.
func stalls(faults []Fault, from, to string) []span {
	var spans []span
	for _, f := range faults {
		if (f.Kind == Stall || f.Kind == Partition) && f.hits(from, to) {
			spans = append(spans, f.span())
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.from - b.from) })
	return spans
}

// delayed returns when something that is due arrives, by spans sorted by their
// beginning.
func delayed(due time.Duration, spans []span) time.Duration {
	for _, s := range spans {
		if s.from <= due && due < s.to {
			due = s.to
		}
	}
	return due
}

// refused reports whether a connection is refused at a time.
func refused(faults []Fault, from, to string, now time.Duration) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool {
		s := f.span()
		return f.Kind == Refuse && f.hits(from, to) && s.from <= now && now < s.to
	})
}
