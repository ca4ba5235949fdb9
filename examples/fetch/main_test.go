package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestFetch(t *testing.T) {
	leak.Check(t)
	chain := testnode.New(chaingen.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(20)
	address := testnode.Loopback(t, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	file := filepath.Join(t.TempDir(), "blocks")
	blocks := chain.Blocks()[5:15]
	var want []byte
	for _, b := range blocks {
		want = append(want, b.Raw...)
	}
	args := []string{"-network", "preview", "-o", file, address,
		blocks[0].Header.Point().String(), blocks[9].Header.Point().String()}
	if err := run(t.Context(), args, new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, error %v, want the %d of the blocks", len(got), err, len(want))
	}

	args[len(args)-1] = "999999." + strings.Repeat("00", 32)
	if err := run(t.Context(), args, new(bytes.Buffer)); !errors.Is(err, blockfetch.ErrNoBlocks) {
		t.Errorf("a range that is not there: %v", err)
	}
}

func TestWrongArguments(t *testing.T) {
	if err := run(t.Context(), []string{"127.0.0.1:1", "origin"}, new(bytes.Buffer)); err == nil {
		t.Error("no error")
	}
}
