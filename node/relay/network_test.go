package relay_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
	"github.com/ouronet/ouronet/txsubmission"
)

const k = 20

func network() ledger.Network {
	n := chaintest.Network()
	n.SecurityParam = k
	return n
}

func newChain() *chaintest.Chain {
	return chaintest.New(chaintest.Config{Seed: 7, BlockSize: 1100, Network: network()})
}

// stage is a network in memory with relays on it.
type stage struct {
	t      *testing.T
	net    testnode.Net
	signed bool // so that relays verify

	eras *ledger.Network // if not nil, in place of network and signedNetwork
}

func (s *stage) config(peers ...string) follow.Config {
	n := network()
	if s.signed {
		n = signedNetwork()
	}
	if s.eras != nil {
		n = *s.eras
	}
	return follow.Config{Config: node.Config{Network: n, Dial: s.net.Dial}, Peers: peers}
}

func (s *stage) upstream(address string, c *chaintest.Chain) *nodetest.Server {
	return s.peer(address, chaintest.Peer{Chain: c})
}

func (s *stage) peer(address string, p chaintest.Peer) *nodetest.Server {
	p.Listener, p.Config = s.net.Listen(address), s.config().Config
	return nodetest.ServePeer(s.t, p)
}

// relay runs a relay until stop, or the end of the test.
func (s *stage) relay(address string, cfg relay.Config) (r *relay.Relay, stop func() error) {
	s.t.Helper()
	cfg.Listener = s.net.Listen(address)
	cfg.NoVerify = !s.signed
	r, err := relay.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		err = r.Run(ctx)
		close(done)
	}()
	stop = func() error {
		cancel()
		<-done
		return err
	}
	s.t.Cleanup(func() { stop() })
	return r, stop
}

// reader follows address and compares.
type reader struct {
	t      *testing.T
	next   func() (follow.Event, error, bool)
	blocks []ledger.Block
}

func (s *stage) reader(address string) *reader {
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	next, stop := iter.Pull2(follow.Follow(ctx, s.config(address)))
	s.t.Cleanup(func() { stop(); cancel() })
	return &reader{t: s.t, next: next}
}

func (r *reader) reach(c *chaintest.Chain) {
	r.t.Helper()
	want := c.Blocks()
	last := want[len(want)-1].Header.Point()
	for len(r.blocks) == 0 || r.blocks[len(r.blocks)-1].Header.Point() != last {
		ev, err, _ := r.next()
		if err != nil {
			r.t.Fatalf("after %d blocks: %v", len(r.blocks), err)
		}
		switch ev := ev.(type) {
		case follow.RollForward:
			r.blocks = append(r.blocks, ev.Block)
		case follow.RollBackward:
			for len(r.blocks) > 0 && r.blocks[len(r.blocks)-1].Header.Point() != ev.To.Point {
				r.blocks = r.blocks[:len(r.blocks)-1]
			}
		}
	}
	if err := nodetest.Same(r.blocks, want); err != nil {
		r.t.Fatal(err)
	}
}

// What an upstream node does arrives at the reader of a relay of a relay.
func TestRelayChain(t *testing.T) {
	for _, folder := range []bool{false, true} {
		t.Run(fmt.Sprintf("folder=%t", folder), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s, c := &stage{t: t}, newChain().Grow(150)
				up := s.upstream("upstream", c)
				cfg := relay.Config{Follow: s.config("upstream")}
				if folder {
					cfg.DataDir = dir
				}
				first, _ := s.relay("first", cfg)
				second, _ := s.relay("second", relay.Config{Follow: s.config("first")})
				r := s.reader("second")
				r.reach(c)
				for range 10 {
					c.Grow(7)
					c.Switch(k/2, k/2+2)
					r.reach(c)
					c.Switch(k, k+1)
					r.reach(c)
				}
				synctest.Wait()
				// The upstream node could follow the relay over the same bearer.
				back := up.Conns()[0]
				if _, tip, err := back.ChainSync().Intersect(t.Context(), ledger.Origin); err != nil || tip != c.Tip() {
					t.Errorf("asked over the relay's connection: %v, %v", tip, err)
				}
				for _, relay := range []*relay.Relay{first, second} {
					st := relay.Status()
					if !st.AtTip() || st.Tip != c.Tip() || st.Downstream != 1 {
						t.Errorf("%+v", st)
					}
				}
				if n := first.Status().InMemory; folder && n > 4*k*1700 {
					t.Errorf("%d bytes in memory", n)
				}
			})
		})
	}
}

// A relay that was stopped goes on from its folder.
func TestRelayRestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(100)
		s.upstream("upstream", c)
		r := s.reader("relay")
		for range 5 {
			_, stop := s.relay("relay", relay.Config{Follow: s.config("upstream"), DataDir: dir})
			r.reach(c)
			c.Switch(5, 30)
			r.reach(c)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			c.Switch(3, 10)
		}
	})
}

// A tip that a peer makes up keeps nobody from being at the tip for longer than
// the peer is given to send headers.
func TestFalseTip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(60)
		boast := func(tip *ledger.Tip) {
			tip.Point.Hash[0]++
			tip.BlockNo += 1e6
		}
		liar := chaintest.Peer{Chain: c.Fork(0), Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			switch x := u.(type) {
			case chainsync.RollForward:
				boast(&x.Tip)
				return x
			case chainsync.RollBackward:
				boast(&x.Tip)
				return x
			}
			return u
		}}}
		s.upstream("upstream", c)
		s.peer("liar", liar)
		r, _ := s.relay("relay", relay.Config{Follow: s.config("liar", "upstream")})
		s.reader("relay").reach(c)
		time.Sleep(9 * time.Second)
		if st := r.Status(); st.AtTip() {
			t.Errorf("at the tip: %+v", st.Upstream)
		}
		for range 20 {
			time.Sleep(2 * time.Second)
			if st := r.Status(); !st.AtTip() || st.Upstream[0].Tip.BlockNo < 1e6 {
				t.Errorf("not at the tip: %v %v, ours %v, reached %v, heard before %v, stopped %v", st.Upstream[0].Announced, st.Upstream[1].Tip, st.Tip, st.Upstream[0].Reached, time.Since(st.Upstream[0].Heard), st.Upstream[0].Stopped)
			}
		}
	})
}

// Nor does one that makes up another tip again and again, with other headers of the
// same height: nothing it sends then is higher than what it sent before.
func TestFalseTipsOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(60)
		var lie atomic.Uint64 // honest while it is 0, or the relay would ask far ahead
		boast := func(tip *ledger.Tip) {
			if lie.Load() > 0 {
				tip.Point.Hash[0]++
				tip.BlockNo += ledger.BlockNo(lie.Add(1))
			}
		}
		liar := chaintest.Peer{Chain: c.Fork(0), Hooks: chaintest.Hooks{Update: func(_ context.Context, u chainsync.Update) chainsync.Update {
			switch x := u.(type) {
			case chainsync.RollForward:
				boast(&x.Tip)
				return x
			case chainsync.RollBackward:
				boast(&x.Tip)
				return x
			}
			return u
		}}}
		s.upstream("upstream", c)
		s.peer("liar", liar)
		r, _ := s.relay("relay", relay.Config{Follow: s.config("liar", "upstream")})
		s.reader("relay").reach(c)
		time.Sleep(time.Minute)
		lie.Store(1e6)
		last := ledger.BlockNo(1e6)
		for i := range 20 {
			liar.Chain.Switch(2, 2)
			time.Sleep(2 * time.Second)
			st := r.Status()
			if tip := st.Upstream[0].Tip.BlockNo; tip <= last {
				t.Errorf("the lie of block %d is still believed", tip)
			} else {
				last = tip
			}
			if took := time.Duration(i+1) * 2 * time.Second; took > 10*time.Second && !st.AtTip() {
				t.Errorf("not at the tip after %v: %+v", took, st.Upstream)
			}
		}
	})
}

// A relay stays up without upstream nodes, with liars, and with peers that are
// behind it.
func TestRelayStaysUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(60)
		first, stop := s.relay("relay", relay.Config{Follow: s.config("upstream", "behind", "nobody")})
		time.Sleep(time.Hour)
		if st := first.Status(); st.AtTip() {
			t.Errorf("at tip without a peer: %+v", st)
		}
		behind := c.Fork(59)
		s.upstream("behind", behind)
		up := s.upstream("upstream", c)
		r := s.reader("relay")
		r.reach(c)
		up.Close()
		time.Sleep(time.Hour)
		r.reach(c)
		c.Grow(3)
		bad := chaintest.Peer{Chain: c.Fork(0).Grow(3), Hooks: chaintest.Hooks{Range: func(_ context.Context, b []ledger.Block) []ledger.Block { return b[:0] }}}
		up = s.peer("upstream", bad)
		time.Sleep(time.Hour)
		up.Close()
		s.upstream("upstream", c)
		r.reach(c)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A chain with a gap that no folder can hold is its sender's fault, and does not
// end the relay.
func TestRelayRefusesGaps(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(100)
		far := immutable.MaxGap(network()) + 1
		liar := chaintest.New(chaintest.Config{Seed: 8, BlockSize: 1100, Network: network(), After: far}).Grow(150)
		s.upstream("liar", liar)
		r := s.reader("relay")
		got, stop := s.relay("relay", relay.Config{Follow: s.config("liar", "upstream"), DataDir: dir})
		// The other node comes later: more than k blocks of it, and the two chains
		// had no intersection that may change, which is not the liar's fault.
		synctest.Wait()
		if st := got.Status(); !node.Blame(st.Upstream[0].Err) {
			t.Errorf("blamed nobody: %+v", st.Upstream[0])
		}
		s.upstream("upstream", c)
		r.reach(c)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A folder that is ahead of the only upstream node is served all the same.
func TestRelayAheadOfUpstream(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(100)
		up := s.upstream("upstream", c)
		r := s.reader("relay")
		_, stop := s.relay("relay", relay.Config{Follow: s.config("upstream"), DataDir: dir})
		r.reach(c)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		up.Close()
		young := c.Fork(95)
		s.upstream("upstream", young)
		again, stop := s.relay("relay", relay.Config{Follow: s.config("upstream"), DataDir: dir})
		time.Sleep(time.Hour)
		synctest.Wait() // it may be about to try again
		if st := again.Status(); st.Tip.BlockNo != 99 || st.Upstream[0].Stopped == nil {
			t.Errorf("%+v", st)
		}
		young.Become(c) // it catches up
		young.Grow(4)
		r.reach(young)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestRelayFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain().Grow(100)
		s.upstream("upstream", c)
		r, err := relay.New(relay.Config{Follow: s.config("upstream"), Listener: s.net.Listen("relay"), Keep: 50_000, NoVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context()); !errors.Is(err, relay.ErrFull) {
			t.Errorf("got %v", err)
		}
	})
}

// offers is a txsubmission.Source.
type offers struct {
	txs  []ledger.Tx
	next int
}

func (o *offers) Next(ctx context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	var ids []txsubmission.Announced
	for ; o.next < len(o.txs) && len(ids) < most; o.next++ {
		tx := o.txs[o.next]
		ids = append(ids, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
	}
	if block && len(ids) == 0 {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return ids, nil
}

func (o *offers) Get(_ context.Context, ids []ledger.TxID) ([]ledger.RawTx, error) {
	var txs []ledger.RawTx
	for _, tx := range o.txs {
		for _, id := range ids {
			if tx.ID == id {
				txs = append(txs, tx.Raw)
			}
		}
	}
	return txs, nil
}

// taker is a txsubmission.Sink that wants everything.
type taker struct{ got chan ledger.Tx }

func (s taker) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, err error) {
	for _, a := range ids {
		want = append(want, a.ID)
	}
	return want, nil
}

func (s taker) Deliver(ctx context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	for _, tx := range txs {
		select {
		case s.got <- tx:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Transactions of downstream peers reach the upstream node, each once.
func TestRelayTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := &stage{t: t}, newChain()
		txs := chaintest.Txs(chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: 20_000, Network: network()}).Blocks(3))
		if len(txs) < 20 {
			t.Fatalf("only %d transactions", len(txs))
		}
		cfg := s.config().Config
		cfg.Sources = c.Grow(1).Sources()
		sink := taker{make(chan ledger.Tx, 10*len(txs))}
		cfg.Sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return sink }
		nodetest.Serve(t, s.net.Listen("upstream"), cfg)
		s.relay("relay", relay.Config{Follow: s.config("upstream")})
		for range 3 {
			conn, err := node.Dial(t.Context(), "relay", s.config().Config)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.Go(func(ctx context.Context) error { return conn.ProvideTxs(ctx, &offers{txs: txs}) })
		}
		seen := make(map[ledger.TxID]int)
		for range txs {
			tx := <-sink.got
			seen[tx.ID]++
		}
		time.Sleep(time.Minute)
		if len(seen) != len(txs) || len(sink.got) > 0 {
			t.Errorf("%d different transactions of %d, %d too many", len(seen), len(txs), len(sink.got))
		}
	})
}

// made is n transactions of about size bytes that nodes can read.
func made(t *testing.T, n, size int) (txs []ledger.Tx) {
	t.Helper()
	for i := range n {
		b := cbor.AppendArray(nil, 4)
		b = cbor.AppendMap(b, 1) // body
		b = cbor.AppendUint(b, 0)
		b = cbor.AppendBytes(b, binary.BigEndian.AppendUint64(make([]byte, size), uint64(i)))
		b = cbor.AppendMap(b, 0) // witnesses
		b = cbor.AppendNull(cbor.AppendBool(b, true))
		raw := ledger.RawTx{Era: ledger.Conway, Bytes: b}
		id, err := raw.ID()
		if err != nil {
			t.Fatal(err)
		}
		txs = append(txs, ledger.Tx{ID: id, Raw: raw})
	}
	return txs
}

// However slow the node upstream takes transactions, and whatever one downstream
// node floods the relay with, none of the others is lost.
func TestRelayLosesNoTransactions(t *testing.T) {
	for _, size := range []int{300, 1500, 16_000} {
		synctest.Test(t, func(t *testing.T) {
			s, c := &stage{t: t}, newChain()
			txs, flood := made(t, 300, size), made(t, 5000, 1000)
			cfg := s.config().Config
			cfg.Sources = c.Grow(1).Sources()
			sink := taker{make(chan ledger.Tx)}
			cfg.Sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return sink }
			nodetest.Serve(t, s.net.Listen("upstream"), cfg)
			s.relay("relay", relay.Config{Follow: s.config("upstream")})
			for _, offered := range [][]ledger.Tx{flood, txs} {
				conn, err := node.Dial(t.Context(), "relay", s.config().Config)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				conn.Go(func(ctx context.Context) error { return conn.ProvideTxs(ctx, &offers{txs: offered}) })
			}
			missing := make(map[ledger.TxID]bool)
			for _, tx := range txs {
				missing[tx.ID] = true
			}
			for n := 0; len(missing) > 0; n++ {
				if n == len(txs)+len(flood) {
					t.Fatalf("%d of %d are lost", len(missing), len(txs))
				}
				time.Sleep(time.Second / 10)
				delete(missing, (<-sink.got).ID)
			}
		})
	}
}
