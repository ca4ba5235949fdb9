package relay

import (
	"context"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// Both functions of an Observer are called, and are in the table of
// docs/observing.md.
func TestRelayObserver(t *testing.T) {
	page, err := os.ReadFile("../../docs/observing.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, typ := 0, reflect.TypeFor[Observer](); i < typ.NumField(); i++ {
		if name := typ.Field(i).Name; !strings.Contains(string(page), "| `relay.Observer."+name+"` |") {
			t.Errorf("docs/observing.md does not list %s", name)
		}
	}
	chain := chaintest.New(chaintest.Config{Seed: 3, BlockSize: 1500, Network: shortNetwork(), Signed: true}).Grow(253)
	dir, db := folderOf(t, chain.Blocks()[:250])
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	peer := nodetest.Loopback(t, node.Config{Network: shortNetwork(), Sources: chain.Sources()})
	var resumed []ledger.BlockNo
	var events []ledger.BlockNo
	r, err := New(Config{
		Follow:       follow.Config{Config: node.Config{Network: shortNetwork()}, Peers: []string{peer}},
		ImmutableDir: dir,
		Observer: Observer{
			Resuming: func(at, _ ledger.Tip) { resumed = append(resumed, at.BlockNo) },
			Event: func(ev follow.Event) {
				switch ev := ev.(type) {
				case follow.RollForward:
					if events = append(events, ev.Block.Header.BlockNo); len(events) == 4 {
						cancel()
					}
				case follow.RollBackward:
					events = append(events, ev.To.BlockNo)
				}
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.verifier.reportEvery = 0
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(resumed, []ledger.BlockNo{99, 199}) || !reflect.DeepEqual(events, []ledger.BlockNo{249, 250, 251, 252}) {
		t.Errorf("told that it has read up to %v, and of the blocks %v", resumed, events)
	}
}
