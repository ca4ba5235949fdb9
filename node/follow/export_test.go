package follow

import "github.com/ouronet/ouronet/ledger"

// Held returns how many bodies a Follower keeps whose loop has ended.
func (f *Follower) Held() int { return f.engine.held() }

// Holds returns how many links and bodies an Engine keeps that has nothing to do.
func (e *Engine) Holds() (links, bodies int) { return len(e.links), e.held() }

// held returns how many bodies are kept in memory.
func (e *Engine) held() int { return len(e.bodies.(*memory).bodies) }

// NewMemory returns a Bodies that has blocks already.
func NewMemory(blocks ...ledger.Block) Bodies {
	m := newMemory()
	for _, b := range blocks {
		m.Hold(Body{Block: b})
		m.chain = append(m.chain, b.Header.Point())
	}
	return m
}
