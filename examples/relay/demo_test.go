package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/node/follow"
)

var shortScript = script{seed: 2, initial: 50, pause: 5 * time.Millisecond, until: 4, back: 3, forward: 4, pay: 3}

func TestDemo(t *testing.T) {
	testenv.CheckLeaks(t)
	o, err := parse([]string{"-demo", "-exit-at-tip"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := runDemo(t.Context(), o, shortScript, newOutput(o, &out, &out)); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		"chain of 50 blocks", "Not verified: who has stake, ledger rules; without\nstake anybody can forge a header that passes",
		"relay     has all of upstream's 50 blocks", "drops its last 3 blocks, adds 4 others",
		"relay     rolls back to block 50", "follower  rolls back to block 50",
		"upstream  gets transaction ", " of the follower, ", "The relay passed on 4 transactions",
		"The follower holds 59 blocks", "same bytes as upstream, block for block, after 1 rollback.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// Without -exit-at-tip the demo goes on until it is stopped.
func TestDemoStopped(t *testing.T) {
	testenv.CheckLeaks(t)
	o, err := parse([]string{"-demo"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := &until{text: "62  ", found: cancel}
	if err := runDemo(ctx, o, shortScript, newOutput(o, out, out)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "same bytes as upstream") {
		t.Errorf("no summary in\n%s", out.String())
	}
}

// until calls found when text was written.
type until struct {
	bytes.Buffer
	text  string
	found func()
}

func (u *until) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(u.text)) {
		u.found()
	}
	return u.Buffer.Write(p)
}

// A block may come to the follower before the relay has said that it has it.
func TestJournalOrder(t *testing.T) {
	chain := chaintest.New(chaintest.Config{Seed: 1, BlockSize: 1000}).Grow(1)
	var out bytes.Buffer
	j := newJournal(chain, newOutput(&options{}, &out, &out))
	j.grow(func() { chain.Grow(1) })
	block := chain.Blocks()[1]
	if err := j.followed(follow.RollForward{Block: block}); err != nil {
		t.Fatal(err)
	}
	j.relayed(follow.RollForward{Block: block})
	if !strings.Contains(out.String(), "same bytes") || strings.Contains(out.String(), "-") {
		t.Errorf("told\n%s", out.String())
	}
}

// Programs are told of the demo's transactions, too.
func TestDemoJSON(t *testing.T) {
	testenv.CheckLeaks(t)
	o, err := parse([]string{"-demo", "-exit-at-tip", "-json", "-submit", ":0"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := runDemo(t.Context(), o, shortScript, newOutput(o, &out, &out)); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	txs := 0
	for text := range strings.Lines(out.String()) {
		var e line
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		switch e.Event {
		case "demo_start":
			if host, _, err := net.SplitHostPort(e.Submit); err != nil || host != "127.0.0.1" {
				t.Errorf("takes transactions on %q", e.Submit)
			}
		case "demo_tx":
			if txs++; len(e.Tx) != 64 || e.Size == 0 {
				t.Errorf("transaction %s", text)
			}
		case "demo_end":
			if !strings.Contains(text, `"relayed_txs":4}`) {
				t.Errorf("at the end %s", text)
			}
		}
	}
	if txs != 4 {
		t.Errorf("%d transactions, want 4", txs)
	}
}
