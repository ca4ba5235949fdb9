package txsubmission_test

import (
	"context"
	"fmt"
	"net"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
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
	a, b := net.Pipe()
	us, peer := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	done := make(chan error, 1)
	peer.Respond(txsubmission.Spec(), mux.OnAny, func(ctx context.Context, c *mux.Channel) error {
		err := txsubmission.NewResponder(txsubmission.Spec(), c).Run(ctx, printer{})
		done <- err
		return err
	})
	channel := us.Channel(txsubmission.Spec(), protocol.Initiator)
	peer.Start()
	us.Start()

	tx := ledger.RawTx{Era: ledger.Conway, Bytes: []byte("\x84\xa3\x00\xd9\x01\x02\x80\x01\x80\x02\x00\xa0\xf5\xf6")}
	if err := txsubmission.Provide(ctx, txsubmission.Spec(), channel, &single{tx: tx}); err != nil {
		fmt.Println(err)
	}
	fmt.Println("responder:", <-done)
	us.Close(ctx)
	peer.Close(ctx)
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
