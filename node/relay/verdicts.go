package relay

import (
	"slices"
	"sync"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

const (
	// maxVerdicts bounds what is remembered of headers, at about 500 bytes each.
	// It is above what the chain core holds for all peers.
	maxVerdicts = 50_000

	// maxBad bounds how many bad headers are remembered, so that they are not
	// checked again when other peers send them.
	maxBad = 1000
)

// verdict is what is known of a header.
type verdict struct {
	state  praos.State // after the header; good if err is nil in the end
	checks praos.Checks

	job  *praos.Job    // what is left to check, if anything
	done chan struct{} // closed when err is settled
	err  error

	adopted bool // on our chain
	listed  bool // as bad
}

func (d *verdict) decided() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// closed is for verdicts that are settled from the start.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// verdicts are those of headers that may come again or get children. Those of our
// chain stay until the store says that they are not needed. Others outlive what the
// chain core knows of them, up to a bound of their own: a peer that sends the same
// fork again on another connection does not make us verify it again.
type verdicts struct {
	most, mostBad int

	mu      sync.Mutex
	known   map[ledger.Hash]*verdict // the zero hash stands for the start of the chain
	side    []ledger.Hash            // those not adopted when they came, oldest first
	bad     []ledger.Hash            // oldest first
	adopted []ledger.Hash            // of our chain, oldest first, from the last immutable one on
	checks  praos.Checks             // of the last of them
}

func newVerdicts() verdicts {
	return verdicts{most: maxVerdicts, mostBad: maxBad, known: make(map[ledger.Hash]*verdict)}
}

// start sets the state of the chain that is held already.
func (v *verdicts) start(s praos.State) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known[s.Tip.Point.Hash] = &verdict{state: s, done: closed, adopted: true}
	v.adopted = []ledger.Hash{s.Tip.Point.Hash}
}

// add notes a verdict. The caller holds mu.
func (v *verdicts) add(hash ledger.Hash, d *verdict) {
	v.known[hash] = d
	v.side = append(v.side, hash)
	if len(v.side) > 2*len(v.known)+1000 {
		// One that stays at the front must not keep all that came after it.
		v.side = slices.DeleteFunc(v.side, func(h ledger.Hash) bool {
			d := v.known[h]
			return d == nil || d.adopted
		})
	}
}

// trim forgets headers that were not adopted, oldest first, if there are too
// many. The caller holds mu.
func (v *verdicts) trim() {
	for len(v.side) > 0 {
		d := v.known[v.side[0]]
		if d != nil && !d.adopted {
			if len(v.known) <= v.most {
				return
			}
			delete(v.known, v.side[0])
		}
		v.side = v.side[1:]
	}
}

// condemn keeps the verdict on a bad header, the first, and forgets the others,
// which were prepared from a state that is void.
func (v *verdicts) condemn(headers []ledger.Header, verdicts []*verdict) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, d := range verdicts {
		h := headers[i].Hash
		switch {
		case v.known[h] != d: // another goroutine did it
		case i > 0:
			delete(v.known, h)
		case !d.listed:
			d.listed = true
			if len(v.bad) == v.mostBad {
				delete(v.known, v.bad[0])
				v.bad = v.bad[1:]
			}
			v.bad = append(v.bad, h)
		}
	}
}

// rollBack notes that the blocks after a point are not adopted any more.
func (v *verdicts) rollBack(hash ledger.Hash) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for n := len(v.adopted) - 1; n >= 0 && v.adopted[n] != hash; n-- {
		if d := v.known[v.adopted[n]]; d != nil {
			d.adopted = false
			v.side = append(v.side, v.adopted[n])
		}
		v.adopted = v.adopted[:n]
	}
}

// forgetBefore forgets adopted headers before one of them: they get no more children.
func (v *verdicts) forgetBefore(hash ledger.Hash) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := slices.Index(v.adopted, hash)
	for ; n > 0; n-- {
		delete(v.known, v.adopted[0])
		v.adopted = v.adopted[1:]
	}
}

// state returns the state after a header that was adopted and is not forgotten.
func (v *verdicts) state(hash ledger.Hash) (praos.State, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if d := v.known[hash]; d != nil && d.adopted {
		return d.state, true
	}
	return praos.State{}, false
}

// last returns what was checked of the header adopted last.
func (v *verdicts) last() praos.Checks {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.checks
}

// restore makes headers that were adopted, and so verified, before the start the
// adopted ones, after that of start.
func (v *verifier) restore(headers []ledger.Header) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range headers {
		h := &headers[i]
		job, state, err := v.v.Prepare(v.known[v.adopted[len(v.adopted)-1]].state, h)
		if err != nil {
			return err
		}
		v.known[h.Hash] = &verdict{state: state, checks: job.Checks(), done: closed, adopted: true}
		v.adopted = append(v.adopted, h.Hash)
		v.checks = job.Checks()
	}
	return nil
}

// extend notes that the header of an adopted block is needed for as long as it
// may get children.
func (v *verifier) extend(h *ledger.Header) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d := v.known[h.Hash]
	if d == nil { // forgotten since it was verified
		if parent := v.known[h.Prev]; parent != nil {
			if job, state, err := v.v.Prepare(parent.state, h); err == nil {
				d = &verdict{state: state, checks: job.Checks(), done: closed}
				v.known[h.Hash] = d
			}
		}
	}
	if d != nil {
		d.adopted, v.checks = true, d.checks
	}
	v.adopted = append(v.adopted, h.Hash)
}
