package main

import (
	"bytes"
	"context"
	"errors"
	"io"
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
	run := func(file string) (string, error) {
		var out strings.Builder
		err := run(context.Background(), []string{"sim", "-replay", file}, &out, io.Discard)
		return out.String(), err
	}
	recorded := filepath.Join("..", "..", "trace", "testdata", "decisions.trace")
	if out, err := run(recorded); err != nil || !strings.Contains(out, ": ok: ") || strings.Contains(out, " 0 blocks") {
		t.Errorf("%v:\n%s", err, out)
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
	if out, err := run(other); !errors.Is(err, errReplay) || !strings.Contains(out, "core n0: FAILED: sim: step 1") {
		t.Errorf("%v:\n%s", err, out)
	}
	if _, err := run(filepath.Join("..", "..", "trace", "testdata", "conversation.trace")); !errors.Is(err, errNoCores) {
		t.Error(err)
	}
	if _, err := run(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
