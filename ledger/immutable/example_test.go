package immutable_test

import (
	"fmt"
	"log"
	"os"

	"github.com/ouronet/ouronet/internal/testing/chaingen"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

func ExampleOpenAppend() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	chain := chaingen.New(chaingen.Config{Seed: 1})
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
