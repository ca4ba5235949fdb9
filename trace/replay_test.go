package trace_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/trace"
)

// The answering side, served by the whole of package node.
func TestReplayAnswering(t *testing.T) {
	conn := load(t, recording(t, protocol.Responder, trace.Config{}))
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := trace.Replay{}.Run(conn, func(c net.Conn) error {
			return serveOn(t.Context(), c, serving(newChain()))
		})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 20*time.Second || took > time.Minute {
			t.Errorf("took %v of virtual time", took)
		}
	})
}

// A side that answers otherwise than it did is found at the first byte.
func TestReplayFindsDifference(t *testing.T) {
	conn := load(t, recording(t, protocol.Responder, trace.Config{}))
	hooks := map[string]struct {
		chaintest.Hooks
		protocol uint16
	}{
		"another tip": {chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if u, ok := u.(chainsync.RollForward); ok {
				u.Tip.BlockNo++
				return u
			}
			return u
		}}, 2},
		"a block less": {chaintest.Hooks{Range: func(_ context.Context, bs []ledger.Block) []ledger.Block {
			return bs[:len(bs)-1]
		}}, 3},
		"silence": {chaintest.Hooks{Update: func(ctx context.Context, u chainsync.Update) chainsync.Update {
			<-ctx.Done()
			return u
		}}, 2},
	}
	for name, planted := range hooks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chain := newChain()
				cfg := serving(chain)
				cfg.Sources = chaintest.Peer{Chain: chain, Hooks: planted.Hooks}.Sources()
				err := trace.Replay{}.Run(conn, func(c net.Conn) error {
					return serveOn(t.Context(), c, cfg)
				})
				var diff *trace.DifferenceError
				if !errors.As(err, &diff) || diff.Protocol != planted.protocol || diff.Role != protocol.Responder {
					t.Fatalf("got %v", err)
				}
				t.Log(err)
			})
		})
	}
}

// The asking side, from the drivers, with the recorded cookies left out.
func TestReplayAsking(t *testing.T) {
	conn := load(t, recording(t, protocol.Initiator, trace.Config{}))
	ask := func(ctx context.Context, c net.Conn, points ...ledger.Point) error {
		m := mux.New(c, mux.Config{})
		defer m.Close(ctx)
		hs := handshake.Spec()
		table := handshake.Versions(handshake.Data{Magic: chaintest.Network().Magic, InitiatorOnly: true})
		if _, err := handshake.Propose(ctx, hs, m.Handshake(hs, protocol.Initiator), table); err != nil {
			return err
		}
		ka := keepalive.NewInitiator(keepalive.Spec(), m.Channel(keepalive.Spec(), protocol.Initiator))
		cs := chainsync.NewInitiator(chainsync.Spec(), m.Channel(chainsync.Spec(), protocol.Initiator))
		m.Hold()
		m.Start()
		m.Go(func(ctx context.Context) error { return ka.Run(ctx, 0, nil) })
		time.Sleep(50 * time.Millisecond)
		if _, _, err := cs.Intersect(ctx, points...); err != nil {
			return err
		}
		n := 0
		for u, err := range cs.Updates(ctx) {
			if err != nil {
				return err
			}
			if _, ok := u.(chainsync.RollForward); ok {
				if n++; n == 3 {
					break
				}
			}
		}
		<-m.Done()
		return m.Err()
	}
	replay := trace.Replay{Skip: []uint16{3, 8}}
	synctest.Test(t, func(t *testing.T) {
		if err := replay.Run(conn, func(c net.Conn) error { return ask(t.Context(), c, ledger.Origin) }); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		err := replay.Run(conn, func(c net.Conn) error {
			return ask(t.Context(), c, ledger.Point{Slot: 1}, ledger.Origin)
		})
		var diff *trace.DifferenceError
		if !errors.As(err, &diff) || diff.Role != protocol.Initiator || diff.Protocol != 2 || diff.Offset != 3 {
			t.Errorf("got %v", err)
		}
	})
}

// A connection recorded in part cannot be replayed.
func TestReplayTruncated(t *testing.T) {
	err := trace.Replay{}.Run(&trace.Conn{Truncated: true}, nil)
	if !errors.Is(err, trace.ErrTruncated) {
		t.Errorf("got %v", err)
	}
}

// adder is a pure core: its state is the sum of what it was told.
type adder struct {
	sum   byte
	wrong int // a sum that it takes for another one
}

func (a *adder) Step(event []byte) ([]byte, error) {
	for _, b := range event {
		a.sum += b
		if int(a.sum) == a.wrong {
			a.sum++
		}
	}
	return []byte{a.sum}, nil
}

func TestReplaySteps(t *testing.T) {
	var file bytes.Buffer
	r := trace.NewRecorder(&file, trace.Config{})
	d, core := r.Core("adder"), &adder{wrong: -1}
	for i := range byte(20) {
		event := []byte{i, 2 * i}
		effects, _ := core.Step(event)
		if err := d.Step(event, effects); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	rec, err := trace.Load(&file)
	if err != nil || len(rec.Cores) != 1 || len(rec.Cores[0].Steps) != 20 || rec.Cores[0].Name != "adder" {
		t.Fatalf("%+v, %v", rec, err)
	}
	if err := rec.Cores[0].Replay(&adder{wrong: -1}); err != nil {
		t.Error(err)
	}
	err = rec.Cores[0].Replay(&adder{wrong: 30}) // 3+6+9+12
	var diff *trace.StepError
	if !errors.As(err, &diff) || diff.Step != 4 || !bytes.Equal(diff.Input, []byte{4, 8}) {
		t.Errorf("got %v", err)
	}
}
