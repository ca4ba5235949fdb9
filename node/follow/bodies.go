package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Body is a block and the address of the peer that sent it first, as in
// Config.Peers; "" if it was there before the run.
type Body struct {
	Block ledger.Block
	From  string
}

// Bodies owns the blocks that the decisions may still need: those that came and are not
// adopted yet, those of our chain after its immutable part, and those of old forks. No
// other part keeps blocks.
//
// The decisions bound what is held: of old forks at most k blocks; of the adopted chain
// those after the last call of Immutable, which are k; and what came ahead of its
// adoption, within [Bounds].MaxBytes and what goes beyond it there. So an
// implementation needs no bound of its own. It must drop a block only when Drop is
// called.
//
// The engine calls the methods one at a time, in its step: nothing is decided while
// one runs. They may write to a file, and must not wait for a disk to have written,
// for a peer, or for the loop over the events.
type Bodies interface {
	// Hold keeps a block that came, unless its point is held already. Its body was
	// checked against its header.
	Hold(Body)

	// Get returns a block that is held, adopted or not, and not immutable. A
	// [*LaterError] says that it cannot be read for now: nothing is decided until its
	// Retry is over and Get, which bounds how often, is called again. Any other error
	// ends the run, which returns it.
	Get(ledger.Point) (Body, error)

	// Adopt makes our chain the present one up to after, a block of it, followed by
	// blocks, which are held; there are none when nothing follows a rollback. Blocks of
	// ours behind after stay held. Readers of the chain see all of the change or
	// nothing. When it returns the change is stored: its events follow. An error ends
	// the run, which returns it.
	Adopt(after ledger.Tip, blocks []ledger.Point) error

	// Immutable says that our chain up to a block can no longer change: Get is not
	// called for these blocks any more.
	Immutable(ledger.Tip)

	// Drop forgets a block that is held and not of our chain, if there is one.
	Drop(ledger.Point)
}

// body returns a block that is held, once it can be read.
func (e *Engine) body(p ledger.Point) (Body, error) {
	for {
		b, err := e.bodies.Get(p)
		var later *LaterError
		if !errors.As(err, &later) {
			return b, err
		}
		pause := later.Retry
		if pause <= 0 {
			pause = time.Second
		}
		select {
		case <-time.After(pause):
		case <-e.ctx.Done():
			return Body{}, context.Cause(e.ctx)
		}
	}
}

// memory is a Bodies for those who keep no blocks themselves.
type memory struct {
	bodies map[ledger.Point]Body
	chain  []ledger.Point // of bodies, those that are adopted, oldest first
}

func newMemory() *memory { return &memory{bodies: make(map[ledger.Point]Body)} }

// Hold keeps a block.
func (m *memory) Hold(b Body) {
	p := b.Block.Header.Point()
	if _, ok := m.bodies[p]; !ok {
		m.bodies[p] = b
	}
}

// Get returns a block that is held.
func (m *memory) Get(p ledger.Point) (Body, error) {
	b, ok := m.bodies[p]
	if !ok {
		return Body{}, fmt.Errorf("follow: internal error: block %v is not held", p)
	}
	return b, nil
}

// Adopt remembers the chain, of which Immutable forgets the beginning.
func (m *memory) Adopt(after ledger.Tip, blocks []ledger.Point) error {
	n := len(m.chain)
	for n > 0 && m.chain[n-1] != after.Point {
		n--
	}
	m.chain = append(m.chain[:n], blocks...)
	return nil
}

// Immutable forgets the chain up to a block of it.
func (m *memory) Immutable(to ledger.Tip) {
	for len(m.chain) > 0 {
		oldest := m.chain[0]
		if oldest.Slot > to.Point.Slot {
			return
		}
		delete(m.bodies, oldest)
		m.chain = m.chain[1:]
		if oldest == to.Point {
			return
		}
	}
}

// Drop forgets a block.
func (m *memory) Drop(p ledger.Point) { delete(m.bodies, p) }
