package relay

import (
	"context"
	"encoding/binary"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// segment appends a segment of the side that dialled.
func segment(dst []byte, protocol uint16, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint16(dst, protocol)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(payload)))
	return append(dst, payload...)
}

// hello proposes version 14, as a node that answers as well.
func hello(magic uint32) []byte {
	b := cbor.AppendMap(cbor.AppendMessage(nil, 2, 0), 1)
	b = cbor.AppendArray(cbor.AppendUint(b, 14), 4)
	b = cbor.AppendBool(cbor.AppendUint(b, uint64(magic)), false)
	b = cbor.AppendBool(cbor.AppendUint(b, 0), false)
	return segment(nil, 0, b)
}

// Of 64 nodes that read a folder at once, as fast as they can, none gets more than one
// and a half times what another one does, once chance has evened out. The nodes only
// count bytes, so that the relay has most of the work.
func TestCrowdIsServedFairly(t *testing.T) {
	const nodes, each, size, rounds = 64, 8 << 20, 18_000, 6
	n := chaintest.Network()
	n.Eras[ledger.Byron].EpochLength = 1500 // 75 blocks or so in a chunk
	blocks := chaintest.NewGenerator(chaintest.Config{BlockSize: size, Network: n}).Blocks(1000)
	dir := t.TempDir()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := node.Config{Network: n, Limits: node.Limits{PerAddress: -1}}
	r, err := New(Config{Follow: follow.Config{Config: config}, ServeOnly: true, Listener: l, ImmutableDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()

	// round returns how many bytes each node got by the time all together had theirs.
	round := func() []int {
		var total atomic.Int64
		enough, done := context.WithCancel(ctx)
		defer done()
		got := make([]int, nodes)
		var ready, crowd sync.WaitGroup
		start := make(chan struct{})
		for i := range nodes {
			ready.Add(1)
			crowd.Go(func() {
				conn, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Error(err)
					ready.Done()
					return
				}
				defer conn.Close()
				defer context.AfterFunc(enough, func() { conn.Close() })()
				b := make([]byte, 64<<10)
				_, err = conn.Write(hello(n.Magic))
				if err == nil {
					_, err = conn.Read(b)
				}
				var requests []byte
				for k := range 20 {
					from := (i*len(blocks)/nodes + 50*k) % (len(blocks) - 50)
					request := blockfetch.RequestRange{From: blocks[from].Header.Point(), To: blocks[from+49].Header.Point()}
					requests = segment(requests, 3, request.AppendCBOR(nil))
				}
				ready.Done()
				<-start
				if err == nil {
					_, err = conn.Write(requests)
				}
				for err == nil {
					var k int
					if k, err = conn.Read(b); total.Add(int64(k)) > nodes*each {
						done()
					}
					if enough.Err() != nil {
						return
					}
					got[i] += k
					runtime.Gosched() // the nodes have their turns, too
				}
				t.Error(err)
			})
		}
		ready.Wait()
		close(start)
		crowd.Wait()
		return got
	}
	ratio, sum := 100.0, make([]int, nodes)
	for i := 0; i < rounds && ratio > 1.5; i++ {
		begin := time.Now()
		for k, n := range round() {
			sum[k] += n
		}
		took := time.Since(begin)
		ratio = float64(slices.Max(sum)) / float64(max(1, slices.Min(sum)))
		t.Logf("from 1 to %.2f after %d rounds, the last at %.0f MB/s", ratio, i+1, nodes*each/1e6/took.Seconds())
	}
	if ratio > 1.5 {
		t.Errorf("one node got %.2f times as much as another", ratio)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
