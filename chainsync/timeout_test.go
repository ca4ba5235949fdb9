package chainsync_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// The time for a header that was promised is drawn anew each time.
// (miniprotocols, 1)
func TestMustReplyTimeout(t *testing.T) {
	for random, want := range map[float64]time.Duration{0: 601 * time.Second, 0.5: 756 * time.Second, 1 - 1e-12: 911 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			us, peer := pipe.New()
			i := chainsync.NewInitiator(chainsync.Spec(), us)
			draws := 0
			i.SetRandom(func() float64 {
				if draws++; draws%2 == 1 {
					return 0.25 // of the headers that come
				}
				return random
			})
			send := func(m chainsync.Message) {
				if err := peer.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
					t.Error(err)
				}
			}
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				<-peer.Ready()
				send(chainsync.AwaitReply{})
				time.Sleep(678 * time.Second) // 601 s and a quarter of 310 s is 678.5 s
				send(chainsync.RollForward{Header: header("1"), Tip: tip("1")})
				synctest.Wait()
				send(chainsync.AwaitReply{})
			}()
			var last time.Time
			for u, err := range i.Updates(t.Context()) {
				if err == nil {
					last = time.Now()
					if got := nameOfHeader(u.(chainsync.RollForward).Header); got != "1" {
						t.Errorf("forward to %s", got)
					}
					continue
				}
				if !errors.Is(err, protocol.ErrTimeout) {
					t.Errorf("ended with %v", err)
				}
				if took := time.Since(last).Round(time.Millisecond); took != want || last.IsZero() {
					t.Errorf("drew %v: took %v, want %v", random, took, want)
				}
			}
			<-sent
		})
	}
}

// Without a source of its own a session draws from the whole range.
func TestMustReplyTimeoutsDiffer(t *testing.T) {
	low, high := time.Hour, time.Duration(0)
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			us, peer := pipe.New()
			go func() {
				<-peer.Ready()
				peer.Send(t.Context(), []byte{0x81, 0x01}, nil)
			}()
			start := time.Now()
			for _, err := range chainsync.NewInitiator(chainsync.Spec(), us).Updates(t.Context()) {
				if !errors.Is(err, protocol.ErrTimeout) {
					t.Error(err)
				}
			}
			low, high = min(low, time.Since(start)), max(high, time.Since(start))
		})
	}
	if low < 601*time.Second || low > 700*time.Second || high > 911*time.Second || high < 800*time.Second {
		t.Errorf("drew from %v to %v", low, high)
	}
}

// A peer that is trusted may take its time.
func TestNoMustReplyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := chainsync.Spec()
		spec.States[chainsync.StMustReply].Timeout = protocol.Timeout{}
		us, peer := pipe.New()
		go func() {
			<-peer.Ready()
			peer.Send(t.Context(), []byte{0x81, 0x01}, nil)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		for _, err := range chainsync.NewInitiator(spec, us).Updates(ctx) {
			if !errors.Is(err, context.DeadlineExceeded) || protocol.IsPeerFault(err) {
				t.Error(err)
			}
		}
	})
}
