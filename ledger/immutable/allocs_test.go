package immutable_test

import (
	"runtime"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
)

// What is read costs few allocations: blocks in a sequence their bytes and little more,
// and a block looked up its bytes and what opening a file takes.
func TestReadAllocations(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("to open a file takes other allocations elsewhere")
	}
	g := chaintest.NewGenerator(chaintest.Config{BlockSize: 18_000})
	blocks := g.Blocks(100)
	db := openAppend(t, t.TempDir(), g.Network())
	for _, b := range blocks {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		what string
		read func()
		most float64
	}{
		{"a block", func() {
			if _, err := db.Block(blocks[50].Header.Point()); err != nil {
				t.Error(err)
			}
		}, 7},
		{"100 blocks", func() {
			for _, err := range db.BlocksAfter(ledger.Origin) {
				if err != nil {
					t.Error(err)
				}
			}
		}, 200},
	} {
		if n := testing.AllocsPerRun(100, c.read); n > c.most {
			t.Errorf("%s: %v allocations, at most %v wanted", c.what, n, c.most)
		} else {
			t.Logf("%s: %v allocations", c.what, n)
		}
	}
}
