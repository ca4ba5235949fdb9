package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/blinklabs-io/gouroboros/protocol/txsubmission"
)

// Tx is a transaction as tx-submission carries it from Shelley on.
type Tx struct {
	Era   uint16
	ID    [32]byte
	Bytes []byte
}

// provider is the side of tx-submission that has transactions. Its window is
// ours, the library keeps none: announced are the ids the other side has not
// acknowledged, pending those not announced.
type provider struct {
	mu        sync.Mutex
	offered   map[[32]byte]Tx
	pending   []Tx
	announced int
	taken     int
	done      chan error
}

// OfferTxs announces transactions and returns how many the other side took,
// once it has acknowledged all of them and was told that there are no more.
// A client offers once.
func (c *Client) OfferTxs(ctx context.Context, txs []Tx) (taken int, err error) {
	done := make(chan error, 1)
	p := &c.tx
	p.mu.Lock()
	p.offered = make(map[[32]byte]Tx)
	for _, tx := range txs {
		p.offered[tx.ID] = tx
	}
	p.pending, p.done = txs, done
	p.mu.Unlock()
	c.conn.TxSubmission().Client.Init()
	err = c.wait(ctx, done)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken, err
}

func (p *provider) requestIDs(_ txsubmission.CallbackContext, blocking bool, ack, req uint16) ([]txsubmission.TxIdAndSize, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if int(ack) > p.announced {
		return nil, fmt.Errorf("peer: %d ids acknowledged of %d", ack, p.announced)
	}
	p.announced -= int(ack)
	switch {
	case blocking && p.announced > 0:
		return nil, errors.New("peer: blocking request with ids unacknowledged")
	case blocking && req == 0:
		return nil, errors.New("peer: blocking request for nothing")
	case !blocking && p.announced == 0:
		return nil, errors.New("peer: non-blocking request with no ids unacknowledged")
	}
	if blocking && len(p.pending) == 0 {
		p.done <- nil
		return nil, txsubmission.ErrStopServerProcess // sends MsgDone
	}
	n := min(int(req), len(p.pending))
	ids := make([]txsubmission.TxIdAndSize, n)
	for i, tx := range p.pending[:n] {
		ids[i].TxId = txsubmission.TxId{EraId: tx.Era, TxId: tx.ID}
		ids[i].Size = uint32(len(tx.Bytes)) + wrapping(len(tx.Bytes))
	}
	p.pending = p.pending[n:]
	p.announced += n
	return ids, nil
}

// wrapping is what era and tag 24 add to a transaction of n bytes.
// (points-headers-blocks, 6)
func wrapping(n int) uint32 {
	switch {
	case n < 24:
		return 5
	case n < 256:
		return 6
	case n < 65536:
		return 7
	}
	return 9
}

func (p *provider) requestTxs(_ txsubmission.CallbackContext, ids []txsubmission.TxId) ([]txsubmission.TxBody, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []txsubmission.TxBody
	for _, id := range ids {
		tx, ok := p.offered[id.TxId]
		if !ok || tx.Era != id.EraId {
			return nil, fmt.Errorf("peer: transaction %x of era %d was not offered", id.TxId, id.EraId)
		}
		p.taken++
		out = append(out, txsubmission.TxBody{EraId: tx.Era, TxBody: tx.Bytes})
	}
	return out, nil
}
