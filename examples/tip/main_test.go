package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestTip(t *testing.T) {
	leak.Check(t)
	chain := testnode.New(chaingen.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(20)
	address := testnode.Loopback(t, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-network", "preview", address}, &out); err != nil {
		t.Fatal(err)
	}
	if want := chain.Tip().String() + "\n2022-10-25 "; !strings.HasPrefix(out.String(), want) {
		t.Errorf("got %q, want %q and more", out.String(), want)
	}
}

func TestUnknownNetwork(t *testing.T) {
	if err := run(t.Context(), []string{"-network", "testnet"}, new(bytes.Buffer)); err == nil {
		t.Error("no error")
	}
}
