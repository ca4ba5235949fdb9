package conform_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// fast makes time limits of a copy of our tables short, so that all of them
// are tried. What is not tested with it: the true numbers, see TestTables in
// package conformance.

// everything takes whatever is offered.
type everything struct{}

func (everything) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, _ error) {
	for _, a := range ids {
		want = append(want, a.ID)
	}
	return want, nil
}

func (everything) Deliver(context.Context, []ledger.TxID, []ledger.Tx) error { return nil }

type peers struct{}

func (peers) Peers(context.Context, int) ([]netip.AddrPort, error) {
	return []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:3001")}, nil
}

// ourNode serves a chain that grows and switches forks now and then.
func ourNode(t *testing.T) (address string) {
	leak.Check(t)
	chain := testnode.New(chaingen.Config{BlockSize: 2000}).Grow(30)
	sources := chain.Sources()
	sources.PeerSharing = peers{}
	sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return everything{} }
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-time.After(300 * time.Millisecond):
			case <-ctx.Done():
				return
			}
			if n%2 == 0 {
				chain.Grow(1)
			} else {
				chain.Switch(1, 2)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return testnode.Loopback(t, node.Config{Network: chaingen.Network(), PeerSharing: true, Sources: sources})
}

func offered(t *testing.T) (all []ledger.Tx) {
	for _, b := range chaingen.New(chaingen.Config{Seed: 9, BlockSize: 10_000}).Blocks(50) {
		txs, err := b.Txs()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, txs...)
	}
	return all
}

// Our own node takes every transition that an initiator can bring about, and
// refuses every breach.
func TestOurNode(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for real time limits")
	}
	report, err := conform.Run(t.Context(), conform.Config{
		Address: ourNode(t), Network: chaingen.Network(), Txs: offered(t),
		Progress: func(s string) { t.Log(s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	report.Print(&b)
	t.Log("\n" + b.String())
	if n := report.Totals().Departures; n > 0 {
		t.Errorf("%d departures", n)
	}
}

var _ = net.ErrClosed
var _ = protocol.Nobody
