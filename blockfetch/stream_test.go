package blockfetch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// The time to wait for each message is 60 s; cancelling leaves what is owed.
func TestCancelAndTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		i := blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
		blocks := mixed()[:3]
		send := func(m blockfetch.Message) {
			if err := peer.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
				t.Error(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		if _, err := collect(i.Fetch(ctx, wantsOf(blocks))); !errors.Is(err, context.DeadlineExceeded) || protocol.IsPeerFault(err) {
			t.Fatal(err)
		}
		go func() { // answers the first request, and then only half of the second
			send(blockfetch.StartBatch{})
			for _, b := range blocks {
				time.Sleep(59 * time.Second)
				send(blockfetch.Block{Raw: b.Raw})
			}
			send(blockfetch.BatchDone{})
			synctest.Wait()
			send(blockfetch.StartBatch{})
		}()
		start := time.Now()
		_, err := collect(i.Fetch(t.Context(), wantsOf(blocks)))
		checkViolation(t, err, protocol.ErrTimeout, "")
		if took := time.Since(start); took != 3*59*time.Second+60*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A stream with wake goes on when there is something new to fetch.
func TestStreamWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		ctx, cancel := context.WithCancel(t.Context())
		go blockfetch.Respond(ctx, blockfetch.Spec(), peer, &chain{blocks: mixed()})
		i := blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
		wake := make(chan struct{})
		batches := make(chan []blockfetch.Want, 1)
		go func() {
			for rest := wantsOf(mixed()[:50]); len(rest) > 0; rest = rest[10:] {
				time.Sleep(20 * time.Second)
				batches <- rest[:10]
				wake <- struct{}{}
			}
			time.Sleep(time.Hour) // block-fetch has no timeout in StIdle
			cancel()
		}()
		next := func() ([]blockfetch.Want, bool) {
			select {
			case wants := <-batches:
				return wants, true
			default:
				return nil, false
			}
		}
		start := time.Now()
		var got []ledger.Block
		for r, err := range i.Stream(ctx, next, wake) {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				break
			}
			got = append(got, r.Block)
			if at := time.Since(start); at != time.Duration(1+(len(got)-1)/10)*20*time.Second {
				t.Errorf("block %d came after %v", len(got), at)
			}
		}
		checkBlocks(t, got, mixed()[:50])
	})
}

// A slow loop body is never the peer's fault.
func TestSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		go blockfetch.Respond(t.Context(), blockfetch.Spec(), peer, &chain{blocks: mixed()})
		i := blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
		n := 0
		for _, err := range i.Fetch(t.Context(), wantsOf(mixed())) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			n++
		}
		if n != len(mixed()) {
			t.Errorf("got %d blocks", n)
		}
		if err := i.Done(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
