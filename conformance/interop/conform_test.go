package interop_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/internal/conform"
)

// TestConform runs the conformance suite against gouroboros. What it departs in
// is known; this fails when that changes. A busy machine may need more patience
// than is good on one that is not.
func TestConform(t *testing.T) {
	skipRace(t, "the end of tx-submission (handleDone)")
	want := []string{
		// The server answers with its own data.
		"handshake (0): MsgAcceptVersion in StConfirm: accepted with data that is not the combination",
		// Limits belong to bytes queued, 462,000 here, not to a message.
		"chain-sync (2): StIdle, too large: the connection is still up",
		// After its end keep-alive is not begun again, unlike the others.
		"keep-alive (8): started again after MsgDone: context deadline exceeded",
		// There is no ingress limit: the reader stops reading.
		"multiplexer: after handshake, ingress limit exceeded: the connection is still up",
	}
	for _, patience := range []time.Duration{2 * time.Second, 30 * time.Second} {
		got := departures(t, patience)
		if slices.EqualFunc(got, want, strings.HasPrefix) {
			return
		}
		t.Logf("with a patience of %v, departures are\n%s", patience, strings.Join(got, "\n"))
	}
	t.Errorf("want\n%s", strings.Join(want, "\n"))
}

// departures runs the suite against a server of theirs with a chain that
// changes.
func departures(t *testing.T, patience time.Duration) []string {
	t.Helper()
	blocks := generate(400, 10_000)
	chain := peer.NewChain(blocks[:50])
	s := theirServer(t, peer.ServerConfig{Chain: chain, PeerSharing: true, OnTx: func(peer.Tx) {}})
	stop := make(chan struct{})
	go func() {
		for n := 0; chain.Len() < len(blocks)-1; n++ {
			select {
			case <-time.After(200 * time.Millisecond):
			case <-stop:
				return
			}
			if n%2 == 1 {
				chain.Rollback(chain.Len() - 1)
			}
			chain.Append(blocks[chain.Len()])
			chain.Append(blocks[chain.Len()])
		}
	}()
	defer close(stop)
	report, err := conform.Run(t.Context(), conform.Config{
		Address: s.Addr(), Network: chaintest.Network(), Txs: chaintest.Txs(blocks), Patience: patience, Wait: patience + 3*time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	report.Print(&b)
	t.Log("\n" + b.String())
	return report.Departures()
}
