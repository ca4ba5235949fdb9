package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/clitest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestTip(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(20)
	address := nodetest.Loopback(t, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	var out, errs bytes.Buffer
	if exit := program.Run(t.Context(), []string{"-network", "preview", address}, &out, &errs); exit != 0 {
		t.Fatalf("exit status %d, %s", exit, errs.String())
	}
	if want := chain.Tip().String() + "\n2022-10-25 "; !strings.HasPrefix(out.String(), want) {
		t.Errorf("got %q, want %q and more", out.String(), want)
	}
}

// A node whose chain does not begin at the origin tells its tip, too. Of a network
// that is known by its magic alone, the time of a slot is not known.
func TestTipWithoutIntersection(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := chaintest.New(chaintest.Config{Seed: 1}).Grow(20)
	address := nodetest.ServePeer(t, chaintest.Peer{Chain: chain, Hooks: chaintest.Hooks{
		Intersect: func(_ context.Context, _ ledger.Point, tip ledger.Tip, _ error) (ledger.Point, ledger.Tip, error) {
			return ledger.Point{}, tip, chainsync.ErrNoIntersect
		},
	}}).Addr
	var out, errs bytes.Buffer
	if exit := program.Run(t.Context(), []string{"-magic", "42", address}, &out, &errs); exit != 0 || out.String() != chain.Tip().String()+"\n" {
		t.Errorf("exit status %d, %q, %q", exit, out.String(), errs.String())
	}
}

func TestCalls(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Calls(t, program.Run, clitest.Names(t))
}

func TestInterrupted(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Interrupt(t, program.Run, 1, "tip: interrupted\n", "{mute}")
}

// What keeps the program waiting is said.
func TestSaysWhyItWaits(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Waits(t, program, "tip: waiting for {mute}\n", "{mute}")
}
