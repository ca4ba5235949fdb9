package relay

import (
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// decider tells a store what the engine would, for a chain core in which one chain is
// always the best.
type decider struct {
	s      *store
	k      int
	beside bool     // another goroutine moves blocks
	left   []*entry // abandoned, oldest first; some adopted again or dropped since
}

// extend adopts a block that comes, and moves what it can to the folder.
func (d *decider) extend(b ledger.Block) error {
	d.s.hold(follow.Body{Block: b})
	if err := d.adopt(d.s.Tip().Point, b.Header.Point()); err != nil {
		return err
	}
	if d.beside {
		return nil
	}
	return d.s.move()
}

// rollBack drops what is after p.
func (d *decider) rollBack(p ledger.Point) error { return d.adopt(p) }

func (d *decider) adopt(after ledger.Point, blocks ...ledger.Point) error {
	owner := bodies{&Relay{store: d.s, txs: newTxQueue(0)}}
	var left []*entry
	d.s.mu.RLock()
	for _, e := range slices.Backward(d.s.chain) {
		if e.point == after {
			break
		}
		left = append(left, e)
	}
	d.s.mu.RUnlock()
	if err := owner.Adopt(ledger.Tip{Point: after}, blocks); err != nil {
		return err
	}
	d.left = append(d.left, left...)
	d.s.mu.RLock()
	var final ledger.Tip
	if n := len(d.s.chain) - d.k; n > 0 {
		final = d.s.chain[n-1].block.Header.Tip()
	}
	d.s.mu.RUnlock()
	if !final.Point.IsOrigin() {
		owner.Immutable(final)
	}
	tip, n := d.s.Tip().BlockNo, 0
	for i, e := range slices.Backward(d.left) {
		d.s.mu.RLock()
		live := e.state == abandoned && d.s.entries[e.point] == e && !slices.Contains(d.left[i+1:], e)
		d.s.mu.RUnlock()
		if live && (n == d.k || uint64(e.block.Header.BlockNo)+uint64(d.k) < uint64(tip)) {
			owner.Drop(e.point)
			live = false
		}
		if live {
			n++
		} else {
			d.left = slices.Delete(d.left, i, i+1)
		}
	}
	return nil
}
