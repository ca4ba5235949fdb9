package peer

import (
	"context"
	"errors"
	"sync"

	"github.com/blinklabs-io/gouroboros/protocol/chainsync"
	pcommon "github.com/blinklabs-io/gouroboros/protocol/common"

	"github.com/ouronet/ouronet/ledger"
)

// Update is what chain-sync said: a header, a rollback to Point, or nothing
// yet.
type Update struct {
	Kind   Kind
	Header ledger.RawHeader // RollForward
	Point  ledger.Point     // RollBackward
	Tip    ledger.Tip       // not with AwaitReply
}

// Kind tells the updates apart.
type Kind int

// The kinds of updates.
const (
	RollForward Kind = iota
	RollBackward
	AwaitReply
)

// syncState carries updates from the library's callbacks to Sync's.
type syncState struct {
	mu   sync.Mutex
	each func(Update) error
	done chan error
}

func (s *syncState) deliver(u Update) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.each == nil {
		return nil // replies to what the library asked for ahead
	}
	err := s.each(u)
	if err != nil {
		s.each = nil
		s.done <- err
		return chainsync.ErrStopSyncProcess
	}
	return nil
}

func (s *syncState) rollForward(_ chainsync.CallbackContext, blockType uint, header []byte, tip pcommon.Tip) error {
	h, err := fromHeader(blockType, header)
	if err != nil {
		return err
	}
	return s.deliver(Update{Kind: RollForward, Header: h, Tip: fromTip(tip)})
}

func (s *syncState) rollBackward(_ chainsync.CallbackContext, p pcommon.Point, tip pcommon.Tip) error {
	return s.deliver(Update{Kind: RollBackward, Point: fromPoint(p), Tip: fromTip(tip)})
}

func (s *syncState) awaitReply(chainsync.CallbackContext) error {
	err := s.deliver(Update{Kind: AwaitReply})
	if errors.Is(err, chainsync.ErrStopSyncProcess) {
		return nil // the library takes this one for a failure here
	}
	return err
}

// Sync intersects at the first of points the server has and calls each with
// what follows, until each returns an error or the connection ends. [ErrStop]
// from each is not an error. It is chainsync.ErrIntersectNotFound if the
// server has none of points.
//
// The library asks far ahead even at the tip, so a client syncs once.
func (c *Client) Sync(ctx context.Context, points []ledger.Point, each func(Update) error) error {
	done := make(chan error, 1)
	c.sync.mu.Lock()
	c.sync.each, c.sync.done = each, done
	c.sync.mu.Unlock()
	started := make(chan error, 1)
	go func() { started <- c.conn.ChainSync().Client.Sync(toPoints(points)) }()
	if err := c.wait(ctx, started); err != nil {
		return err
	}
	if err := c.wait(ctx, done); !errors.Is(err, ErrStop) {
		return err
	}
	return nil
}

// Headers returns all headers from the origin to the server's tip.
func (c *Client) Headers(ctx context.Context) ([]ledger.RawHeader, error) {
	var headers []ledger.RawHeader
	err := c.Sync(ctx, []ledger.Point{ledger.Origin}, func(u Update) error {
		switch u.Kind {
		case RollForward:
			headers = append(headers, u.Header)
		case AwaitReply:
			return ErrStop
		case RollBackward:
			if !u.Point.IsOrigin() {
				return errors.New("peer: rollback while reading headers")
			}
		}
		return nil
	})
	return headers, err
}
