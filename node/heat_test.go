package node_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
	"github.com/ouronet/ouronet/vnet"
)

// ends keeps the last bytes that one side sent in each mini-protocol, as an
// initiator.
type ends struct {
	mu   sync.Mutex
	last map[uint16]string
}

func (e *ends) Received([]byte) {}
func (e *ends) Ended(error)     {}

func (e *ends) Sending(bufs net.Buffers) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for h, payload := range segment.All(slices.Concat(bufs...)) {
		if h.Role == protocol.Initiator {
			e.last[h.ID] = fmt.Sprintf("%x", payload[max(0, len(payload)-2):])
		}
	}
}

// done reports which mini-protocols have ended, of those that began.
func (e *ends) done() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var said []string
	for _, p := range []struct {
		id         uint16
		name, done string
	}{
		{2, "chain-sync", "8107"}, {3, "block-fetch", "8101"}, {4, "tx-submission", "8104"}, {8, "keep-alive", "8102"}, {10, "peer-sharing", "8102"},
	} {
		if last, ok := e.last[p.id]; ok {
			said = append(said, fmt.Sprintf("%s %t", p.name, last == p.done))
		}
	}
	return strings.Join(said, ", ")
}

// watched is a configuration with a record of how its conversations end.
func watched(cfg node.Config) (node.Config, *ends) {
	e := &ends{last: make(map[uint16]string)}
	cfg.Mux.Record = func(net.Conn) mux.Recorder { return e }
	return cfg, e
}

// sink wants no transactions.
type sink struct{}

func (s sink) Want(context.Context, []txsubmission.Announced) ([]ledger.TxID, error) { return nil, nil }
func (s sink) Deliver(context.Context, []ledger.TxID, []ledger.Tx) error             { return nil }

// busy is a spell that follows the chain, fetches its last block again and again,
// and offers no transactions.
func busy(conn *node.Conn, c *chaintest.Chain) node.Spell {
	return node.Spell{
		ChainSync: func(ctx context.Context) error {
			cs := conn.ChainSync()
			if _, _, err := cs.Intersect(ctx, c.Point(5)); err != nil {
				return err
			}
			for _, err := range cs.Updates(ctx) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		BlockFetch: func(ctx context.Context) error {
			for {
				for _, err := range conn.BlockFetch().Range(ctx, c.Point(4), c.Point(2)) {
					if err != nil {
						return err
					}
				}
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		},
		TxSubmission: func(context.Context) txsubmission.Source { return idleTxs{} },
	}
}

// spelled runs Heat in a goroutine.
func spelled(conn *node.Conn, s node.Spell) (cool func(), err <-chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- conn.Heat(ctx, s) }()
	return cancel, ended
}

// Either side heats a connection, whoever opened it, and cools it: each
// mini-protocol says its Done, the connection stays with its keep-alives, and can
// be heated again.
func TestHeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(50)
		var open atomic.Int64
		sources := c.Sources()
		sources.TxSubmission = func(ctx context.Context, _ *node.Conn) txsubmission.Sink {
			open.Add(1)
			context.AfterFunc(ctx, func() { open.Add(-1) })
			return sink{}
		}
		with := node.Config{Network: nodetest.Network(), Sources: sources}
		dialling, says := watched(with)
		accepting, answers := watched(with)
		a, b := nodetest.Pair(t, dialling, accepting)
		for round := range 3 {
			for _, side := range []struct {
				conn *node.Conn
				says *ends
			}{{a, says}, {b, answers}} {
				cool, ended := spelled(side.conn, busy(side.conn, c))
				time.Sleep(time.Minute)
				if got := side.says.done(); open.Load() != 1 || got != "chain-sync false, block-fetch false, tx-submission false, keep-alive false" {
					t.Fatalf("round %d, hot: %d conversations about transactions; %s", round, open.Load(), got)
				}
				cool()
				time.Sleep(time.Second)
				c.Grow(1) // what chain-sync waits for, at the tip
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if got := side.says.done(); open.Load() != 0 || got != "chain-sync true, block-fetch true, tx-submission true, keep-alive false" {
					t.Fatalf("round %d, cooled: %d conversations about transactions; %s", round, open.Load(), got)
				}
			}
		}
		time.Sleep(time.Hour)
		if a.Err() != nil || b.Err() != nil || a.RTT() < 0 {
			t.Error(a.Err(), b.Err())
		}
	})
}

// What was not used in a spell needs no Done, and does not begin because of it.
func TestHeatNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialling, says := watched(node.Config{Network: nodetest.Network()})
		a, _ := nodetest.Pair(t, dialling, node.Config{Network: nodetest.Network(), Sources: nodetest.NewChain().Sources()})
		cool, ended := spelled(a, node.Spell{})
		time.Sleep(time.Minute)
		cool()
		if err := <-ended; err != nil || says.done() != "keep-alive false" {
			t.Error(err, says.done())
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := a.Heat(over, node.Spell{}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// Chain-sync can end only with the peer's next block. Until then, the connection
// is neither hot nor warm: to heat it again waits. After 300 s it ends.
func TestCooling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(50)
		specs := node.NewSpecs()
		specs.ChainSync.States[chainsync.StMustReply].Timeout.Min = time.Hour // as of a peer that one trusts
		specs.ChainSync.States[chainsync.StMustReply].Timeout.Max = time.Hour
		a, _ := nodetest.Pair(t, node.Config{Network: nodetest.Network(), Specs: specs}, node.Config{Network: nodetest.Network(), Sources: c.Sources()})
		cool, ended := spelled(a, busy(a, c))
		time.Sleep(time.Minute)
		if err := a.Heat(t.Context(), node.Spell{}); !errors.Is(err, node.ErrHot) {
			t.Fatal(err)
		}
		cool()
		time.Sleep(time.Minute)
		short, stop := context.WithTimeout(t.Context(), time.Second)
		if err := a.Heat(short, node.Spell{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		stop()
		coolAgain, endedAgain := spelled(a, busy(a, c))
		time.Sleep(time.Minute)
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
		c.Grow(1)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // hot again, at the tip
		cooled := time.Now()
		coolAgain()
		err := <-endedAgain
		if d := time.Since(cooled); err == nil || node.Blame(err) || d != 300*time.Second {
			t.Errorf("after %v: %v", d, err)
		}
		if !strings.Contains(err.Error(), "mini-protocols could not be ended in time") || a.Err() == nil {
			t.Error(err, a.Err())
		}
	})
}

// A spell ends by itself when chain-sync or block-fetch does, and not when there
// are no more transactions; an error of theirs ends the connection.
func TestSpellEnds(t *testing.T) {
	own := errors.New("of our own")
	for _, test := range []struct {
		name string
		s    node.Spell
		want error
	}{
		{"chain-sync", node.Spell{ChainSync: func(context.Context) error { return nil }}, nil},
		{"block-fetch", node.Spell{BlockFetch: func(context.Context) error { return nil }}, nil},
		{"an error", node.Spell{BlockFetch: func(context.Context) error { return own }}, own},
		{"an error when it cools", node.Spell{
			ChainSync:  func(context.Context) error { return nil },
			BlockFetch: func(ctx context.Context) error { <-ctx.Done(); return own },
		}, own},
		{"no more transactions", node.Spell{TxSubmission: func(context.Context) txsubmission.Source { return noTxs{} }}, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sources := nodetest.NewChain().Grow(5).Sources()
				sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return sink{} }
				a, _ := nodetest.Pair(t, node.Config{Network: nodetest.Network()}, node.Config{Network: nodetest.Network(), Sources: sources})
				ctx, stop := context.WithTimeout(t.Context(), time.Hour)
				defer stop()
				err := a.Heat(ctx, test.s)
				if lasted := ctx.Err() != nil; lasted != (test.want == context.DeadlineExceeded) {
					t.Fatalf("%v; to the end: %t", err, lasted)
				}
				switch {
				case test.want == own:
					if !errors.Is(err, own) || !errors.Is(a.Err(), own) {
						t.Error(err, a.Err())
					}
				case err != nil || a.Err() != nil:
					t.Error(err, a.Err())
				}
			})
		})
	}
}

// endlessTxs has one more transaction whenever the peer asks.
type endlessTxs struct {
	idleTxs
	n *int
}

func (e endlessTxs) Next(_ context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	*e.n++
	return []txsubmission.Announced{{ID: ledger.TxID{Era: ledger.Conway, Hash: ledger.Hash{byte(*e.n), byte(*e.n >> 8)}}, Size: 100}}, nil
}

// Tx-submission ends also while there are always more transactions.
func TestHeatEndlessTxs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 10 * time.Millisecond}})
		dialling, says := watched(node.Config{Network: nodetest.Network()})
		a, b := far(t, n, dialling, node.Config{Network: nodetest.Network(), Sources: nodetest.NewChain().Sources()})
		announced := 0
		var conversation context.Context
		offering := node.Spell{TxSubmission: func(ctx context.Context) txsubmission.Source {
			conversation = ctx
			return endlessTxs{n: &announced}
		}}
		cool, ended := spelled(a, offering)
		time.Sleep(time.Minute)
		cool()
		if err := <-ended; err != nil || announced < 100 || context.Cause(conversation) != context.Canceled {
			t.Error(err, announced, context.Cause(conversation))
		}
		if synctest.Wait(); says.done() != "tx-submission true, keep-alive false" {
			t.Error(says.done())
		}
		_, ended = spelled(a, offering)
		time.Sleep(time.Minute)
		b.Close()
		if err := <-ended; err == nil || errors.Is(context.Cause(conversation), context.Canceled) {
			t.Error(err, context.Cause(conversation))
		}
	})
}

// far is pair over a network.
func far(t *testing.T, n *vnet.Network, dialling, accepting node.Config) (a, b *node.Conn) {
	t.Helper()
	l, err := n.Host("b").Listen(3001)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	accepted := make(chan *node.Conn)
	var serving sync.WaitGroup
	serving.Go(func() {
		accepting.Observer.Connected = func(c *node.Conn) { accepted <- c }
		node.Serve(ctx, l, accepting)
	})
	dialling.Dial = n.Host("a").Dial
	if a, err = node.Dial(t.Context(), "b:3001", dialling); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); cancel(); serving.Wait() })
	return a, <-accepted
}

// Our side may want something else while it leaves: what is being ended ends
// first, and what is wanted last counts.
func TestLeaveAndHeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 2 * time.Second}})
		c := nodetest.NewChain().Grow(50)
		with := node.Config{Network: nodetest.Network(), Sources: c.Sources()}
		dialling, says := watched(with)
		answered := make(chan struct{}, 1)
		dialling.Observer.RoundTrip = func(*node.Conn, time.Duration) {
			select {
			case answered <- struct{}{}:
			default:
			}
		}
		a, b := far(t, n, dialling, with)
		b.ChainSync() // its keep-alives keep the connection
		left := make(chan error, 1)
		leave := func() { go func() { left <- a.Leave(t.Context()) }() }

		// While an answer is owed, keep-alive cannot end.
		<-answered
		time.Sleep(keepalive.DefaultInterval + time.Second)
		leave()
		time.Sleep(time.Second)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		err := a.Heat(ctx, node.Spell{BlockFetch: func(context.Context) error { t.Error("it runs"); return nil }})
		if d := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || d != time.Second || <-left != nil {
			t.Errorf("heated for %v: %v", d, err)
		}
		// In the end it is warm.
		<-answered
		<-answered
		if says.done() != "keep-alive false" {
			t.Error(says.done())
		}

		// To leave is more than to cool.
		cool, ended := spelled(a, busy(a, c))
		time.Sleep(time.Minute)
		leave()
		time.Sleep(time.Second)
		cool()
		time.Sleep(time.Second)
		c.Grow(1)
		if err := <-ended; err != nil || <-left != nil {
			t.Error(err)
		}
		for len(answered) > 0 {
			<-answered
		}
		time.Sleep(time.Hour)
		if says.done() != "chain-sync true, block-fetch true, tx-submission true, keep-alive true" || len(answered) > 0 || a.Err() != nil {
			t.Error(says.done(), a.Err())
		}
	})
}

type noTxs struct{ idleTxs }

func (noTxs) Next(context.Context, int, bool) ([]txsubmission.Announced, error) { return nil, nil }

// A connection that our side has left has had every Done, and ends by itself 5 s
// later unless the peer uses it.
func TestLeave(t *testing.T) {
	for _, used := range []bool{false, true} {
		t.Run(fmt.Sprintf("used by the peer: %t", used), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := nodetest.NewChain().Grow(50)
				with := node.Config{Network: nodetest.Network(), Sources: c.Sources(), PeerSharing: true}
				dialling, says := watched(with)
				a, b := nodetest.Pair(t, dialling, with)
				if _, err := a.PeerSharing().Request(t.Context(), 3); err != nil {
					t.Fatal(err)
				}
				_, ended := spelled(a, node.Spell{BlockFetch: func(ctx context.Context) error {
					err := busy(a, c).BlockFetch(ctx)
					a.BlockFetch() // the spell's last breath is not a new use
					return err
				}})
				if used {
					b.ChainSync() // its keep-alives are enough
				}
				time.Sleep(time.Hour)
				began := time.Now()
				if err := a.Leave(t.Context()); err != nil || <-ended != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if got := says.done(); got != "block-fetch true, keep-alive true, peer-sharing true" {
					t.Error(got)
				}
				if used {
					time.Sleep(time.Hour)
					if a.Err() != nil || b.Err() != nil {
						t.Error(a.Err(), b.Err())
					}
					// To ask is to use it again.
					_, _, err := a.ChainSync().Intersect(t.Context(), ledger.Origin)
					synctest.Wait()
					if err != nil || says.done() != "chain-sync false, block-fetch true, keep-alive false, peer-sharing true" {
						t.Error(err, says.done())
					}
					return
				}
				<-a.Done()
				<-b.Done()
				// Both count, so either may be the first.
				if d := time.Since(began); d != 5*time.Second || !errors.Is(a.Err(), mux.ErrIdle) && !errors.Is(b.Err(), mux.ErrIdle) {
					t.Errorf("after %v: %v, %v", d, a.Err(), b.Err())
				}
			})
		})
	}
}

// Heated and cooled 1,000 times at random moments, from both sides at once, a
// connection holds nothing that it did not hold after the first few.
func TestHeatLeavesNothing(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector takes memory of its own")
	}
	testenv.CheckLeaks(t)
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(50)
		sources := c.Sources()
		sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return sink{} }
		with := node.Config{Network: nodetest.Network(), Sources: sources}
		dialling, says := watched(with)
		accepting, answers := watched(with)
		a, b := nodetest.Pair(t, dialling, accepting)
		b.ChainSync() // so that it has keep-alives before it is counted
		spells := func(conn *node.Conn, n int, random *rand.Rand) {
			for range n {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(3000))*time.Millisecond)
				if err := conn.Heat(ctx, busy(conn, c)); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				cancel()
			}
		}
		longer, shorter := c.Fork(0), c.Fork(1)
		both := func(n int) {
			grown := make(chan struct{})
			go func() { // so that chain-sync can end
				for {
					select {
					case <-grown:
						return
					case <-time.After(2 * time.Second):
						c.Become(shorter)
						c.Become(longer)
					}
				}
			}()
			var sides sync.WaitGroup
			sides.Go(func() { spells(a, n, rand.New(rand.NewPCG(1, 1))) })
			sides.Go(func() { spells(b, n, rand.New(rand.NewPCG(2, 2))) })
			sides.Wait()
			close(grown)
			synctest.Wait()
		}
		both(20)
		goroutines, before := runtime.NumGoroutine(), heap()
		both(1000)
		more := heap() - before
		t.Logf("%d bytes more after 1,000 spells on each side", more)
		if n := runtime.NumGoroutine(); n > goroutines || more > 40_000 {
			t.Errorf("%d goroutines, before %d; %d bytes more", n, goroutines, more)
		}
		for _, e := range []*ends{says, answers} {
			if got := e.done(); got != "chain-sync true, block-fetch true, tx-submission true, keep-alive false" {
				t.Error(got)
			}
		}
		if a.Err() != nil || b.Err() != nil {
			t.Error(a.Err(), b.Err())
		}
	})
}

// heap returns the bytes of heap after a collection; stacks of goroutines that
// have ended may stay with the runtime.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Nothing of a spell goes on when the connection is lost, and Heat says why it
// was.
func TestHeatLost(t *testing.T) {
	testenv.CheckLeaks(t)
	synctest.Test(t, func(t *testing.T) {
		c := nodetest.NewChain().Grow(50)
		a, b := nodetest.Pair(t, node.Config{Network: nodetest.Network()}, node.Config{Network: nodetest.Network(), Sources: c.Sources()})
		returned := false
		_, ended := spelled(a, node.Spell{
			ChainSync: func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(time.Second)
				returned = true
				return context.Cause(ctx)
			},
		})
		time.Sleep(time.Minute)
		b.Close()
		err := <-ended
		if !returned {
			t.Error("a goroutine of the spell goes on")
		}
		var who *node.PeerError
		if !errors.As(err, &who) || err.Error() != a.Err().Error() {
			t.Error(err)
		}
		if err := a.Heat(t.Context(), node.Spell{}); err == nil {
			t.Error("heated after the end")
		}
		if err := a.Leave(t.Context()); err == nil {
			t.Error("left after the end")
		}
		if err := b.Heat(t.Context(), node.Spell{}); !errors.Is(err, node.ErrMayNotAsk) {
			t.Error(err)
		}
	})
}
