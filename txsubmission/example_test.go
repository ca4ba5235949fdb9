package txsubmission_test

import (
	"context"
	"fmt"

	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// single is a source of one transaction.
type single struct {
	tx        ledger.RawTx
	announced bool
}

func (s *single) Next(context.Context, int, bool) ([]txsubmission.Announced, error) {
	if s.announced {
		return nil, nil // end the conversation
	}
	id, err := s.tx.ID()
	s.announced = true
	return []txsubmission.Announced{{ID: id, Size: s.tx.WireSize()}}, err
}

func (s *single) Get(context.Context, []ledger.TxID) ([]ledger.RawTx, error) {
	fmt.Println("the peer asked for it")
	return []ledger.RawTx{s.tx}, nil
}

// How does a transaction get to a peer?
func ExampleProvide() {
	ctx := context.Background()
	us, peer := pipe.New() // two channels of a mux, in real life
	done := make(chan error)
	go func() { done <- printTxs(ctx, peer) }()

	tx := ledger.RawTx{Era: ledger.Conway, Bytes: []byte("\x84\xa3\x00\xd9\x01\x02\x80\x01\x80\x02\x00\xa0\xf5\xf6")}
	if err := txsubmission.Provide(ctx, txsubmission.Spec(), us, &single{tx: tx}); err != nil {
		fmt.Println(err)
	}
	fmt.Println("responder:", <-done)
	// Output:
	// the peer asked for it
	// 3da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b (Conway): 14 bytes
	// responder: <nil>
}

// printer is a sink that wants everything.
type printer struct{}

func (printer) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, err error) {
	for _, a := range ids {
		want = append(want, a.ID)
	}
	return want, nil
}

func (printer) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	for _, tx := range txs {
		fmt.Printf("%v: %d bytes\n", tx.ID, len(tx.Raw.Bytes))
	}
	return nil
}

// printTxs prints a peer's transactions until it has no more.
func printTxs(ctx context.Context, t protocol.Transport) error {
	return txsubmission.NewResponder(txsubmission.Spec(), t).Run(ctx, printer{})
}
