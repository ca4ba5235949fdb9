package chain_test

import (
	"fmt"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// A caller tells what its connections bring and does what Step returns. Here
// one peer has two blocks.
func ExampleCore_Step() {
	first := ledger.Header{Hash: ledger.Hash{1}, Slot: 20, BodySize: 900}
	second := ledger.Header{Hash: ledger.Hash{2}, Slot: 65, BodySize: 700, BlockNo: 1, Prev: first.Hash, HasPrev: true}

	core, err := chain.New(chain.Config{K: int(ledger.Preview.SecurityParam)})
	if err != nil {
		fmt.Println(err)
		return
	}
	const peer = chain.PeerID(1)
	for _, event := range []chain.Event{
		chain.PeerConnected{Peer: peer},
		chain.Intersected{Peer: peer, Point: ledger.Origin, Tip: second.Tip()},
		chain.RolledBack{Peer: peer, Point: ledger.Origin, Tip: second.Tip()},
		chain.Headers{Peer: peer, Headers: []ledger.Header{first, second}, Tip: second.Tip()},
		chain.BlockFetched{Peer: peer, Range: 1, Point: first.Point(), Bytes: 1800},
		chain.BlockFetched{Peer: peer, Range: 1, Point: second.Point(), Bytes: 1600},
		chain.RangeDone{Peer: peer, Range: 1},
	} {
		fmt.Printf("%T\n", event)
		for _, effect := range core.Step(time.Second, event) {
			switch e := effect.(type) {
			case chain.FindIntersect:
				fmt.Println("  find", e.Points)
			case chain.RequestHeaders:
				fmt.Println("  ask for headers:", e.N)
			case chain.Fetch:
				fmt.Printf("  fetch range %d: %d blocks from slot %d to %d\n",
					e.Range, len(e.Headers), e.Headers[0].Slot, e.Headers[len(e.Headers)-1].Slot)
			case chain.Adopt:
				fmt.Println("  adopt block", e.Header.BlockNo)
			}
		}
	}
	// Output:
	// chain.PeerConnected
	//   find [origin]
	// chain.Intersected
	//   ask for headers: 9
	// chain.RolledBack
	// chain.Headers
	//   fetch range 1: 2 blocks from slot 20 to 65
	// chain.BlockFetched
	//   adopt block 0
	// chain.BlockFetched
	//   adopt block 1
	// chain.RangeDone
}
