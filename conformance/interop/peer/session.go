package peer

import (
	"sync"

	"github.com/blinklabs-io/gouroboros/protocol/blockfetch"
	"github.com/blinklabs-io/gouroboros/protocol/chainsync"
	pcommon "github.com/blinklabs-io/gouroboros/protocol/common"
	"github.com/blinklabs-io/gouroboros/protocol/peersharing"
	"github.com/blinklabs-io/gouroboros/protocol/txsubmission"
)

// session is what the callbacks of one connection that answers share.
type session struct {
	cfg      ServerConfig
	follower *Follower

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

func newSession(cfg ServerConfig) *session {
	if cfg.Chain == nil {
		cfg.Chain = NewChain(nil)
	}
	return &session{cfg: cfg, follower: cfg.Chain.Follow()}
}

// start runs f in a goroutine that wait waits for, unless wait was called: the
// library may still be in a callback after its connection is closed.
func (s *session) start(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.wg.Go(f)
	}
}

func (s *session) wait() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *session) findIntersect(_ chainsync.CallbackContext, points []pcommon.Point) (pcommon.Point, pcommon.Tip, error) {
	p, tip, ok := s.follower.Intersect(fromPoints(points))
	if !ok {
		return pcommon.Point{}, toTip(tip), chainsync.ErrIntersectNotFound
	}
	return toPoint(p), toTip(tip), nil
}

func (s *session) requestNext(ctx chainsync.CallbackContext) error {
	u, wait := s.follower.Advance()
	if wait == nil {
		return sendUpdate(ctx.Server, u)
	}
	if err := ctx.Server.AwaitReply(); err != nil {
		return err
	}
	s.start(func() {
		for wait != nil {
			select {
			case <-wait:
				u, wait = s.follower.Advance()
			case <-ctx.ConnectionDoneChan:
				return
			}
		}
		_ = sendUpdate(ctx.Server, u) // fails only if the connection ends
	})
	return nil
}

func sendUpdate(server *chainsync.Server, u Change) error {
	if u.Block == nil {
		return server.RollBackward(toPoint(u.Point), toTip(u.Tip))
	}
	// Not server.RollForward: it knows no Byron and parses the whole block.
	raw := u.Block.Header.Raw
	kind := uint(1)
	if raw.EBB {
		kind = 0
	}
	msg, err := chainsync.NewMsgRollForwardNtN(uint(raw.Era), kind, headerSource(u.Block), toTip(u.Tip))
	if err != nil {
		return err
	}
	return server.ProtocolInstance().SendMessage(msg)
}

// unflushed is how many bytes of blocks are queued before waiting for the
// library to have written them: over 2,500,000 it ends the connection.
const unflushed = 1 << 20

func (s *session) requestRange(ctx blockfetch.CallbackContext, from, to pcommon.Point) error {
	blocks, ok := s.cfg.Chain.Range(fromPoint(from), fromPoint(to))
	if !ok {
		return ctx.Server.NoBlocks()
	}
	if err := ctx.Server.StartBatch(); err != nil {
		return err
	}
	// Not ctx.Server.Block: it formats the whole block for a log that nobody
	// reads, and cannot wait.
	p, queued := ctx.Server.ProtocolInstance(), 0
	for _, b := range blocks {
		send := p.SendMessage
		if queued += len(b.Raw); queued > unflushed {
			send, queued = p.SendMessageAndWait, 0
		}
		if err := send(blockfetch.NewMsgBlock(b.Raw)); err != nil {
			return err
		}
	}
	return ctx.Server.BatchDone()
}

// txInit asks for transactions until the peer is done. Only blocking
// requests: the library acknowledges all ids of the last reply with the next
// request, and after that a non-blocking one is not allowed.
// (miniprotocols, Tx-submission2)
func (s *session) txInit(ctx txsubmission.CallbackContext) error {
	onTx := s.cfg.OnTx
	if onTx == nil {
		return nil
	}
	s.start(func() {
		for {
			ids, err := ctx.Server.RequestTxIds(true, 3)
			if err != nil {
				return
			}
			wanted := make([]txsubmission.TxId, len(ids))
			for i, id := range ids {
				wanted[i] = id.TxId
			}
			txs, err := ctx.Server.RequestTxs(wanted)
			if err != nil {
				return
			}
			for i, tx := range txs {
				onTx(Tx{Era: tx.EraId, ID: wanted[i].TxId, Bytes: tx.TxBody})
			}
		}
	})
	return nil
}

func (s *session) sharePeers(_ peersharing.CallbackContext, n int) ([]peersharing.PeerAddress, error) {
	var out []peersharing.PeerAddress
	for _, p := range s.cfg.Peers {
		if len(out) == n {
			break
		}
		out = append(out, peersharing.PeerAddress{IP: p.Addr().AsSlice(), Port: p.Port()})
	}
	return out, nil
}
