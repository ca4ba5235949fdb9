package follow

import (
	"context"
	"errors"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/internal/redial"
	"github.com/ouronet/ouronet/internal/seeded"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// upstream is one of the peers to follow.
type upstream struct {
	engine  *Engine
	address string
	number  uint64 // of the address, see chain.PeerConnected; 0 if we did not dial it

	// Below: guarded by engine.mu.
	id      chain.PeerID // of the last hot spell on conn, 0 before one
	conn    *node.Conn
	tip     ledger.Tip
	told    bool           // tip is the peer's, not just zero
	reached ledger.Tip     // the last header that came, if it is known
	highest ledger.BlockNo // of the headers that came on this connection
	heard   time.Time      // when the last one came that was higher than all before it
	stopped error          // why chain-sync was ended
	err     error
	pauses  redial.Pauses
}

// status returns what is shown of the peer. The caller holds engine.mu.
func (u *upstream) status() PeerStatus {
	s := PeerStatus{
		Address: u.address, Connected: u.conn != nil, Announced: u.told, Tip: u.tip,
		Reached: u.reached, Heard: u.heard,
		Conn: u.conn, Stopped: u.stopped, Err: u.err, Attempts: u.pauses.Failed(),
	}
	if u.conn != nil {
		known, _ := u.engine.core.Peer(u.id)
		s.Following, s.Candidate = known.Following, known.Candidate
		s.Credit, s.Ranges, s.InFlight = known.Credit, known.Ranges, known.InFlight
	}
	return s
}

// lastTip returns the tip that the peer announced last.
func (u *upstream) lastTip() ledger.Tip {
	u.engine.mu.Lock()
	defer u.engine.mu.Unlock()
	return u.tip
}

// recordStopped keeps why the peer's chain is not followed any more.
func (u *upstream) recordStopped(err error) {
	u.engine.mu.Lock()
	u.stopped = err
	u.engine.mu.Unlock()
}

// keepConnected connects to the peer again and again until ctx ends.
func (u *upstream) keepConnected(ctx context.Context) {
	random := seeded.Source(u.engine.cfg.Seed, "pauses", u.address)
	for {
		since := time.Now()
		err := u.connect(ctx)
		if ctx.Err() != nil {
			u.engine.mu.Lock()
			u.conn, u.told, u.err = nil, false, context.Cause(ctx)
			u.engine.mu.Unlock()
			return
		}
		u.engine.mu.Lock()
		var lasted time.Duration
		if u.conn != nil {
			lasted = time.Since(since)
		}
		pause := u.pauses.Next(lasted, node.Permanent(err), seeded.Float64(random))
		u.engine.mu.Unlock()
		if lost := u.engine.cfg.Observer.Lost; lost != nil {
			lost(u.address, err, pause)
		} else {
			logLost(ctx, u.engine.log, u.address, err, pause)
		}
		u.engine.mu.Lock() // who sees it in the status has been told why
		u.conn, u.told, u.stopped, u.err = nil, false, nil, err
		u.engine.mu.Unlock()
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return
		}
	}
}

// connect dials and follows the peer until the connection ends.
func (u *upstream) connect(ctx context.Context) error {
	e := u.engine
	conn, err := node.Dial(ctx, u.address, e.cfg.Config)
	if err != nil {
		e.send(ctx, message{address: u.address, ended: err})
		return err
	}
	defer conn.Close()
	u.engine.mu.Lock()
	u.conn, u.id, u.tip, u.told, u.err = conn, 0, ledger.Tip{}, false, nil
	u.reached, u.highest, u.heard = ledger.Tip{}, 0, time.Now()
	u.engine.mu.Unlock()
	attached := make(chan error, 1)
	go func() { attached <- e.attach(context.WithoutCancel(ctx), conn, u) }()
	select {
	case err = <-attached:
		if err == nil {
			err = errCooled
		}
	case <-ctx.Done():
		err = context.Cause(ctx)
		conn.Close() // at once: it is not to cool
		<-attached
	}
	return err
}

// errCooled: something else has let a connection cool that we opened to follow.
var errCooled = errors.New("follow: the connection was left")
