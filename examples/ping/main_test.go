package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/clitest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestPing(t *testing.T) {
	testenv.CheckLeaks(t)
	address := nodetest.Loopback(t, node.Config{Network: ledger.Preview})
	var out, errs bytes.Buffer
	if exit := program.Run(t.Context(), []string{"-network", "preview", "-count", "3", "-pause", "1ms", address}, &out, &errs); exit != 0 {
		t.Fatalf("exit status %d, %s", exit, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], "version 15") || !strings.HasPrefix(lines[3], "keep-alive in ") {
		t.Errorf("got\n%s", out.String())
	}
}

func TestCalls(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Calls(t, program.Run, clitest.Names(t))
}

func TestInterrupted(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Interrupt(t, program.Run, 1, "ping: interrupted\n", "{mute}")
}

// What keeps the program waiting is said.
func TestSaysWhyItWaits(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Waits(t, program, "ping: waiting for {mute}\n", "{mute}")
}
