package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/internal/lifecycle"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/txsubmission"
)

// life runs the mini-protocols of our side as its machine says. It is guarded by
// Conn.mu.
type life struct {
	machine lifecycle.Machine
	epoch   time.Time
	since   time.Time   // when the machine came to its state
	due     *time.Timer // for the machine's deadline, or nil
	changed wake.All    // when the state or what is wanted changes

	endPings chan struct{} // closed to end the keep-alives that run
	spell    *spell        // that runs or is about to, or nil
}

func newLife(sharing bool) life {
	warm := lifecycle.SetOf(lifecycle.KeepAlive)
	if sharing {
		warm |= lifecycle.SetOf(lifecycle.PeerSharing)
	}
	hot := lifecycle.SetOf(lifecycle.ChainSync, lifecycle.BlockFetch, lifecycle.TxSubmission)
	now := time.Now()
	return life{machine: lifecycle.New(lifecycle.Config{Warm: warm, Hot: hot}), epoch: now, since: now}
}

// errStop ends the functions of a spell that cools.
var errStop = errors.New("node: the connection cools")

// use keeps a connection from being idle: our side asks for something.
func (c *Conn) use() {
	if !c.MayAsk() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life.machine.Wanted() == lifecycle.Cold && c.life.spell == nil { // a spell asks until it has cooled
		c.advance(lifecycle.Want{Temperature: lifecycle.Warm})
	}
}

// unused reports whether our side uses nothing.
func (c *Conn) unused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.life.machine.State()
	return state == lifecycle.StFresh || state == lifecycle.StClosed
}

// Leave ends our side's use of the connection: a hot connection cools, as when the
// context of [Conn.Heat] ends, then keep-alive and peer-sharing end with their Done,
// within 120 s. The connection stays open for the peer. If the peer does not use it for
// 5 s either, it ends with [mux.ErrIdle]. Any request, or [Conn.Heat], uses it again.
//
// End conversations of your own first. Leave returns nil when all have ended, an error
// if the connection ends first, and the cause of ctx if ctx ends first; the
// conversations go on then.
func (c *Conn) Leave(ctx context.Context) error {
	c.mu.Lock()
	c.advance(lifecycle.Want{Temperature: lifecycle.Cold})
	c.mu.Unlock()
	return c.await(ctx, func() bool {
		left := c.life.machine.State() == lifecycle.StFresh || c.life.machine.Wanted() != lifecycle.Cold
		return left && c.Err() == nil
	})
}

// await waits until there is what it waits for; which is called with c.mu held.
func (c *Conn) await(ctx context.Context, there func() bool) error {
	for {
		c.mu.Lock()
		ok := there()
		changed := c.life.changed.Next()
		c.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-c.Done():
			c.step(lifecycle.Lost{})
			return c.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// step tells the machine an event and does what it says.
func (c *Conn) step(ev lifecycle.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(ev)
}

// advance is step with c.mu held.
func (c *Conn) advance(ev lifecycle.Event) {
	l := &c.life
	state, wanted := l.machine.State(), l.machine.Wanted()
	for events := []lifecycle.Event{ev}; len(events) > 0; events = events[1:] {
		for _, effect := range l.machine.Step(time.Since(l.epoch), events[0]) {
			switch effect := effect.(type) {
			case lifecycle.Start:
				c.start(effect)
				events = append(events, lifecycle.Started(effect))
			case lifecycle.Stop:
				c.endProtocol(effect)
			case lifecycle.Close:
				// What is queued has to be sent first if Close is under way.
				c.mux.Go(func(context.Context) error { return reason(effect.Err) })
			}
		}
	}
	if l.machine.State() != state {
		l.since = time.Now()
	}
	c.watch()
	if s := l.spell; s != nil && s.ended(&l.machine) {
		close(s.over)
		l.spell = nil
	}
	if l.machine.State() != state || l.machine.Wanted() != wanted {
		l.changed.Wake()
	}
}

// watch has the machine hear of its deadline.
func (c *Conn) watch() {
	l := &c.life
	at, ok := l.machine.Deadline()
	switch {
	case !ok && l.due != nil:
		l.due.Stop()
	case !ok:
	case l.due == nil:
		l.due = time.AfterFunc(at-time.Since(l.epoch), func() { c.step(lifecycle.Tick{}) })
	default:
		l.due.Reset(at - time.Since(l.epoch))
	}
}

func (c *Conn) start(what lifecycle.Start) {
	switch what.Protocol {
	case lifecycle.KeepAlive:
		end := make(chan struct{})
		c.life.endPings = end
		c.mux.Go(func(ctx context.Context) error {
			err := c.ping(ctx, end)
			c.step(lifecycle.Ended{Protocol: what.Protocol, Spell: what.Spell, Err: err})
			return err
		})
	case lifecycle.PeerSharing: // asked by whoever wants to
	default:
		c.life.spell.number = what.Spell
		if c.life.spell.does(what.Protocol) {
			c.work(what.Protocol, what.Spell)
		}
	}
}

func (c *Conn) endProtocol(what lifecycle.Stop) {
	switch what.Protocol {
	case lifecycle.KeepAlive:
		close(c.life.endPings)
	case lifecycle.PeerSharing:
		c.mux.Go(func(context.Context) error {
			err := endAsking(c, &c.peerSharingI)
			c.step(lifecycle.Ended{Protocol: what.Protocol, Spell: what.Spell, Err: err})
			return err
		})
	default:
		c.life.spell.cool(errStop)
		if !c.life.spell.does(what.Protocol) { // others may have used it
			c.work(what.Protocol, what.Spell)
		}
	}
}

// ping sends keep-alives until end is closed, and then Done.
func (c *Conn) ping(ctx context.Context, end <-chan struct{}) error {
	i := keepalive.NewInitiator(c.cfg.Specs.KeepAlive, c.keepAlive)
	i.Stop = end
	if r := c.random("cookies"); r != nil {
		i.Cookie = func() uint16 { return uint16(r.Uint32()) }
	}
	err := i.Run(ctx, c.cfg.KeepAlive, func(rtt time.Duration) {
		c.rtt.Store(int64(rtt))
		if f := c.cfg.Observer.RoundTrip; f != nil {
			f(c, rtt)
		}
	})
	if err != nil {
		return err
	}
	return i.Done(ctx)
}

// work runs one mini-protocol of the present spell to its end.
func (c *Conn) work(p lifecycle.Protocol, number lifecycle.Spell) {
	s := c.life.spell
	s.jobs.Go(func() {
		var err error
		switch p {
		case lifecycle.ChainSync:
			if err = s.run(s.what.ChainSync); err == nil {
				err = endAsking(c, &c.chainSyncI)
			}
		case lifecycle.BlockFetch:
			if err = s.run(s.what.BlockFetch); err == nil {
				err = endAsking(c, &c.blockFetchI)
			}
		case lifecycle.TxSubmission:
			err = s.run(func(cooling context.Context) error { return c.offer(cooling, s.what.TxSubmission) })
		}
		c.step(lifecycle.Ended{Protocol: p, Spell: number, Err: err})
	})
}

// offer offers transactions until a spell cools.
func (c *Conn) offer(cooling context.Context, source func(context.Context) txsubmission.Source) error {
	if source != nil {
		ctx, ended := context.WithCancelCause(c.mux.Context())
		err := c.ProvideTxs(ctx, until{source(ctx), cooling})
		ended(err)
		if err != nil {
			return err
		}
	}
	<-cooling.Done()
	return nil
}

// initiator is one of those that a Conn keeps.
type initiator interface {
	comparable
	Ended() bool
	Done(context.Context) error
}

// endAsking ends the conversation of one of the initiators, if there is one.
func endAsking[I initiator](c *Conn, kept *I) error {
	var none I
	c.mu.Lock()
	i := *kept
	c.mu.Unlock()
	if i == none || i.Ended() {
		return nil
	}
	err := i.Done(c.mux.Context())
	c.mu.Lock()
	defer c.mu.Unlock()
	if *kept == i && err == nil {
		*kept = none
	}
	return err
}

// reason is why a life cycle ends the connection.
func reason(err error) error {
	if errors.Is(err, lifecycle.ErrLate) || errors.Is(err, lifecycle.ErrEnded) {
		return fmt.Errorf("node: %w", err)
	}
	return err
}
