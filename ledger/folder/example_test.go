package folder_test

import (
	"fmt"
	"log"
	"os"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/folder"
	"github.com/ouronet/ouronet/ledger/immutable"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	f, err := folder.Open(dir, ledger.Preview)
	if err != nil {
		log.Fatal(err)
	}
	if err := f.Begin(); err != nil {
		log.Fatal(err)
	}
	db, err := immutable.OpenAppend(f.Immutable(), immutable.Options{Network: ledger.Preview, Owned: true})
	if err != nil {
		log.Fatal(err)
	}
	// Append blocks.
	if err := f.Close(db.Close() == nil); err != nil {
		log.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range entries {
		fmt.Println(e.Name())
	}
	// Output:
	// clean
	// immutable
	// lock
	// protocolMagicId
}
