package node

import (
	"context"
	"errors"
	"sync"

	"github.com/ouronet/ouronet/internal/lifecycle"
	"github.com/ouronet/ouronet/txsubmission"
)

// Spell is what our side does while a connection is hot. Each field may be nil.
type Spell struct {
	// ChainSync and BlockFetch use [Conn.ChainSync] and [Conn.BlockFetch] until ctx
	// ends, and then return. [Conn.Heat] then receives outstanding answers and sends
	// Done. Returning nil earlier cools the connection; an error that is not ctx's ends
	// it.
	ChainSync, BlockFetch func(ctx context.Context) error

	// TxSubmission returns the source of the transactions to offer. ctx ends with the
	// conversation; its cause is [context.Canceled] if that ended in order, after the
	// peer acknowledged all. A Source that ends by itself ends tx-submission alone.
	TxSubmission func(ctx context.Context) txsubmission.Source
}

// ErrHot means that a connection is hot already: one spell runs at a time.
var ErrHot = errors.New("node: the connection is hot already")

// spell is a Spell that runs.
type spell struct {
	what   Spell
	number lifecycle.Spell // 0 before it starts
	jobs   sync.WaitGroup
	over   chan struct{} // closed when every mini-protocol has ended, or the connection

	ctx  context.Context // ends when the spell cools, or the connection ends
	cool context.CancelCauseFunc
}

// ended reports whether the spell is over, or will never begin.
func (s *spell) ended(m *lifecycle.Machine) bool {
	if s.number == 0 {
		return m.Wanted() != lifecycle.Hot || m.State() == lifecycle.StClosed
	}
	return m.Spell() != s.number
}

// does reports whether the spell has something to do in a mini-protocol.
func (s *spell) does(p lifecycle.Protocol) bool {
	switch p {
	case lifecycle.ChainSync:
		return s.what.ChainSync != nil
	case lifecycle.BlockFetch:
		return s.what.BlockFetch != nil
	}
	return s.what.TxSubmission != nil
}

// run runs f. It returns nil if f ended in order.
func (s *spell) run(f func(context.Context) error) error {
	if f == nil {
		<-s.ctx.Done()
		return nil
	}
	err := f(s.ctx)
	if errors.Is(err, context.Cause(s.ctx)) {
		return nil
	}
	return err
}

// Heat makes the connection hot: it runs work until ctx ends. Then the connection
// cools: Heat receives the outstanding answers, which for chain-sync can take until the
// peer's next block, and ends each mini-protocol that was used with its Done. After 300
// s of cooling the connection ends. (mux, 7)
//
// Heat returns nil when the connection has cooled: it stays, and may be heated again.
// Heat returns [ErrHot] if the connection is hot already, [ErrMayNotAsk] if our side
// may not ask, and the cause of ctx if that ends while Heat waits for an earlier spell
// to cool. Any other error means that the connection ended.
//
// Connections that others opened can be heated like those that we opened. All
// goroutines of work have ended when Heat returns.
func (c *Conn) Heat(ctx context.Context, work Spell) error {
	if !c.MayAsk() {
		return &PeerError{c.peer, ErrMayNotAsk}
	}
	s := &spell{what: work, over: make(chan struct{})}
	s.ctx, s.cool = context.WithCancelCause(c.mux.Context())
	defer s.cool(nil)
	var hot bool
	err := c.await(ctx, func() bool {
		if hot = c.life.spell != nil && c.life.spell.ctx.Err() == nil; hot {
			return true
		}
		if c.life.spell != nil || ctx.Err() != nil || c.Err() != nil {
			return false
		}
		c.life.spell = s
		c.advance(lifecycle.Want{Temperature: lifecycle.Hot})
		return true
	})
	switch {
	case err != nil:
		return err
	case hot:
		return ErrHot
	}
	select {
	case <-ctx.Done():
		c.cool()
	case <-s.over:
	case <-c.Done():
	}
	select {
	case <-s.over:
	case <-c.Done():
		c.step(lifecycle.Lost{})
	}
	s.jobs.Wait()
	c.mu.Lock()
	lost, began := c.life.machine.State() == lifecycle.StClosed, s.number != 0
	c.mu.Unlock()
	switch {
	case lost:
		<-c.Done()
		return c.Err()
	case !began:
		return context.Cause(ctx)
	}
	return nil
}

// cool has the connection be warm at most.
func (c *Conn) cool() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(lifecycle.Want{Temperature: min(c.life.machine.Wanted(), lifecycle.Warm)})
}

// until is a source that ends when ctx does.
type until struct {
	txsubmission.Source
	ctx context.Context
}

// Next offers nothing more once the spell has ended, which ends the conversation in
// order.
func (u until) Next(ctx context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	if u.ctx.Err() != nil {
		return nil, nil
	}
	if !block {
		return u.Source.Next(ctx, most, false)
	}
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(u.ctx, func() { cancel(errStop) })()
	ids, err := u.Source.Next(waiting, most, true)
	if err != nil && ctx.Err() == nil && u.ctx.Err() != nil && errors.Is(err, context.Cause(waiting)) {
		return nil, nil
	}
	return ids, err
}
