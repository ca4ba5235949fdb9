package conform_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// offered announces transactions and then waits.
type offered struct{ left, all []ledger.Tx }

func (o *offered) Next(ctx context.Context, most int, block bool) (list []txsubmission.Announced, _ error) {
	n := min(most, len(o.left))
	for _, tx := range o.left[:n] {
		list = append(list, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
	}
	o.left = o.left[n:]
	if len(list) == 0 && block {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return list, nil
}

func (o *offered) Get(_ context.Context, ids []ledger.TxID) (list []ledger.RawTx, _ error) {
	for _, tx := range o.all {
		if slices.Contains(ids, tx.ID) {
			list = append(list, tx.Raw)
		}
	}
	return list, nil
}

// ask is a node of ours that connects again and again, and asks for all there
// is.
func ask(ctx context.Context, memory *testnode.Net, specs *node.Specs, blocks []ledger.Block) {
	txs := chaintest.Txs(chaintest.NewGenerator(chaintest.Config{Seed: 9, BlockSize: 10_000}).Blocks(20))
	for ctx.Err() == nil {
		c, err := node.Dial(ctx, "suite", node.Config{Network: chaintest.Network(), Dial: memory.Dial, PeerSharing: true, Specs: specs})
		if err != nil {
			time.Sleep(time.Second)
			continue
		}
		c.Go(func(ctx context.Context) error {
			if _, _, err := c.ChainSync().Intersect(ctx, blocks[1].Header.Point(), ledger.Origin); err != nil {
				return err
			}
			for _, err := range c.ChainSync().Updates(ctx) {
				if err != nil {
					return err
				}
			}
			return nil
		})
		c.Go(func(ctx context.Context) error {
			time.Sleep(time.Second)
			for _, err := range c.BlockFetch().Range(ctx, blocks[0].Header.Point(), blocks[4].Header.Point()) {
				if err != nil {
					return err
				}
			}
			return nil
		})
		c.Go(func(ctx context.Context) error {
			if _, err := c.PeerSharing().Request(ctx, 3); !errors.Is(err, node.ErrNotSharing) {
				return err
			}
			return nil
		})
		c.Go(func(ctx context.Context) error { return c.ProvideTxs(ctx, &offered{txs, txs}) })
		select {
		case <-c.Done():
		case <-ctx.Done():
		}
		c.Close()
		time.Sleep(time.Second)
	}
}

func listen(t *testing.T, specs *node.Specs, change func(*conform.ListenConfig, *testnode.Net)) (report *conform.Report, text string) {
	t.Helper()
	memory := new(testnode.Net)
	blocks := chaintest.NewGenerator(chaintest.Config{BlockSize: 2000}).Blocks(20)
	ctx, cancel := context.WithCancel(t.Context())
	asking := make(chan struct{})
	l := memory.Listen("suite")
	go func() {
		defer close(asking)
		ask(ctx, memory, specs, blocks)
	}()
	cfg := conform.ListenConfig{Network: chaintest.Network(), Blocks: blocks, Silence: time.Hour}
	if change != nil {
		change(&cfg, memory)
	}
	report, err := conform.Listen(ctx, l, cfg)
	cancel()
	<-asking
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	report.Print(&b)
	return report, b.String()
}

// The initiators of our own node keep to the rules, and end the connection when
// somebody else does not.
func TestOurInitiators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, text := listen(t, nil, nil)
		t.Log("\n" + text)
		got := report.Totals()
		if got.Departures > 0 || got.Skipped > 0 || got.Refused < 60 || got.Taken < 18 {
			t.Errorf("%+v\n%s", got, text)
		}
	})
}

// Initiators with something wrong are found out.
func TestPlantedInitiators(t *testing.T) {
	for _, test := range []struct {
		what  string
		specs func(*node.Specs)
		want  string // in the report
	}{
		{"no patience", func(s *node.Specs) { s.KeepAlive.States[1].Timeout = protocol.After(5 * time.Second) },
			"StServer            !! too late                    DEPARTURE after 5s (too early"},
		{"patience without end", func(s *node.Specs) { s.KeepAlive.States[1].Timeout = protocol.Timeout{} },
			"StServer            !! too late                    DEPARTURE"},
		{"keep-alives that cannot be sent", func(s *node.Specs) { s.KeepAlive.States[0].Limit = 1 },
			"DEPARTURE: the connection ended"},
	} {
		t.Run(test.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				specs := node.NewSpecs()
				test.specs(specs)
				report, text := listen(t, specs, nil)
				if report.Totals().Departures == 0 || !strings.Contains(text, test.want) {
					t.Errorf("%q is not in the report:\n%s", test.want, text)
				}
			})
		})
	}
}

// A run that is ended tells what it has seen.
func TestListenEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, text := listen(t, nil, func(cfg *conform.ListenConfig, _ *testnode.Net) { cfg.Again = time.Nanosecond })
		if got := report.Totals(); got.Taken < 18 || got.Refused > 0 || got.Skipped < 60 || !strings.Contains(text, "does not connect any more") {
			t.Errorf("%+v\n%s", got, text)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		memory := new(testnode.Net)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		l := memory.Listen("suite")
		done := make(chan struct{})
		go func() {
			defer close(done)
			ask(ctx, memory, nil, chaintest.NewGenerator(chaintest.Config{BlockSize: 2000}).Blocks(20))
		}()
		report, err := conform.Listen(ctx, l, conform.ListenConfig{Network: chaintest.Network(), Silence: time.Hour})
		<-done
		if err != nil || report.Totals().Refused == 0 || report.Totals().Skipped == 0 {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

// What a run has seen is told also if it ends on the first connection.
func TestListenEndedAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := new(testnode.Net)
		asking, stop := context.WithCancel(t.Context())
		l, blocks := memory.Listen("suite"), chaintest.NewGenerator(chaintest.Config{BlockSize: 2000}).Blocks(20)
		done := make(chan struct{})
		go func() {
			defer close(done)
			ask(asking, memory, nil, blocks)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		report, err := conform.Listen(ctx, l, conform.ListenConfig{Network: chaintest.Network(), Blocks: blocks})
		stop()
		<-done
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Totals(); got.Taken < 10 || got.Departures+got.Refused > 0 || got.Skipped == 0 {
			t.Errorf("%+v", got)
		}
	})
}

// failing is a listener that accepts so many connections.
type failing struct {
	net.Listener
	left int
}

var errFull = errors.New("too many open files")

func (l *failing) Accept() (net.Conn, error) {
	if l.left--; l.left < 0 {
		return nil, errFull
	}
	return l.Listener.Accept()
}

// When no more connections can be accepted, that is told, and not waited for.
func TestListenFails(t *testing.T) {
	for left := range 3 {
		synctest.Test(t, func(t *testing.T) {
			memory := new(testnode.Net)
			ctx, cancel := context.WithCancel(t.Context())
			l := memory.Listen("suite")
			done := make(chan struct{})
			go func() {
				defer close(done)
				ask(ctx, memory, nil, chaintest.NewGenerator(chaintest.Config{BlockSize: 2000}).Blocks(20))
			}()
			began := time.Now()
			report, err := conform.Listen(ctx, &failing{l, left}, conform.ListenConfig{Network: chaintest.Network()})
			took := time.Since(began)
			cancel()
			<-done
			if !errors.Is(err, errFull) || took > 2*time.Minute || (report == nil) != (left == 0) {
				t.Errorf("after %d connections: %v, %v, report %+v", left, err, took, report)
			}
			if report != nil && (report.Totals().Refused != left-1 || report.Totals().Skipped < 50) {
				t.Errorf("after %d connections: %+v", left, report.Totals())
			}
		})
	}
}

// A connection that a node gave up before its turn came says nothing about it.
func TestListenPassesOverStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, want := listen(t, nil, nil)
		_, got := listen(t, nil, func(_ *conform.ListenConfig, memory *testnode.Net) {
			for range 3 {
				go func() {
					time.Sleep(5 * time.Second) // while the first connection is looked at
					if conn, err := memory.Dial(t.Context(), "suite"); err == nil {
						conn.Close()
					}
				}()
			}
		})
		if counts(got) != counts(want) {
			t.Errorf("%s\nwithout them:\n%s", got, want)
		}
	})
}

// counts returns the last line of a report.
func counts(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// There is no report if nobody comes.
func TestNobodyConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(testnode.Net).Listen("suite")
		if _, err := conform.Listen(t.Context(), l, conform.ListenConfig{Network: chaintest.Network()}); err == nil {
			t.Error("a report about nobody")
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the listener is not closed: %v", err)
		}
	})
}
