package node

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

const (
	// headersAhead is how many blocks [Conn.Blocks] knows of at most that the loop
	// body has not had, and headersAgain how few make it ask for more. With blocks
	// of 3 kB and more, the first does not hold up what the window of block-fetch
	// allows; of each header only a point and a size are kept.
	headersAhead = 4000
	headersAgain = headersAhead / 2
)

// Blocks yields the blocks from one point to another, both included, oldest
// first; the error comes last. Both points must be on the peer's chain.
//
// The range may have any length, and the loop body may take any time. Chain-sync brings
// the headers on the way, a few thousand blocks ahead; block-fetch asks for no more
// than [blockfetch.Initiator.Window] bytes that the loop body has not had. While the
// loop body works, the outstanding answers arrive and no request follows, so no time
// limit of either side runs. A block that came has a header that follows the one before
// it and a body that matches the header; signatures and ledger rules are not checked.
//
// [blockfetch.ErrNoBlocks] means that the points are not both on the peer's chain, or
// no longer; [blockfetch.Initiator.Range] may still fetch blocks of a fork that the
// peer left. Like a break and an error of ctx, it leaves the connection usable; after
// any other error close it.
//
// Until the loop ends, [Conn.ChainSync] and [Conn.BlockFetch] are in use
// ([protocol.ErrInUse]). After it, the position of chain-sync is undefined: begin with
// [chainsync.Initiator.Intersect].
func (c *Conn) Blocks(ctx context.Context, from, to ledger.Point) iter.Seq2[ledger.Block, error] {
	return func(yield func(ledger.Block, error) bool) {
		if from.IsOrigin() || to.IsOrigin() || from.Slot > to.Slot {
			yield(ledger.Block{}, fmt.Errorf("node: %w: %v to %v", blockfetch.ErrInvalidRange, from, to))
			return
		}
		if err := c.beginBlocks(); err != nil {
			yield(ledger.Block{}, err)
			return
		}
		defer c.endBlocks()
		start := ledger.Parent{Tip: ledger.Tip{Point: from}, BoundaryUnknown: true, BlockNoUnknown: true}
		w := way{conn: c, at: from, parent: start, to: to, news: wake.NewOne(), room: wake.NewOne()}
		if err := w.walk(ctx, yield); err != nil {
			yield(ledger.Block{}, err)
		}
	}
}

// beginBlocks claims chain-sync for the whole of a loop of [Conn.Blocks], or returns
// that it is claimed. Between two conversations nothing else would keep another loop
// from beginning one.
func (c *Conn) beginBlocks() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.walks {
		return c.errInUse()
	}
	c.walks = true
	return nil
}

func (c *Conn) endBlocks() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.walks = false
}

// errInUse is why nobody else may use chain-sync during [Conn.Blocks].
func (c *Conn) errInUse() error {
	return fmt.Errorf("%s: %w", c.cfg.Specs.ChainSync.Name, protocol.ErrInUse)
}

// way is a range whose blocks are learnt of while they are fetched: a goroutine
// with chain-sync is ahead of the loop with block-fetch.
type way struct {
	conn *Conn
	to   ledger.Point

	// The goroutine's: the last header, and what is known of it.
	at     ledger.Point
	parent ledger.Parent

	news wake.One // there is more to fetch
	room wake.One // the loop has few blocks left

	mu    sync.Mutex
	wants []blockfetch.Want // to be asked for
	ahead int               // blocks that the loop body has not had
}

// walk returns nil if the loop was left or is complete.
func (w *way) walk(ctx context.Context, yield func(ledger.Block, error) bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel(nil)
	tasks.Go(func() {
		if err := w.explore(ctx); err != nil {
			cancel(err)
		}
	})
	for r, err := range w.conn.BlockFetch().Stream(ctx, w.next, w.news) {
		switch {
		case err != nil:
			return err
		case r.Missing != nil:
			return w.gone(r.Missing[0].Point)
		}
		if !yield(r.Block, nil) || r.Want.Point == w.to {
			return nil
		}
		w.had()
	}
	return nil
}

func (w *way) gone(p ledger.Point) error {
	return fmt.Errorf("%w: %v is not on its chain", blockfetch.ErrNoBlocks, p)
}

// next is what to ask block-fetch for.
func (w *way) next() ([]blockfetch.Want, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wants := w.wants
	w.wants = nil
	return wants, len(wants) > 0
}

func (w *way) found(want blockfetch.Want) {
	w.mu.Lock()
	w.wants = append(w.wants, want)
	w.ahead++
	w.mu.Unlock()
	w.news.Wake()
}

func (w *way) had() {
	w.mu.Lock()
	w.ahead--
	few := w.ahead == headersAgain
	w.mu.Unlock()
	if few {
		w.room.Wake()
	}
}

// more reports whether to ask for another header.
func (w *way) more(outstanding int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead+outstanding < headersAhead
}

// explore finds the blocks of the range, until the last one.
func (w *way) explore(ctx context.Context) error {
	if err := w.meet(ctx, w.to); err != nil {
		return err
	}
	for first := true; ; first = false {
		if err := w.meet(ctx, w.at); err != nil {
			return err
		}
		if first { // its header comes only after the block before it
			w.found(blockfetch.Want{Point: w.at, Size: blockfetch.MaxBlock})
		}
		if err := w.extend(ctx); err != nil {
			return err
		}
		// A peer waits no longer than 3373 s for the next request, and the loop
		// body may take longer: no conversation, no wait. (miniprotocols, 1)
		if err := w.conn.chainSyncInitiator().Done(ctx); err != nil || w.at == w.to {
			return err
		}
		for !w.more(headersAhead - headersAgain - 1) {
			select {
			case <-w.room:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

// meet has chain-sync begin at p.
func (w *way) meet(ctx context.Context, p ledger.Point) error {
	_, _, err := w.conn.chainSyncInitiator().Intersect(ctx, p)
	if errors.Is(err, chainsync.ErrNoIntersect) {
		return w.gone(p)
	}
	return err
}

// extend takes the headers after w.at, until there is no room for more or the last
// one is there.
func (w *way) extend(ctx context.Context) error {
	if w.at == w.to {
		return nil
	}
	cs := w.conn.chainSyncInitiator()
	for u, err := range cs.Stream(ctx, w.more, nil) {
		if err != nil {
			return err
		}
		switch u := u.(type) {
		case chainsync.RollBackward:
			if u.Point != w.at { // the first one is where we met
				return w.gone(w.to)
			}
		case chainsync.RollForward:
			h, err := w.conn.cfg.Network.ParseHeader(u.Header)
			if err != nil {
				return cs.Violation(u, fmt.Errorf("%w: %w", protocol.ErrMalformed, err))
			}
			if w.parent.Link(&h) != ledger.LinkFollows {
				return cs.Violation(u, errUnlinked)
			}
			w.parent = ledger.ParentOf(&h)
			w.parent.BlockNoUnknown = true // numbers are not looked at
			if w.at = h.Point(); w.at.Slot > w.to.Slot {
				return w.gone(w.to)
			}
			w.found(blockfetch.WantOf(&h))
			if w.at == w.to {
				return nil
			}
		}
	}
	return nil
}

// errUnlinked: a header does not follow the one that the peer sent before.
var errUnlinked = errors.New("does not follow the header before it")
