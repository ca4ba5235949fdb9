package node

import (
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// A transaction is offered once: a peer that asks again learns that there is
// none, which ends the conversation.
func TestSubmitOffersOnce(t *testing.T) {
	s := &single{tx: ledger.RawTx{Era: ledger.Conway, Bytes: []byte{0x80}}, id: ledger.TxID{Era: ledger.Conway, Hash: ledger.Hash{1}}}
	if ids, err := s.Next(t.Context(), 10, true); err != nil || len(ids) != 1 || ids[0].ID != s.id || ids[0].Size != s.tx.WireSize() {
		t.Errorf("%v, %v", ids, err)
	}
	if ids, err := s.Next(t.Context(), 10, true); err != nil || len(ids) != 0 {
		t.Errorf("again: %v, %v", ids, err)
	}
	if s.asked {
		t.Error("asked before it was")
	}
	if txs, err := s.Get(t.Context(), nil); err != nil || len(txs) != 1 || !s.asked {
		t.Errorf("%v, %v, asked %t", txs, err, s.asked)
	}
}

// What has no id is not offered: with another one the peer would blame us.
func TestSubmitWithoutID(t *testing.T) {
	if asked, err := new(Conn).Submit(t.Context(), ledger.RawTx{Era: ledger.Conway, Bytes: []byte("no transaction")}); err == nil || asked {
		t.Errorf("asked %t, %v", asked, err)
	}
}
