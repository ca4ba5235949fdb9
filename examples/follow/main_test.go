package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestFollow(t *testing.T) {
	leak.Check(t)
	chain := testnode.New(chaingen.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(20)
	address := testnode.Loopback(t, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	blocks := chain.Blocks()
	start := blocks[9].Header.Point()
	want := fmt.Sprintf("back to %v\n", start)
	for _, b := range blocks[10:] {
		want += fmt.Sprintf("%v, %d bytes\n", b.Header.Tip(), len(b.Raw))
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-network", "preview", "-from", start.String(), "-count", "10", address}, &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestWrongPoint(t *testing.T) {
	if err := run(t.Context(), []string{"-from", "17"}, new(bytes.Buffer)); err == nil {
		t.Error("no error")
	}
}
