package chainsync_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
)

// A slow loop body is never the peer's fault.
func TestSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan struct{})
		go func() {
			defer close(served)
			chainsync.Respond(ctx, chainsync.Spec(), peer, &endless{tip: 1 << 20})
		}()
		seen := 0
		for u, err := range chainsync.NewInitiator(chainsync.Spec(), us).Updates(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := u.(chainsync.RollForward); ok {
				time.Sleep(11 * time.Second) // more than a peer has in StCanAwait
			}
			if seen++; seen == 1000 {
				break
			}
		}
		cancel()
		<-served
	})
}

// A caller can hold back requests, and go on when it has room.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go chainsync.Respond(ctx, chainsync.Spec(), peer, &endless{tip: 1000})
		i := chainsync.NewInitiator(chainsync.Spec(), us)

		credit := make(chan struct{}, 10)
		grant := func(n int) {
			for range n {
				credit <- struct{}{}
			}
		}
		more := func(int) bool {
			select {
			case <-credit:
				return true
			default:
				return false
			}
		}
		grant(10)
		seen := 0
		for _, err := range i.Stream(ctx, more, nil) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
		}
		if seen != 10 {
			t.Errorf("10 requests were answered by %d updates", seen)
		}

		wake := make(chan struct{})
		go func() {
			for range 3 {
				time.Sleep(1000 * time.Second)
				grant(5)
				wake <- struct{}{}
			}
			time.Sleep(1000 * time.Second)
			cancel()
		}()
		for _, err := range i.Stream(ctx, more, wake) {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				break
			}
			seen++
		}
		if seen != 25 {
			t.Errorf("25 requests were answered by %d updates", seen)
		}
	})
}

// Block numbers near the end of their range overflow nothing.
func TestHugeBlockNo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := pipe.New()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			<-peer.Ready()
			peer.Send(ctx, chainsync.RollForward{Header: header("18446744073709551615"), Tip: tip("9")}.AppendCBOR(nil), nil)
			synctest.Wait()
			if sent, _ := peer.Peek(0); len(sent) != 4 {
				t.Errorf("sent %x, want two requests", sent)
			}
			cancel()
		}()
		for _, err := range chainsync.NewInitiator(chainsync.Spec(), us).Updates(ctx) {
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
	})
}

// endless is a long chain of one header.
type endless struct {
	tip     ledger.BlockNo
	n       uint64
	updates []chainsync.Update
}

func (e *endless) Intersect(context.Context, []ledger.Point) (ledger.Point, ledger.Tip, error) {
	return ledger.Point{}, ledger.Tip{}, chainsync.ErrNoIntersect
}

func (e *endless) Next(context.Context) (chainsync.Update, error) {
	if e.updates != nil {
		return e.updates[0], nil
	}
	e.n++
	return chainsync.RollForward{Header: header(name(e.n, 0)), Tip: ledger.Tip{Point: p2, BlockNo: e.tip}}, nil
}

func (e *endless) Wait(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}
