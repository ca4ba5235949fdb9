package chaintest_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
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
	for want, f := range map[string]func(){
		"4 blocks back on a chain of 3": func() { c.Fork(4) },
		"grows with Append":             func() { chaintest.Of(chaintest.Network()).Grow(1) },
		"grows blocks of its own":       func() { c.Append(c.Blocks()[0]) },
		"has a Host and a Listener":     func() { chaintest.Serve(chaintest.Peer{Host: n.Host("a"), Listener: l}) },
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
	if err := chaintest.Serve(chaintest.Peer{Listener: l}).Close(); err == nil || !strings.Contains(err.Error(), "Network") {
		t.Errorf("without a network: %v", err)
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
