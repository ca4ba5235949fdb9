package node_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
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
			s := w.serve("us", c.Copy()) // whose channels are of the bubble
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

// FuzzFollow follows an honest node, and a liar that says what is in the input:
// a message for each segment of ours, after a byte for the mini-protocol and two
// for the length. Whatever it is, our chain becomes the honest one.
func FuzzFollow(f *testing.F) {
	c := newChain().Grow(20)
	f.Add(spoken(c, 3), uint8(30))
	f.Add(spoken(newChain().Grow(12), 9), uint8(255))
	f.Add([]byte{chainSync, 0, 2, 0x81, 0x00, 8, 0, 1, 0xff}, uint8(0))
	f.Fuzz(func(t *testing.T, said []byte, patience uint8) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.serve("honest", c.Copy()) // whose channels are of the bubble
			w.serveRaw("liar", func(p *rawPeer) {
				p.accept()
				for rest := said; len(rest) >= 3; {
					if _, _, err := p.segment(); err != nil {
						return
					}
					n := min(int(rest[1])<<8|int(rest[2]), len(rest)-3)
					if p.write(uint16(rest[0]%16), true, rest[3:3+n]) != nil {
						return
					}
					rest = rest[3+n:]
				}
				time.Sleep(time.Duration(patience) * time.Second)
				p.conn.Close()
			})
			f := w.follow(w.followConfig("liar", "honest"))
			f.reach(c)
		})
	})
}

// spoken is what an honest node with a chain says to a follower, for n blocks.
func spoken(c *testnode.Chain, n int) (all []byte) {
	say := func(id byte, m protocol.Message) {
		b := m.AppendCBOR(nil)
		all = append(append(all, id, byte(len(b)>>8), byte(len(b))), b...)
	}
	say(chainSync, chainsync.IntersectFound{Tip: c.Tip()})
	say(chainSync, chainsync.RollBackward{Tip: c.Tip()})
	for _, b := range c.Blocks()[:n] {
		say(chainSync, chainsync.RollForward{Header: b.Header.Raw, Tip: c.Tip()})
	}
	say(blockFetch, blockfetch.StartBatch{})
	for _, b := range c.Blocks()[:n] {
		say(blockFetch, blockfetch.Block{Raw: b.Raw})
	}
	say(blockFetch, blockfetch.BatchDone{})
	return all
}
