package follow_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/protocol"
)

// FuzzFollow follows an honest node, and a liar that says what is in the input:
// a message for each segment of ours, after a byte for the mini-protocol and two
// for the length. Whatever it is, our chain becomes the honest one.
func FuzzFollow(f *testing.F) {
	c := nodetest.NewChain().Grow(20)
	f.Add(spoken(c, 3), uint8(30))
	f.Add(spoken(nodetest.NewChain().Grow(12), 9), uint8(255))
	f.Add([]byte{nodetest.ChainSync, 0, 2, 0x81, 0x00, 8, 0, 1, 0xff}, uint8(0))
	f.Fuzz(func(t *testing.T, said []byte, patience uint8) {
		synctest.Test(t, func(t *testing.T) {
			w := nodetest.NewWorld(t)
			w.Serve("honest", c.Fork(0)) // whose channels are of the bubble
			w.ServeRaw("liar", func(p *nodetest.Raw) {
				p.Accept()
				for rest := said; len(rest) >= 3; {
					if _, _, err := segment.Read(p.Conn); err != nil {
						return
					}
					n := min(int(rest[1])<<8|int(rest[2]), len(rest)-3)
					if p.Write(uint16(rest[0]%16), true, rest[3:3+n]) != nil {
						return
					}
					rest = rest[3+n:]
				}
				time.Sleep(time.Duration(patience) * time.Second)
				p.Conn.Close()
			})
			f := w.Follow(w.FollowConfig("liar", "honest"))
			f.Reach(c)
		})
	})
}

// spoken is what an honest node with a chain says to a follower, for n blocks.
func spoken(c *chaintest.Chain, n int) (all []byte) {
	say := func(id byte, m protocol.Message) {
		b := m.AppendCBOR(nil)
		all = append(append(all, id, byte(len(b)>>8), byte(len(b))), b...)
	}
	say(nodetest.ChainSync, chainsync.IntersectFound{Tip: c.Tip()})
	say(nodetest.ChainSync, chainsync.RollBackward{Tip: c.Tip()})
	for _, b := range c.Blocks()[:n] {
		say(nodetest.ChainSync, chainsync.RollForward{Header: b.Header.Raw, Tip: c.Tip()})
	}
	say(nodetest.BlockFetch, blockfetch.StartBatch{})
	for _, b := range c.Blocks()[:n] {
		say(nodetest.BlockFetch, blockfetch.Block{Raw: b.Raw})
	}
	say(nodetest.BlockFetch, blockfetch.BatchDone{})
	return all
}
