package relay

import (
	"slices"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// decider tells a store what the engine would, for a chain core in which one chain is
// always the best.
type decider struct {
	s    *store
	k    int
	left []*entry // abandoned, oldest first; some adopted again or dropped since
}

// extend adopts a block that comes, and moves what it can to the folder.
func (d *decider) extend(b ledger.Block) error {
	d.s.hold(follow.Body{Block: b})
	if err := d.adopt(d.s.Tip().Point, b.Header.Point()); err != nil {
		return err
	}
	return d.s.move()
}

// rollBack drops what is after p.
func (d *decider) rollBack(p ledger.Point) error { return d.adopt(p) }

func (d *decider) adopt(after ledger.Point, blocks ...ledger.Point) error {
	joined, err := d.s.joining(blocks)
	if err != nil {
		return err
	}
	if d.s.vault != nil {
		d.s.vault.saving.Lock()
		defer d.s.vault.saving.Unlock()
		if err := d.s.vault.save(d.s, joined); err != nil {
			return err
		}
	}
	left, err := d.s.adopt(after, joined)
	if err != nil {
		return err
	}
	d.left = append(d.left, left...)
	if n := len(d.s.chain) - d.k; n > 0 {
		d.s.settle(d.s.chain[n-1].point)
	}
	tip, n := d.s.Tip().BlockNo, 0
	for i, e := range slices.Backward(d.left) {
		live := e.state == abandoned && d.s.entries[e.point] == e && !slices.Contains(d.left[i+1:], e)
		if live && (n == d.k || uint64(e.block.Header.BlockNo)+uint64(d.k) < uint64(tip)) {
			d.s.drop(e.point)
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
