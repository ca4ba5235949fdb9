package chainsync_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/pipe"
	"github.com/ouronet/ouronet/internal/race"
	"github.com/ouronet/ouronet/ledger"
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

// rerun answers each request with the same message without another goroutine.
type rerun struct {
	answer []byte
	owed   int
	ready  chan struct{}
}

func (r *rerun) Send(context.Context, []byte, []byte) error { r.owed++; return nil }
func (r *rerun) Ready() <-chan struct{}                     { return r.ready }
func (r *rerun) Consume(int)                                { r.owed-- }
func (r *rerun) Peek(int) ([]byte, error) {
	if r.owed == 0 {
		return nil, nil
	}
	return r.answer, nil
}

// A header costs its bytes and its interface value to receive.
func TestInitiatorAllocations(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	h := header("7")
	h.Bytes = append(h.Bytes, make([]byte, 850)...)
	end := tip("7")
	end.BlockNo = 1 << 40
	answer := chainsync.RollForward{Header: h, Tip: end}.AppendCBOR(nil)
	const headers = 2000
	n := testing.AllocsPerRun(5, func() {
		i := chainsync.NewInitiator(chainsync.Spec(), &rerun{answer: answer})
		seen := 0
		for _, err := range i.Updates(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == headers {
				break
			}
		}
	})
	if per := n / headers; per > 2.1 {
		t.Errorf("%.2f allocations a header, want at most 2", per)
	}
}

// requests is a peer that asks n times and is done.
type requests struct {
	n    int
	sent int // bytes
}

func (r *requests) Ready() <-chan struct{} { return nil }
func (r *requests) Consume(int)            { r.n-- }
func (r *requests) Send(_ context.Context, head, body []byte) error {
	r.sent += len(head) + len(body)
	return nil
}
func (r *requests) Peek(int) ([]byte, error) {
	if r.n == 0 {
		return []byte{0x81, 0x07}, nil
	}
	return []byte{0x81, 0x00}, nil
}

// Serving a header costs nothing beside what the source makes of it.
func TestResponderAllocations(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	h := header("7")
	h.Bytes = append(h.Bytes, make([]byte, 850)...)
	source := &endless{updates: []chainsync.Update{chainsync.RollForward{Header: h, Tip: t1}}}
	const headers = 2000
	n := testing.AllocsPerRun(5, func() {
		peer := &requests{n: headers}
		if err := chainsync.Respond(context.Background(), chainsync.Spec(), peer, source); err != nil {
			t.Fatal(err)
		}
		if peer.sent < headers*850 {
			t.Fatalf("sent only %d bytes", peer.sent)
		}
	})
	if per := n / headers; per > 2 {
		t.Errorf("%.2f allocations a header, want at most 2", per)
	}
}
