package redial

import "time"

// Pauses double from First to Longest with every connection that did not last,
// and are spread by a fifth so that nodes do not return all at once. After one
// that lasted for Steady they start over.
const (
	First   = time.Second
	Longest = time.Minute
	Steady  = 30 * time.Second

	spread = 0.2
)

// Pauses is the state of connecting to one peer. The zero value is that of a peer
// that was never tried. Its methods must not overlap.
type Pauses struct{ failed int }

// Next returns how long to wait after a connection ended or could not be made. lasted
// is how long the connection existed, 0 if it could not be made; permanent says that
// trying again cannot help as long as the peer does not change; random is drawn from
// [0, 1).
func (p *Pauses) Next(lasted time.Duration, permanent bool, random float64) time.Duration {
	if lasted > Steady {
		p.failed = 0
	}
	pause := min(First<<min(p.failed, 10), Longest)
	p.failed++
	if permanent {
		pause = Longest
	}
	return pause + time.Duration(spread*(random-0.5)*float64(pause))
}

// Failed returns how many times Next was called since a connection that lasted.
func (p *Pauses) Failed() int { return p.failed }
