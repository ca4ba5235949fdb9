package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/trace"
)

// Decisions that were recorded are taken again; where they differ, the command
// says at which step and fails.
func TestSimReplay(t *testing.T) {
	run := func(file string) (out, errs string, exit int) { return output(t, "sim -replay "+file) }
	recorded := filepath.Join("..", "..", "trace", "testdata", "decisions.trace")
	if out, errs, exit := run(recorded); exit != 0 || !strings.Contains(out, ": ok: ") || strings.Contains(out, " 0 blocks") {
		t.Errorf("%s:\n%s", errs, out)
	}
	other := filepath.Join(t.TempDir(), "other.trace")
	var b bytes.Buffer
	rec := trace.NewRecorder(&b, trace.Config{})
	core := rec.Core("n0")
	for _, input := range [][]byte{
		chain.AppendConfig(nil, &chain.Config{K: 5}),
		chain.AppendEvent(nil, time.Second, chain.PeerConnected{Peer: 1}),
	} {
		if err := core.Step(input, chain.AppendEffects(nil, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(rec.Close(), os.WriteFile(other, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	if out, errs, exit := run(other); exit != 1 || !strings.Contains(errs, errReplay.Error()) || !strings.Contains(out, "core n0: FAILED: sim: step 1") {
		t.Errorf("%s:\n%s", errs, out)
	}
	if _, errs, exit := run(filepath.Join("..", "..", "trace", "testdata", "conversation.trace")); exit != 1 || !strings.Contains(errs, errNoCores.Error()) {
		t.Error(errs)
	}
}
