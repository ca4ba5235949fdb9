package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

const (
	// headerBatch is how many headers go to the core at once, at most.
	headerBatch = 200

	// stopTime is how long an orderly end of chain-sync may take, since it may
	// have to wait for the peer's next block. (mux, 7)
	stopTime = 300 * time.Second
)

// link is a hot spell of a connection as the engine sees it: a mailbox that the
// engine fills without waiting, and goroutines of the spell that empty it.
type link struct {
	id       chain.PeerID
	upstream *upstream
	conn     *node.Conn

	headersWake wake.One     // grants or a command
	fetchWake   wake.One     // fetches
	received    chan message // what is to be verified; nil without a verifier
	taken       wake.One     // see message

	announced ledger.Tip // what the peer says is the end of its chain; the engine's

	mu      sync.Mutex
	points  []ledger.Point // of a FindIntersect that is to be asked
	stopped bool           // chain-sync is to be ended
	abort   context.CancelCauseFunc
	granted int // headers that may be asked for since the last FindIntersect
	fetches []chain.Fetch
}

func newLink(u *upstream, conn *node.Conn, id chain.PeerID) *link {
	l := &link{
		id: id, upstream: u, conn: conn,
		headersWake: wake.NewOne(),
		fetchWake:   wake.NewOne(),
		taken:       wake.NewOne(),
	}
	if u.engine.cfg.Verifier != nil {
		l.received = make(chan message, unverified)
	}
	return l
}

// errCommand interrupts following because the engine wants something else.
var errCommand = errors.New("follow: new command")

func (l *link) find(points []ledger.Point) {
	l.command(func() { l.points, l.stopped, l.granted = points, false, 0 })
}

func (l *link) endChainSync() {
	l.command(func() { l.points, l.stopped, l.granted = nil, true, 0 })
}

func (l *link) command(set func()) {
	l.mu.Lock()
	set()
	if l.abort != nil {
		l.abort(errCommand)
	}
	l.mu.Unlock()
	l.headersWake.Wake()
}

func (l *link) grant(n int) {
	l.mu.Lock()
	l.granted += n
	l.mu.Unlock()
	l.headersWake.Wake()
}

func (l *link) fetch(f chain.Fetch) {
	l.mu.Lock()
	l.fetches = append(l.fetches, f)
	l.mu.Unlock()
	l.fetchWake.Wake()
}

// cancelFetch takes a range out of the mailbox and reports whether it was
// still there.
func (l *link) cancelFetch(id chain.RangeID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, f := range l.fetches {
		if f.Range == id {
			l.fetches = append(l.fetches[:i], l.fetches[i+1:]...)
			return true
		}
	}
	return false
}

// headers is what is done with chain-sync in the spell: to receive headers and,
// beside it, to verify them.
func (l *link) headers(ctx context.Context) error {
	if l.received == nil {
		return l.followHeaders(ctx)
	}
	ctx, end := context.WithCancelCause(ctx)
	var verifying sync.WaitGroup
	verifying.Go(func() { end(l.verifyHeaders(ctx)) })
	err := l.followHeaders(ctx)
	end(err)
	verifying.Wait()
	return err
}

// followHeaders runs chain-sync as the engine commands.
func (l *link) followHeaders(ctx context.Context) error {
	for {
		l.mu.Lock()
		points, stopped := l.points, l.stopped
		l.points, l.stopped = nil, false
		following, cancel := context.WithCancelCause(ctx)
		l.abort = cancel
		l.mu.Unlock()

		var err error
		switch {
		case stopped:
			err = l.endHeaders(ctx)
		case points != nil:
			err = l.intersect(ctx, following, points)
		default:
			select {
			case <-l.headersWake:
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		cancel(nil)
		if err != nil && !errors.Is(err, errCommand) {
			return err
		}
	}
}

func (l *link) endHeaders(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stopTime, errors.New("follow: chain-sync could not be ended in time"))
	defer cancel()
	return l.conn.ChainSync().Done(ctx)
}

// intersect finds where our chain and the peer's meet and follows from there
// until there is a new command.
func (l *link) intersect(ctx, following context.Context, points []ledger.Point) error {
	cs := l.conn.ChainSync()
	p, tip, err := cs.Intersect(ctx, points...)
	switch {
	case errors.Is(err, chainsync.ErrNoIntersect):
		l.recordTip(tip, ledger.Tip{})
		l.deliver(ctx, chain.NoIntersection{Peer: l.id, Tip: tip})
		return nil
	case err != nil:
		return err
	}
	l.recordTip(tip, ledger.Tip{})
	l.deliver(ctx, chain.Intersected{Peer: l.id, Point: p, Tip: tip})

	received := 0
	var last ledger.Tip // that came, zero if not known
	more := func(outstanding int) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return received+outstanding < l.granted
	}
	var batch []ledger.Header
	flush := func() {
		if len(batch) > 0 {
			l.recordTip(cs.Tip(), last)
			l.deliver(ctx, chain.Headers{Peer: l.id, Headers: batch, Tip: cs.Tip()})
			batch = nil
		}
	}
	// A batch must not wait behind a message that is no update.
	cs.OnAwait(flush)
	defer cs.OnAwait(nil)
	for u, err := range cs.Stream(following, more, l.headersWake) {
		if err != nil {
			flush()
			if errors.As(err, new(*ledger.UnknownEraError)) {
				l.awaitOurs(following, err)
			}
			return err
		}
		switch u := u.(type) {
		case chainsync.RollForward:
			h, err := l.upstream.engine.cfg.Network.ParseHeader(u.Header)
			if err != nil {
				return cs.Violation(u, fmt.Errorf("%w: %w", protocol.ErrMalformed, err))
			}
			received++
			last = h.Tip()
			if batch = append(batch, h); len(batch) == headerBatch || !cs.Buffered() {
				flush()
			}
		case chainsync.RollBackward:
			flush()
			last = ledger.Tip{}
			l.recordTip(u.Tip, last)
			l.deliverAndWait(ctx, chain.RolledBack{Peer: l.id, Point: u.Point, Tip: u.Tip})
		}
	}
	return nil
}

// awaitOurs is called when no more of a peer's chain can be read. It waits until our
// chain is as long as the part that came. If the connection ended at once, its fetches
// would end too, the next connection would begin with the same headers, and the blocks
// before the end might never come.
func (l *link) awaitOurs(following context.Context, err error) {
	l.upstream.recordStopped(err)
	caught := make(chan struct{})
	if !l.deliverMessage(following, message{link: l, caught: caught}) {
		return
	}
	select {
	case <-caught:
	case <-following.Done():
	}
}

// wantsOf returns what to ask block-fetch for. The headers are kept until the blocks
// have come, so they are not parsed again.
func wantsOf(f chain.Fetch) []blockfetch.Want {
	wants := make([]blockfetch.Want, len(f.Headers))
	for i, h := range f.Headers {
		wants[i] = blockfetch.WantKnown(h)
	}
	return wants
}

// fetchBlocks runs block-fetch as the engine commands. Block-fetch may ask for
// one of the engine's ranges in several parts.
func (l *link) fetchBlocks(ctx context.Context) error {
	type asked struct {
		id     chain.RangeID
		blocks int
		left   int
		ended  bool // the engine has been told that no more comes
	}
	var queue []asked
	next := func() ([]blockfetch.Want, bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.fetches) == 0 {
			return nil, false
		}
		f := l.fetches[0]
		l.fetches[0] = chain.Fetch{}
		l.fetches = l.fetches[1:]
		queue = append(queue, asked{id: f.Range, blocks: len(f.Headers), left: len(f.Headers)})
		return wantsOf(f), true
	}
	for r, err := range l.conn.BlockFetch().Stream(ctx, next, l.fetchWake) {
		if err != nil {
			return err
		}
		a := &queue[0]
		switch {
		case r.Missing == nil:
			a.left--
			if !a.ended {
				l.send(ctx, message{
					event: chain.BlockFetched{Peer: l.id, Range: a.id, Point: r.Want.Point, Bytes: len(r.Block.Raw)},
					block: r.Block,
				})
			}
		case a.ended:
			a.left -= len(r.Missing)
		default:
			// To refuse a later part is no fault: the peer's chain may have
			// changed since the part before.
			var ev chain.Event = chain.NoBlocks{Peer: l.id, Range: a.id}
			if a.left < a.blocks {
				ev = chain.FetchFailed{Peer: l.id, Range: a.id}
			}
			l.send(ctx, message{event: ev})
			a.ended = true
			a.left -= len(r.Missing)
		}
		if a.left == 0 {
			if !a.ended {
				l.send(ctx, message{event: chain.RangeDone{Peer: l.id, Range: a.id}})
			}
			queue = queue[1:]
		}
	}
	return nil
}

func (l *link) send(ctx context.Context, m message) { l.upstream.engine.send(ctx, m) }

// recordTip keeps the tip that the peer says it has, and the last header that
// came, if it is known.
func (l *link) recordTip(tip, reached ledger.Tip) {
	l.upstream.engine.mu.Lock()
	l.upstream.tip, l.upstream.told, l.upstream.stopped = tip, true, nil
	if l.upstream.reached = reached; reached.BlockNo > l.upstream.highest {
		l.upstream.highest, l.upstream.heard = reached.BlockNo, time.Now()
	}
	l.upstream.engine.mu.Unlock()
}
