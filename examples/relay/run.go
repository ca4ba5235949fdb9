package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

const (
	// refresh is how often the status is looked at.
	refresh = 100 * time.Millisecond
)

// program is a relay and what there is to tell about it.
type program struct {
	o       *options
	out     output
	network ledger.Network
	relay   *relay.Relay
	record  *recording
	meter   meter
	tally   tally
	start   time.Time

	reached atomic.Bool // it was at the tip: blocks are new from then on
	first   ledger.Slot // where the folder begins, as told last
	started bool        // the first event, which tells where the run starts, has come
	stuck   bool        // that no peer can be followed was told
	atTip   bool
	resumed progress
	damage  sync.Map // places of the folder that were told, immutable.DamageError

	mu      sync.Mutex
	reasons map[string]string // by address: why a peer is not followed, as told last
}

// runRelay runs until ctx ends, which is no error unless the tip was waited
// for, the tip is reached, or something does not work.
func runRelay(ctx context.Context, o *options, out output) (err error) {
	network, err := o.chain()
	if err != nil {
		return err
	}
	if err := o.checkKeep(network); err != nil {
		return err
	}
	advertise, err := advertised(ctx, o.advertise)
	if err != nil {
		return err
	}
	p := &program{o: o, out: out, network: network, start: time.Now(), reasons: make(map[string]string)}
	l, err := cli.Listen(ctx, "-listen", o.listen)
	if err != nil {
		return err
	}
	submit, err := o.listenSubmit(ctx)
	if err != nil {
		l.Close()
		return err
	}
	if p.record, err = o.record(); err != nil {
		l.Close()
		closeSubmit(submit)
		return err
	}
	if p.relay, err = relay.New(p.config(l, advertise)); err != nil {
		l.Close()
		closeSubmit(submit)
		p.record.drop()
		return o.explainFolder(err)
	}
	defer func() { err = errors.Join(err, p.record.end(out)) }()
	p.tellStart(l.Addr().String(), submit)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- p.run(ctx, submit)
		close(ended) // for who looks again
	}()
	reason, result := p.watch(ctx, ended)
	if errors.Is(result, errEnded) {
		return p.explain(errors.Unwrap(result))
	}
	last := p.relay.Status()
	cancel()
	if err := <-ended; err != nil && result == nil {
		return err
	}
	// Every connection has been told to have ended, and nothing comes after it.
	if reason != "" {
		p.tellEnd(reason, last)
	}
	return result
}

// run runs the relay and, if there is a listener for it, the endpoint of -submit.
func (p *program) run(ctx context.Context, submit net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.relay.Run(ctx) })
	if submit != nil {
		e := &endpoint{relay: p.relay, told: tellSubmitted(p.out)}
		g.Go(func() error { return e.serve(ctx, submit) })
	}
	return g.Wait()
}

func (p *program) config(l net.Listener, advertise []netip.AddrPort) relay.Config {
	cfg := relay.Config{
		Follow: follow.Config{
			Config: node.Config{
				Network: p.network, PeerSharing: true, Limits: p.o.limits(), Logger: newLogger(&p.o.log, p.out.log(), p.o.json),
				Observer: node.Observer{Connected: p.connected, Closed: p.closed, Lost: p.lost, Stopped: p.stopped},
			},
			Peers: p.o.peers,
		},
		ServeOnly:    p.o.serveOnly,
		Listener:     l,
		Advertise:    advertise,
		DataDir:      p.o.data,
		ImmutableDir: p.o.immutable,
		KeepBlocks:   p.o.keepLast,
		NoVerify:     p.o.noVerify,
		Observer:     relay.Observer{Event: p.observe, Resuming: p.resuming},
	}
	if p.o.data == "" {
		cfg.Keep = p.o.keep
	}
	p.record.of(&cfg.Follow)
	return cfg
}

// errEnded: the relay ended by itself.
var errEnded = errors.New("ended")

// watch tells how it goes until ctx ends, the tip is reached, or the relay
// ends by itself (errEnded, wrapping why). reason is what the end is to be told
// with, "" for not at all.
func (p *program) watch(ctx context.Context, ended <-chan error) (reason string, err error) {
	ticks := time.NewTicker(refresh)
	defer ticks.Stop()
	var statuses pacer
	reach := reach{since: p.start}
	for {
		select {
		case err := <-ended:
			// It ends with ctx, too, and may be first.
			if err == nil && ctx.Err() != nil {
				return p.interrupted()
			}
			return "", &endedError{err}
		case <-ctx.Done():
			return p.interrupted()
		case <-ticks.C:
		}
		now := time.Now()
		s := p.relay.Status()
		st := p.status(s, now)
		p.printChanges(st)
		p.out.line(p.network.Name + " | " + st.String())
		if statuses.due(now, st) {
			p.out.event(event{Event: "status", status: st, quiet: true}.at(st.tip))
		}
		if !p.o.exitAtTip {
			continue
		}
		if st.AtTip && tried(s) {
			return "at the tip of " + plural(st.Connected, "peer"), nil
		}
		if err := reach.check(s, now); err != nil {
			return "", err
		}
	}
}

// status puts together what there is to say at a time.
func (p *program) status(s relay.Status, now time.Time) *status {
	st := statusOf(s, p.network, &p.meter, now)
	p.tally.add(st)
	return st
}

// interrupted is the end that a signal asked for.
func (p *program) interrupted() (reason string, err error) {
	if p.o.exitAtTip {
		err = errors.New("stopped before the tip was reached")
	}
	return "stopped", err
}

type endedError struct{ err error }

// Error does not say why the relay ended: Unwrap does.
func (e *endedError) Error() string { return errEnded.Error() }

// Is matches errEnded.
func (e *endedError) Is(target error) bool { return target == errEnded }

// Unwrap returns why the relay ended; nil if it gave no reason.
func (e *endedError) Unwrap() error { return e.err }

// printChanges prints what is new in the status.
func (p *program) printChanges(st *status) {
	if st.AtTip && !p.atTip {
		p.reached.Store(true)
		// With -exit-at-tip the summary says it.
		p.out.event(event{Event: "tip", text: "at the tip: " + block(st.tip), quiet: p.o.exitAtTip}.at(st.tip))
	}
	p.atTip = st.AtTip
	if slot := uint64(st.first.Slot); st.first.Slot > p.first {
		p.out.event(event{Event: "dropped", First: &slot, text: "dropped old blocks: the folder begins at slot " + count(slot)})
		p.first = st.first.Slot
	}
	if st.stuck != nil && !p.stuck {
		p.out.event(event{
			Event: "stuck", Error: strings.TrimPrefix(st.stuck.Error(), "follow: "),
			text: "no peer can be followed; serving goes on",
		})
	}
	p.stuck = st.stuck != nil
}

// explainFolder says what to do about a folder that cannot be opened. Damage
// says it itself.
func (o *options) explainFolder(err error) error {
	text := cli.Plain(err)
	var path *fs.PathError
	switch {
	case !errors.As(err, &path):
		return errors.New(text)
	case o.data != "":
		return fmt.Errorf("%s: -data needs a folder that can be written or made", text)
	}
	return fmt.Errorf("%s: -immutable needs the folder of a node, or its folder immutable with the chunk files", text)
}

// explain says what to do about an error that ended the relay.
func (p *program) explain(err error) error {
	if err == nil {
		return errors.New("the relay ended")
	}
	if errors.Is(err, relay.ErrFull) {
		s := p.relay.Status()
		return fmt.Errorf("the bound of -keep is reached: %s in memory at %s: give -data DIR, which keeps the chain on disk, or a larger -keep",
			size(float64(s.InMemory)), block(s.Tip))
	}
	return errors.New(cli.Plain(err))
}
