package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/leak"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func TestPing(t *testing.T) {
	leak.Check(t)
	address := testnode.Loopback(t, node.Config{Network: ledger.Preview})
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-network", "preview", "-count", "3", "-pause", "1ms", address}, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], "version 15") || !strings.HasPrefix(lines[3], "keep-alive in ") {
		t.Errorf("got\n%s", out.String())
	}
}

func TestOtherNetwork(t *testing.T) {
	address := testnode.Loopback(t, node.Config{Network: ledger.Preprod})
	err := run(t.Context(), []string{"-network", "preview", address}, new(bytes.Buffer))
	if !node.Permanent(err) {
		t.Errorf("got %v, want a refusal", err)
	}
}
