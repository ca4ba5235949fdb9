package chaintest_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// dial serves p on a virtual network and connects to it.
func dial(t *testing.T, p chaintest.Peer) (*node.Conn, *chaintest.Server) {
	t.Helper()
	n := vnet.New(vnet.Config{})
	p.Host = n.Host("peer")
	s := chaintest.Serve(p)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		n.Close()
	})
	cfg := node.Config{Network: chaintest.Network(), Dial: n.Host("us").Dial, PeerSharing: true}
	conn, err := node.Dial(t.Context(), s.Addr, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, s
}

// fetch fetches a whole chain.
func fetch(ctx context.Context, conn *node.Conn, c *chaintest.Chain) (blocks []ledger.Block, err error) {
	for b, err := range conn.BlockFetch().Range(ctx, c.Blocks()[0].Header.Point(), c.Point(0)) {
		if err != nil {
			return blocks, err
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// Blocks that drip come whole, at their rate; what is small does not wait for them.
func TestDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := chaintest.New(chaintest.Config{BlockSize: 3000}).Grow(4)
		size := 0
		for _, b := range c.Blocks() {
			size += len(b.Raw)
		}
		conn, _ := dial(t, chaintest.Peer{Chain: c, Drip: 500})
		began := time.Now()
		var tasks sync.WaitGroup
		tasks.Go(func() {
			blocks, err := fetch(t.Context(), conn, c)
			if err != nil || !slices.EqualFunc(blocks, c.Blocks(), func(a, b ledger.Block) bool { return a.Header.Hash == b.Header.Hash }) {
				t.Errorf("%d blocks, %v", len(blocks), err)
			}
			want := time.Duration(size) * time.Second / 500
			if took := time.Since(began); took < want || took > want+time.Second {
				t.Errorf("took %v, want %v", took, want)
			}
		})
		time.Sleep(time.Second)
		now := time.Now()
		if _, tip, err := conn.ChainSync().Intersect(t.Context(), ledger.Origin); err != nil || tip != c.Tip() {
			t.Error(tip, err)
		}
		if took := time.Since(now); took > 0 {
			t.Errorf("an intersection took %v", took)
		}
		tasks.Wait()
	})
}

// A connection that drips ends with its server, whatever is still to come.
func TestDripEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := chaintest.New(chaintest.Config{BlockSize: 80_000}).Grow(300) // more than may wait
		conn, s := dial(t, chaintest.Peer{Chain: c, Drip: 1000})
		go func() {
			time.Sleep(time.Second)
			s.Close()
		}()
		began := time.Now()
		if _, err := fetch(t.Context(), conn, c); err == nil || node.Blame(err) {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := chaintest.New(chaintest.Config{BlockSize: 3000}).Grow(4)
		conn, _ := dial(t, chaintest.Peer{Chain: c, Delay: 2 * time.Second})
		began := time.Now()
		check := func(what string, want time.Duration, err error) {
			t.Helper()
			if took := time.Since(began); took != want || err != nil {
				t.Errorf("%s: %v after %v, want %v", what, err, took, want)
			}
			began = time.Now()
		}
		_, _, err := conn.ChainSync().Intersect(t.Context(), ledger.Origin)
		check("intersection", 2*time.Second, err)
		n := 0
		for _, err = range conn.ChainSync().Updates(t.Context()) {
			if n++; n == 5 || err != nil { // a rollback and four headers
				break
			}
		}
		check("updates", 10*time.Second, err)
		_, err = fetch(t.Context(), conn, c)
		check("blocks", 8*time.Second, err)
	})
}

func TestLies(t *testing.T) {
	for name, test := range map[string]struct {
		hook  func(context.Context, []ledger.Block) []ledger.Block
		want  error
		blame bool
	}{
		"withhold":   {chaintest.Withhold, protocol.ErrTimeout, true},
		"no blocks":  {chaintest.NoBlocks, blockfetch.ErrNoBlocks, false},
		"wrong body": {chaintest.WrongBody, blockfetch.ErrInvalidBody, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := chaintest.New(chaintest.Config{}).Grow(3)
				conn, _ := dial(t, chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Range: test.hook}})
				blocks, err := fetch(t.Context(), conn, c)
				if len(blocks) > 0 || !errors.Is(err, test.want) || node.Blame(err) != test.blame {
					t.Errorf("%d blocks, %v", len(blocks), err)
				}
				if err := c.Blocks()[0].CheckBody(); err != nil {
					t.Errorf("the chain has changed: %v", err)
				}
			})
		})
	}
}

// What is not of the chain: transactions and addresses.
func TestOtherAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addresses := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:3001"), netip.MustParseAddrPort("192.0.2.2:3001")}
		taken := make(chan ledger.Tx, 10)
		conn, _ := dial(t, chaintest.Peer{
			Txs: func(tx ledger.Tx) { taken <- tx }, Addresses: addresses,
			Config: node.Config{Network: chaintest.Network()},
		})
		if got, err := conn.PeerSharing().Request(t.Context(), 1); err != nil || !slices.Equal(got, addresses[:1]) {
			t.Error(got, err)
		}
		txs := chaintest.Txs(chaintest.NewGenerator(chaintest.Config{BlockSize: 5000}).Blocks(1))
		if asked, err := conn.Submit(t.Context(), txs[0].Raw); !asked || err != nil {
			t.Error(err)
		}
		if tx := <-taken; tx.ID != txs[0].ID {
			t.Errorf("took %v, want %v", tx.ID, txs[0].ID)
		}
	})
}

// What a chain dropped is still served, as by a node that keeps it for a while.
func TestRolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := chaintest.New(chaintest.Config{}).Grow(10)
		from, to := c.Point(5), c.Point(0)
		conn, s := dial(t, chaintest.Peer{Chain: c})
		c.Switch(4, 5)
		n := 0
		for _, err := range conn.BlockFetch().Range(t.Context(), from, to) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 6 || c.Tip().BlockNo != 10 {
			t.Errorf("%d blocks of the range, tip %v", n, c.Tip())
		}
		if len(s.Conns()) != 1 {
			t.Errorf("%d connections", len(s.Conns()))
		}
		s.Drop()
		<-conn.Done()
		if _, _, err := conn.ChainSync().Intersect(t.Context(), ledger.Origin); err == nil || node.Blame(err) {
			t.Errorf("after Drop: %v", err)
		}
	})
}

// Mistakes in a test end it with what is wrong.
func TestMistakes(t *testing.T) {
	n := vnet.New(vnet.Config{})
	l, err := n.Host("a").Listen(1)
	if err != nil {
		t.Fatal(err)
	}
	c := chaintest.New(chaintest.Config{}).Grow(3)
	serve := func(p chaintest.Peer) func() { return func() { chaintest.Serve(p).Close() } }
	for want, f := range map[string]func(){
		"4 blocks back on a chain of 3": func() { c.Fork(4) },
		"grows with Append":             func() { chaintest.Of(chaintest.Network()).Grow(1) },
		"grows blocks of its own":       func() { c.Append(c.Blocks()[0]) },
		"has a Host and a Listener":     serve(chaintest.Peer{Host: n.Host("a"), Listener: l}),
		"Drip is -1":                    serve(chaintest.Peer{Chain: c, Drip: -1}),
		"Drip is 1000000001":            serve(chaintest.Peer{Chain: c, Drip: 1e9 + 1}),
		"Delay is -1s":                  serve(chaintest.Peer{Chain: c, Delay: -time.Second}),
		"cannot serve: node: ":          serve(chaintest.Peer{Config: node.Config{Limits: node.Limits{Inbound: -1}}}),
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
}

// A peer without a chain serves one without blocks.
func TestNoChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := dial(t, chaintest.Peer{})
		if p, tip, err := conn.ChainSync().Intersect(t.Context(), ledger.Origin); err != nil || p != ledger.Origin || tip != (ledger.Tip{}) {
			t.Error(p, tip, err)
		}
	})
}

// A fast drip is as good as none.
func TestFastDrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := chaintest.New(chaintest.Config{BlockSize: 3000}).Grow(4)
		conn, _ := dial(t, chaintest.Peer{Chain: c, Drip: 1e9})
		if blocks, err := fetch(t.Context(), conn, c); err != nil || len(blocks) != 4 {
			t.Errorf("%d blocks, %v", len(blocks), err)
		}
	})
}

// An update that a hook drops is never sent; the next one takes its place at once.
func TestDroppedUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := chaintest.New(chaintest.Config{}).Grow(3)
		dropped := 0
		conn, _ := dial(t, chaintest.Peer{Chain: c, Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			if _, ok := u.(chainsync.RollBackward); ok {
				dropped++
				return nil
			}
			return u
		}}})
		go func() {
			time.Sleep(time.Second)
			c.Switch(1, 1)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began, headers := time.Now(), 0
		for u, err := range conn.ChainSync().Updates(ctx) {
			if _, ok := u.(chainsync.RollForward); !ok || err != nil {
				t.Fatalf("after %d headers: %v, %v", headers, u, err)
			}
			headers++
			if took := time.Since(began).Truncate(time.Second); headers <= 3 && took != 0 || headers > 3 && took != time.Second {
				t.Errorf("header %d came after %v", headers, took)
			}
			if headers == 4 {
				break
			}
		}
		if dropped != 2 {
			t.Errorf("%d updates dropped, want 2", dropped)
		}
	})
}

// A source of one's own that keeps an update back waits for the next change.
func TestWaitAfterAnUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := chaintest.New(chaintest.Config{})
		s := c.Sources().ChainSync(t.Context(), nil)
		if u, err := s.Next(t.Context()); u == nil || err != nil {
			t.Fatal(u, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c.Grow(1)
		if err := s.Wait(ctx); err != nil {
			t.Error(err)
		}
	})
}

// Whatever the block, its wrong body can be read and is not the one of the header.
func TestWrongBody(t *testing.T) {
	for name, cfg := range map[string]chaintest.Config{
		"mixed":    {Network: shortEpochs(), Eras: allEras(30)},
		"smallest": {Network: shortEpochs(), Eras: allEras(30), BlockSize: 1},
		"signed":   {Network: chaintest.AllEras(), Signed: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := chaintest.NewGenerator(cfg)
			boundary, hashes := 0, 0
			for _, b := range g.Blocks(ledger.NumEras * 30) {
				got := chaintest.WrongBody(t.Context(), []ledger.Block{b})[0]
				parsed, err := g.Network().ParseBlock(got.Raw)
				if err != nil || parsed.Header.Hash != b.Header.Hash {
					t.Fatalf("block %v of %v: %v", b.Header.Point(), b.Header.Raw.Era, err)
				}
				var wrong *ledger.BodyError
				if err := parsed.CheckBody(); !errors.As(err, &wrong) {
					t.Fatalf("block %v of %v: %v", b.Header.Point(), b.Header.Raw.Era, err)
				}
				if b.Header.Raw.EBB {
					boundary++
				}
				if wrong.Part == ledger.PartHash {
					hashes++
				}
				if err := b.CheckBody(); err != nil {
					t.Fatalf("the block itself has changed: %v", err)
				}
			}
			if boundary == 0 || hashes == 0 {
				t.Errorf("%d boundary blocks, %d wrong hashes", boundary, hashes)
			}
		})
	}
}

// A chain of blocks that are there is served like any other, and grows with Append.
func TestOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blocks := chaintest.NewGenerator(chaintest.Config{}).Blocks(10)
		c := chaintest.Of(chaintest.Network(), blocks[:5]...)
		conn, _ := dial(t, chaintest.Peer{Chain: c})
		c.RollBack(2)
		c.Append(blocks[3:]...)
		got, err := fetch(t.Context(), conn, c)
		if err != nil || len(got) != 10 || c.Fork(1).Tip() != blocks[8].Header.Tip() {
			t.Errorf("%d blocks, %v, fork at %v", len(got), err, c.Fork(1).Tip())
		}
	})
}
