package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
)

// sink is how a scripted peer takes transactions of one connection. Relays
// announce, and deliver, each once.
type sink struct {
	p         *peer
	announced map[ledger.TxID]bool
	got       map[ledger.TxID]bool
}

// Want implements txsubmission.Sink.
func (s *sink) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, err error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	for _, a := range ids {
		if s.announced[a.ID] {
			s.p.fail("txs: %v was announced twice over one connection", a.ID)
		}
		s.announced[a.ID] = true
		if !s.p.txs[a.ID] {
			want = append(want, a.ID)
		}
	}
	return want, nil
}

// Deliver implements txsubmission.Sink.
func (s *sink) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	for _, tx := range txs {
		if s.got[tx.ID] {
			s.p.fail("txs: %v came twice over one connection", tx.ID)
		}
		s.got[tx.ID], s.p.txs[tx.ID] = true, true
	}
	return nil
}

// submit has a user give transaction i to a node, who tries until the node has
// asked for it or says that it knows it.
func (s *stage) submit(ctx context.Context, i, to int) {
	cfg := s.config(1000 + i)
	cfg.Dial = s.net.Host(fmt.Sprintf("u%d", i)).Dial
	for {
		conn, err := node.Dial(ctx, s.address(to), cfg)
		if err == nil {
			_, err = conn.Submit(ctx, s.tree.Txs[i].Raw)
			conn.Close()
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		time.Sleep(5*time.Second + time.Duration(i))
	}
}
