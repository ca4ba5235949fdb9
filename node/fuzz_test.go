package node_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// FuzzServe sends bytes after the handshake, in two pieces. Whatever they are,
// the connection ends, nothing panics and nothing is left running.
func FuzzServe(f *testing.F) {
	c := nodetest.NewChain().Grow(20)
	seed := func(segments ...[]byte) {
		var all []byte
		for _, s := range segments {
			all = append(all, s...)
		}
		f.Add(all, uint16(len(all)/2))
	}
	seed(nodetest.Segment(nodetest.KeepAlive, false, keepalive.KeepAlive{Cookie: 7}.AppendCBOR(nil)))
	seed(nodetest.Segment(nodetest.ChainSync, false, chainsync.FindIntersect{Points: []ledger.Point{c.Point(3), ledger.Origin}}.AppendCBOR(nil)),
		nodetest.Segment(nodetest.ChainSync, false, chainsync.RequestNext{}.AppendCBOR(nil)),
		nodetest.Segment(nodetest.ChainSync, false, chainsync.Done{}.AppendCBOR(nil)))
	seed(nodetest.Segment(nodetest.BlockFetch, false, blockfetch.RequestRange{From: c.Point(9), To: c.Point(2)}.AppendCBOR(nil)),
		nodetest.Segment(nodetest.BlockFetch, false, blockfetch.ClientDone{}.AppendCBOR(nil)))
	seed(nodetest.Segment(nodetest.TxSubmission, false, txsubmission.Init{}.AppendCBOR(nil)),
		nodetest.Segment(nodetest.TxSubmission, false, txsubmission.ReplyTxIDs{}.AppendCBOR(nil)))
	seed(nodetest.Segment(nodetest.ChainSync, true, chainsync.RollBackward{}.AppendCBOR(nil)))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		synctest.Test(t, func(t *testing.T) {
			w := nodetest.NewWorld(t)
			s := w.Serve("us", c.Fork(0)) // whose channels are of the bubble
			p := w.DialRaw("us", nodetest.Both)
			go p.Drain()
			n := min(int(cut), len(b))
			p.Conn.Write(b[:n])
			time.Sleep(time.Second)
			p.Conn.Write(b[n:])
			time.Sleep(2 * time.Hour)
			if len(s.Ended()) != 1 {
				t.Error("the connection is still up")
			}
		})
	})
}
