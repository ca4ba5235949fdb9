package node_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// FuzzServe sends bytes after the handshake, in two pieces. Whatever they are,
// the connection ends, nothing panics and nothing is left running.
func FuzzServe(f *testing.F) {
	c := newChain().Grow(20)
	seed := func(segments ...[]byte) {
		var all []byte
		for _, s := range segments {
			all = append(all, s...)
		}
		f.Add(all, uint16(len(all)/2))
	}
	seed(segment(keepAlive, false, keepalive.KeepAlive{Cookie: 7}.AppendCBOR(nil)))
	seed(segment(chainSync, false, chainsync.FindIntersect{Points: []ledger.Point{c.Point(3), ledger.Origin}}.AppendCBOR(nil)),
		segment(chainSync, false, chainsync.RequestNext{}.AppendCBOR(nil)),
		segment(chainSync, false, chainsync.Done{}.AppendCBOR(nil)))
	seed(segment(blockFetch, false, blockfetch.RequestRange{From: c.Point(9), To: c.Point(2)}.AppendCBOR(nil)),
		segment(blockFetch, false, blockfetch.ClientDone{}.AppendCBOR(nil)))
	seed(segment(txSubmission, false, txsubmission.Init{}.AppendCBOR(nil)),
		segment(txSubmission, false, txsubmission.ReplyTxIDs{}.AppendCBOR(nil)))
	seed(segment(chainSync, true, chainsync.RollBackward{}.AppendCBOR(nil)))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			s := w.serve("us", c)
			p := w.dialRaw("us", both)
			go p.drain()
			n := min(int(cut), len(b))
			p.conn.Write(b[:n])
			time.Sleep(time.Second)
			p.conn.Write(b[n:])
			time.Sleep(2 * time.Hour)
			if len(s.Ended()) != 1 {
				t.Error("the connection is still up")
			}
		})
	})
}
