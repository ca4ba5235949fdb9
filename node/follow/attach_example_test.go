package follow_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// How to follow on a connection that is used for other things, too? It is attached
// to an engine, for as long as it should be hot.
func ExampleEngine_Attach() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cfg := node.Config{Network: ledger.Preview}
	chain := chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10)
	peer := chaintest.Serve(chaintest.Peer{Chain: chain})
	defer peer.Close()
	conn, err := node.Dial(ctx, peer.Addr, cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	engine, err := follow.NewEngine(follow.Config{Config: cfg})
	if err != nil {
		log.Fatal(err)
	}
	go engine.Run(ctx)
	go engine.Attach(ctx, conn) // whose error says why the connection ended
	for ev, err := range engine.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if forward, ok := ev.(follow.RollForward); ok && forward.Block.Header.BlockNo == 9 {
			fmt.Println("at block 9 with", forward.From == conn.Peer())
			return
		}
	}
	// Output: at block 9 with true
}
