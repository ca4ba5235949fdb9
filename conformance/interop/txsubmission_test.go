package interop_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
)

// transactions takes n transactions out of generated blocks.
func transactions(t *testing.T, n int) []ledger.Tx {
	t.Helper()
	txs := chaintest.Txs(generate(20, 20_000))
	if len(txs) < n {
		t.Fatalf("%d transactions, want %d", len(txs), n)
	}
	return txs[:n]
}

// offer is a txsubmission.Source that announces each transaction once, then
// ends the conversation.
type offer struct {
	txs  []ledger.Tx
	next int
}

func (o *offer) Next(_ context.Context, most int, _ bool) ([]txsubmission.Announced, error) {
	var out []txsubmission.Announced
	for ; o.next < len(o.txs) && len(out) < most; o.next++ {
		tx := o.txs[o.next]
		out = append(out, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
	}
	return out, nil
}

func (o *offer) Get(_ context.Context, ids []ledger.TxID) ([]ledger.RawTx, error) {
	var out []ledger.RawTx
	for _, tx := range o.txs {
		if slices.Contains(ids, tx.ID) {
			out = append(out, tx.Raw)
		}
	}
	return out, nil
}

func TestTransactionsToTheirServer(t *testing.T) {
	skipRace(t, "txsubmission.Server.handleDone")
	want := transactions(t, 40)
	got := make(chan peer.Tx, len(want)+1)
	s := theirServer(t, peer.ServerConfig{OnTx: func(tx peer.Tx) { got <- tx }})
	c := ourClient(t, s.Addr(), config())
	if err := c.ProvideTxs(limited(t), &offer{txs: want}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	s.Close()
	close(got)
	n := 0
	for tx := range got {
		if n == len(want) || ledger.Era(tx.Era) != want[n].Raw.Era || tx.ID != want[n].ID.Hash || !bytes.Equal(tx.Bytes, want[n].Raw.Bytes) {
			t.Fatalf("transaction %d differs", n)
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d transactions taken, want %d", n, len(want))
	}
}

// take is a txsubmission.Sink.
type take struct{ got []ledger.Tx }

func (s *take) Want(_ context.Context, ids []txsubmission.Announced) ([]ledger.TxID, error) {
	var out []ledger.TxID
	for _, a := range ids {
		out = append(out, a.ID)
	}
	return out, nil
}

func (s *take) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	s.got = append(s.got, txs...)
	return nil
}

// Our responder asks ahead of replies and acknowledges piece by piece; package
// peer holds it to the window's rules, since the library does not.
func TestTransactionsFromTheirClient(t *testing.T) {
	want := transactions(t, 40)
	var sink take
	cfg := config()
	cfg.Sources = &node.Sources{TxSubmission: func(context.Context, *node.Conn) txsubmission.Sink { return &sink }}
	address, conns := ourServer(t, cfg)
	offered := make([]peer.Tx, len(want))
	for i, tx := range want {
		offered[i] = peer.Tx{Era: uint16(tx.Raw.Era), ID: tx.ID.Hash, Bytes: tx.Raw.Bytes}
	}
	c := theirClient(t, address, peer.ClientConfig{})
	taken, err := c.OfferTxs(limited(t), offered)
	if err != nil || taken != len(want) {
		t.Fatalf("%d transactions taken of %d, %v", taken, len(want), err)
	}
	c.Close()
	conn := <-conns
	<-conn.Done()
	conn.Close()
	if !slices.EqualFunc(sink.got, want, func(a, b ledger.Tx) bool {
		return a.ID == b.ID && a.Raw.Era == b.Raw.Era && bytes.Equal(a.Raw.Bytes, b.Raw.Bytes)
	}) {
		t.Errorf("%d transactions, or their bytes, differ from %d", len(sink.got), len(want))
	}
}
