package volatile_test

import (
	"fmt"
	"os"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// Blocks are put and synced, and are there after a restart.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	options := volatile.Options{Network: chaintest.Network()}
	db, err := volatile.Open(dir, options)
	if err != nil {
		panic(err)
	}
	blocks := chaintest.NewGenerator(chaintest.Config{Seed: 1}).Blocks(3)
	for _, b := range blocks {
		if err := db.Put(b); err != nil {
			panic(err)
		}
	}
	if err := db.Sync(); err != nil { // now they may be told to others
		panic(err)
	}
	if err := db.Close(); err != nil {
		panic(err)
	}

	if db, err = volatile.Open(dir, options); err != nil {
		panic(err)
	}
	defer db.Close()
	for h, err := range db.Headers() {
		if err != nil {
			panic(err)
		}
		fmt.Println("block", h.BlockNo)
	}
	b, err := db.Get(blocks[1].Header.Point())
	fmt.Println(b.Header.BlockNo, err)
	// Output:
	// block 0
	// block 1
	// block 2
	// 1 <nil>
}
