package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/clitest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestFollow(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(20)
	address := nodetest.Loopback(t, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	blocks := chain.Blocks()
	start := blocks[9].Header.Point()
	want := fmt.Sprintf("starts at %v\n", start)
	for _, b := range blocks[10:] {
		want += fmt.Sprintf("%v, %d bytes\n", b.Header.Tip(), len(b.Raw))
	}
	var out, errs bytes.Buffer
	if exit := program.Run(t.Context(), []string{"-network", "preview", "-from", start.String(), "-count", "10", address}, &out, &errs); exit != 0 {
		t.Fatalf("exit status %d, %s", exit, errs.String())
	}
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestCalls(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Calls(t, program.Run, clitest.Names(t))
}

func TestInterrupted(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Interrupt(t, program.Run, 0, "", "{mute}")
}

// While there is nothing to print, it says why.
func TestTellsWhyItWaits(t *testing.T) {
	testenv.CheckLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	errs := &once{then: cancel}
	nobody := clitest.Names(t)["nobody"]
	exit := program.Run(ctx, []string{"-network", "preview", nobody}, new(bytes.Buffer), errs)
	if want := "follow: peer " + nobody + ": dial: connection refused; next try in "; exit != 0 || !strings.HasPrefix(errs.String(), want) {
		t.Errorf("exit status %d, %q, want %q", exit, errs.String(), want)
	}
}

// once calls then when something is written.
type once struct {
	bytes.Buffer
	then func()
}

func (o *once) Write(p []byte) (int, error) {
	defer o.then()
	return o.Buffer.Write(p)
}

// What keeps the program waiting is said.
func TestSaysWhyItWaits(t *testing.T) {
	testenv.CheckLeaks(t)
	names := clitest.Names(t)
	clitest.Waits(t, program, "follow: waiting: {mute} is not connected yet\n", "{mute}")
	clitest.Waits(t, program, "no intersection with the peer's chain; next try in ", "{mute}", names["node"], "-network", "preview", "-from", "7."+strings.Repeat("0", 64))
	clitest.Waits(t, program, "follow: at the tip, waiting for the next block\n", "-network", "preview", names["node"])
}
