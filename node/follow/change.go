package follow

import (
	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// change is what a step makes of our chain: perhaps a rollback, then blocks. They are
// stored together: who reads our chain, or finds it after a crash, must not see a
// fork that is shorter than the chain it was left for.
type change struct {
	begun, rolled bool
	after         ledger.Tip
	adopted       []chain.Adopt

	points []ledger.Point // of adopted; scratch
	bodies []Body
}

func (c *change) back(to ledger.Tip) { c.begun, c.rolled, c.after = true, true, to }

func (c *change) adopt(a chain.Adopt) { c.begun, c.adopted = true, append(c.adopted, a) }

// commit stores the change so far, and then puts its events on their way to the
// loop. It reports whether the run goes on.
func (e *Engine) commit() bool {
	c := &e.change
	if !c.begun {
		return true
	}
	defer c.reset()
	if !c.rolled {
		c.after = e.at
	}
	for _, a := range c.adopted {
		p := a.Header.Point()
		b, err := e.body(p)
		if err != nil {
			e.cancel(err)
			return false
		}
		c.points, c.bodies = append(c.points, p), append(c.bodies, b)
	}
	if err := e.bodies.Adopt(c.after, c.points); err != nil {
		e.cancel(err)
		return false
	}
	e.at = c.after
	if c.rolled {
		e.begun = true
		e.out.push(item{back: c.after})
	}
	for i, a := range c.adopted {
		e.at = a.Header.Tip()
		e.begin()
		tip := e.tip
		if tip.BlockNo <= a.Header.BlockNo {
			tip = a.Header.Tip()
		}
		b := &c.bodies[i]
		e.out.push(item{isForward: true, forward: RollForward{Block: b.Block, From: b.From, Tip: tip}, bytes: a.Bytes})
	}
	e.catchUp()
	return true
}

// idleChange is how many blocks an empty change keeps room for.
const idleChange = 64

// reset makes an empty change, and keeps no block alive.
func (c *change) reset() {
	if cap(c.adopted) > idleChange {
		*c = change{}
		return
	}
	clear(c.adopted)
	clear(c.bodies)
	*c = change{adopted: c.adopted[:0], points: c.points[:0], bodies: c.bodies[:0]}
}
