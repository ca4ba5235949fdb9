package relay

import (
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// bodies is the relay as the engine sees it, a follow.Bodies: what becomes of blocks
// reaches all that keeps something of them from here, and from nowhere else. That is
// the store with its readers, the states after headers, and the transactions.
type bodies struct{ *Relay }

func (r bodies) Hold(b follow.Body) { r.store.hold(b) }

func (r bodies) Get(p ledger.Point) (follow.Body, error) { return r.store.get(p) }

func (r bodies) Drop(p ledger.Point) { r.store.drop(p) }

// Immutable leaves it to the relay's loop to move blocks to the folder. Their states
// are needed until then.
func (r bodies) Immutable(to ledger.Tip) {
	r.store.settle(to.Point)
	if r.verifier != nil && r.store.vault == nil {
		r.verifier.forgetBefore(to.Point.Hash)
	}
}

// Adopt writes the blocks, and then changes all that is in memory at once, for Status.
func (r bodies) Adopt(after ledger.Tip, blocks []ledger.Point) error {
	joined, err := r.store.joining(blocks)
	if err != nil {
		return err
	}
	if v := r.store.vault; v != nil {
		v.saving.Lock()
		defer v.saving.Unlock()
		if err := v.save(r.store, joined); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	left, err := r.store.adopt(after.Point, joined)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		r.txs.rollBack(left, r.store.body)
		if r.verifier != nil {
			r.verifier.rollBack(after.Point.Hash)
		}
	}
	for _, e := range joined {
		r.txs.adopt(e, r.store.body)
		r.blocks++
		r.bytes += e.size
		if r.verifier != nil {
			r.verifier.extend(&e.block.Header)
		}
	}
	if n := len(joined); n > 0 {
		r.tipEra.Store(uint32(joined[n-1].block.Header.Raw.Era))
	}
	return nil
}
