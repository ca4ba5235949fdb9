package node_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// A connection on which only keep-alives run needs at most 6 goroutines and
// 40 kB on one side. Both sides are here, so half of everything is counted.
func TestIdleConnectionIsSmall(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector takes memory of its own")
	}
	testenv.CheckLeaks(t)
	const n = 200
	l := nodetest.Listen(t)
	pinged := make(chan struct{}, 4*n)
	cfg := node.Config{
		Network: nodetest.Network(), Sources: nodetest.NewChain().Grow(5).Sources(),
		Observer: node.Observer{RoundTrip: func(*node.Conn, time.Duration) { pinged <- struct{}{} }},
		Limits:   node.Limits{PerAddress: -1},
	}
	s := nodetest.Serve(t, l, cfg)
	before := inUse()
	goroutines := runtime.NumGoroutine()
	for range n {
		c, err := node.Dial(t.Context(), l.Addr().String(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		<-pinged
	}
	for _, c := range s.Conns() { // duplex: they ping us, too
		c.ChainSync()
		<-pinged
	}
	goroutines = runtime.NumGoroutine() - goroutines
	used := inUse() - before
	t.Logf("%.1f goroutines and %.1f kB a side", float64(goroutines)/(2*n), float64(used)/(2*n)/1e3)
	if goroutines > 6*2*n || used > 40_000*2*n {
		t.Error("too much")
	}
}

// inUse returns the bytes of heap and stacks after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// The bounds that the package comment names: of a peer that answers, over all
// channels, what may wait to be read and the largest message that may be
// unfinished; of one that asks, what may wait to be read.
func TestDocumentedBound(t *testing.T) {
	specs := node.NewSpecs()
	sum := 0
	for _, spec := range []*protocol.Spec{specs.ChainSync, specs.BlockFetch, specs.TxSubmission, specs.KeepAlive, specs.PeerSharing} {
		sum += spec.Ingress + spec.Limit(protocol.Initiator)
	}
	t.Logf("unread bytes of a peer that answers, at most: %d", sum)
	if most := 27_000_000; sum > most || sum < most*9/10 {
		t.Errorf("of a peer that answers: %d bytes, the package comment says %d", sum, most)
	}
	sum = chainsync.RequestIngress + blockfetch.RequestIngress + txsubmission.ReplyIngress + specs.KeepAlive.Ingress + specs.PeerSharing.Ingress
	t.Logf("unread bytes of a peer that asks, at most: %d", sum)
	if most := 170_000; sum > most || sum < most*9/10 {
		t.Errorf("of a peer that asks: %d bytes, the package comment says %d", sum, most)
	}
}

// A client that asks without end and reads nothing fills the bound and no more.
func TestFloodIsBounded(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector takes memory of its own")
	}
	synctest.Test(t, func(t *testing.T) {
		w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(300)
		s := w.Serve("us", c)
		p := w.DialRaw("us", nodetest.Asking)
		request := blockfetch.RequestRange{From: c.Point(299), To: c.Point(0)}.AppendCBOR(nil)
		requests := bytes.Repeat(request, 12_000/len(request))
		before := inUse()
		sent, most := 0, int64(0)
		for p.Write(nodetest.BlockFetch, false, requests) == nil {
			if sent += len(requests); sent>>14 != (sent-len(requests))>>14 {
				most = max(most, inUse()-before)
			}
		}
		err := <-s.Ended()
		if !errors.Is(err, protocol.ErrOverrun) || !node.Blame(err) {
			t.Errorf("got %v", err)
		}
		t.Logf("%d kB sent, %d kB in use at most", sent/1000, most/1000)
		// Besides, there are blocks on their way out.
		if sent > 2*blockfetch.RequestIngress || most > blockfetch.RequestIngress*3/2+2<<20 {
			t.Error("too much")
		}
	})
}

// fresh are blocks that are read anew for each range, as from a folder, maybe
// with some bytes before them that look like smaller ones.
type fresh struct {
	blockfetch.Source
	before []int // sizes
}

func (f fresh) Range(ctx context.Context, from, to ledger.Point) (iter.Seq2[ledger.RawBlock, error], error) {
	blocks, err := f.Source.Range(ctx, from, to)
	if blocks == nil || err != nil {
		return nil, err
	}
	return func(yield func(ledger.RawBlock, error) bool) {
		for _, size := range f.before {
			if !yield(make([]byte, size), nil) {
				return
			}
		}
		for raw, err := range blocks {
			if !yield(slices.Clone(raw), err) {
				return
			}
		}
	}, nil
}

// Peers that connected to us, ask for all there is, read nothing or a part of a
// block and leave messages unfinished hold no more than the package comment says:
// 400 of them, with the largest blocks there are, read anew for each.
func TestHostileConnectionsAreBounded(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector takes memory of its own")
	}
	const peers = 400
	for _, tt := range []struct {
		name string
		txs  bool          // withhold the rest of a transaction, for which they have 10 s
		read int           // bytes of blocks that they read
		less []int         // smaller blocks before those
		held time.Duration // before the memory is counted; one that reads nothing is cut off soon after
		most int64         // bytes, as documented
	}{
		{"for long", false, 0, nil, 25 * time.Second, 310_000},
		{"for long, in the middle of a block", false, 20_000, nil, 25 * time.Second, 310_000},
		{"for long, smaller blocks before", false, 100, []int{12_000, 12_000}, 25 * time.Second, 335_000},
		{"while transactions come", true, 100, []int{12_000, 12_000}, 0, 405_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := nodetest.NewWorld(t)
				c := chaintest.New(chaintest.Config{BlockSize: 90_000}).Grow(100)
				cfg := w.Config()
				cfg.PeerSharing, cfg.Logger = true, nil
				cfg.Sources = chaintest.Peer{Chain: c, Txs: func(ledger.Tx) {}}.Sources()
				cfg.Sources.BlockFetch = fresh{cfg.Sources.BlockFetch, tt.less}
				s := nodetest.Serve(t, w.Net.Listen("us"), cfg)
				h := newHoarder(c, tt.read)
				before := inUse()
				for range peers {
					h.connect(w, tt.txs)
				}
				time.Sleep(tt.held)
				synctest.Wait()
				each := (inUse() - before) / peers
				t.Logf("%d bytes a connection", each)
				if n := len(s.Conns()); n != peers {
					t.Errorf("%d connections are left", n)
				}
				if each > tt.most {
					t.Errorf("more than %d", tt.most)
				}
			})
		})
	}
}

// hoarder is what a peer sends to have us hold as much as possible.
type hoarder struct {
	next, intersect, ranges, pings, shares, announce, tx []byte

	read int // bytes of blocks
}

func newHoarder(c *chaintest.Chain, read int) *hoarder {
	var find chainsync.FindIntersect
	for i := range 1600 {
		find.Points = append(find.Points, ledger.Point{Slot: 1 << 40, Hash: ledger.Hash{byte(i), byte(i >> 8)}})
	}
	one := txsubmission.Announced{ID: ledger.TxID{Era: ledger.Conway}, Size: txsubmission.MaxTxSize}
	tx := txsubmission.ReplyTxs{Txs: []ledger.RawTx{{Era: ledger.Conway, Bytes: make([]byte, 65_000)}}}
	return &hoarder{
		read:      read,
		next:      bytes.Repeat(chainsync.RequestNext{}.AppendCBOR(nil), chainsync.HighMark),
		intersect: find.AppendCBOR(nil)[:65_000],
		ranges:    bytes.Repeat(blockfetch.RequestRange{From: c.Point(19), To: c.Point(0)}.AppendCBOR(nil), blockfetch.MaxRequests),
		pings:     bytes.Repeat(keepalive.KeepAlive{Cookie: 5}.AppendCBOR(nil), 300),
		shares:    bytes.Repeat(peersharing.ShareRequest{Amount: 10}.AppendCBOR(nil), 1000),
		announce:  txsubmission.ReplyTxIDs{IDs: []txsubmission.Announced{one}}.AppendCBOR(nil),
		tx:        tx.AppendCBOR(nil)[:60_000],
	}
}

func (h *hoarder) connect(w *nodetest.World, txs bool) {
	data := nodetest.Both
	data.PeerSharing = true
	p := w.DialRaw("us", data)
	p.Message(nodetest.TxSubmission, false, txsubmission.Init{})
	p.Await(nodetest.TxSubmission | 1<<15)
	if txs {
		p.Write(nodetest.TxSubmission, false, h.announce)
		p.Await(nodetest.TxSubmission | 1<<15)
		p.Write(nodetest.TxSubmission, false, h.tx)
	}
	p.Write(nodetest.BlockFetch, false, h.ranges)
	for got := 0; got < h.read; { // of the first block
		if h, payload, err := segment.Read(p.Conn); err != nil {
			return
		} else if h.Tag() == nodetest.BlockFetch|1<<15 {
			got += len(payload)
		}
	}
	p.Write(nodetest.ChainSync, false, h.next)
	p.Write(nodetest.ChainSync, false, h.intersect)
	p.Write(nodetest.KeepAlive, false, h.pings)
	p.Write(peersharing.Spec().ID, false, h.shares)
}
