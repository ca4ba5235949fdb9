package immutable_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/vnet"
)

func ExampleOpenAppend() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	chain := chaintest.NewGenerator(chaintest.Config{Seed: 1})
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: chain.Network()})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	for _, block := range chain.Blocks(100) {
		if err := db.Append(block); err != nil {
			log.Fatal(err)
		}
	}

	n := 0
	for _, err := range db.BlocksAfter(ledger.Origin) {
		if err != nil {
			log.Fatal(err)
		}
		n++
	}
	fmt.Println("tip:", db.Tip().BlockNo)
	fmt.Println("blocks:", n)
	// Output:
	// tip: 99
	// blocks: 100
}

// Serve the blocks of a folder. If blocks are appended meanwhile, give NewSource a
// [chainsync.Changes] in place of nil, and call Grew after each Append.
func ExampleDB_serve() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	chain := chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: 1})
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: chain.Network()})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for _, block := range chain.Blocks(100) {
		if err := db.Append(block); err != nil {
			log.Fatal(err)
		}
	}

	network := vnet.New(vnet.Config{})
	l, err := network.Host("folder").Listen(3001)
	if err != nil {
		log.Fatal(err)
	}
	go node.Serve(ctx, l, node.Config{Network: chain.Network(), Sources: &node.Sources{
		ChainSync:  func(context.Context, *node.Conn) chainsync.Source { return chainsync.NewSource(db, nil) },
		BlockFetch: db,
	}})

	conn, err := node.Dial(ctx, "folder:3001", node.Config{Network: chain.Network(), Dial: network.Host("reader").Dial})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	n := 0
	for _, err := range conn.Blocks(ctx, db.First(), db.Tip().Point) {
		if err != nil {
			log.Fatal(err)
		}
		n++
	}
	fmt.Println(n, "blocks")
	// Output: 100 blocks
}
