package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/clitest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestFetch(t *testing.T) {
	testenv.CheckLeaks(t)
	chain := chaintest.New(chaintest.Config{Seed: 1, Network: ledger.Preview, BlockSize: 2000}).Grow(20)
	address := nodetest.Loopback(t, node.Config{Network: ledger.Preview, Sources: chain.Sources()})
	file := filepath.Join(t.TempDir(), "blocks")
	blocks := chain.Blocks()[5:15]
	var want []byte
	for _, b := range blocks {
		want = append(want, b.Raw...)
	}
	args := []string{"-network", "preview", "-o", file, address,
		blocks[0].Header.Point().String(), blocks[9].Header.Point().String()}
	var out, errs bytes.Buffer
	if exit := program.Run(t.Context(), args, &out, &errs); exit != 0 || out.String() != "10 blocks in "+file+"\n" {
		t.Fatalf("exit status %d, %s%s", exit, out.String(), errs.String())
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, error %v, want the %d of the blocks", len(got), err, len(want))
	}

	// A range that is not there leaves the file as it is.
	args[len(args)-1] = "999999." + strings.Repeat("00", 32)
	if exit := program.Run(t.Context(), args, &out, &errs); exit != 1 {
		t.Errorf("a range that is not there: exit status %d", exit)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("then %d bytes, error %v", len(got), err)
	}
}

func TestCalls(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Calls(t, program.Run, clitest.Names(t))
}

func TestInterrupted(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Interrupt(t, program.Run, 1, "fetch: interrupted\n", "{mute}", "0.268ae601af8f9214804735910a3301881fbe0eec9936db7d1fb9fc39e93d1e37", "0.268ae601af8f9214804735910a3301881fbe0eec9936db7d1fb9fc39e93d1e37")
}

// What keeps the program waiting is said.
func TestSaysWhyItWaits(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Waits(t, program, "fetch: 0 blocks so far, waiting for more\n", "{mute}", "1."+strings.Repeat("1", 64), "2."+strings.Repeat("2", 64))
}
