package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/trace"
)

func TestDecode(t *testing.T) {
	recording := filepath.Join("..", "..", "trace", "testdata", "conversation.trace")
	out, errs, exit := output(t, "decode -strict "+recording)
	if exit != 0 || !strings.Contains(out, "MsgRollForward") || !strings.Contains(out, " 0 violations") {
		t.Errorf("%s\n%s", errs, out)
	}
	out, errs, exit = output(t, "decode "+filepath.Join("..", "..", "trace", "testdata", "decisions.trace"))
	if exit != 0 || !strings.Contains(out, "roll back to") || !strings.Contains(out, " 0 other than recorded") {
		t.Errorf("%s\n%s", errs, out)
	}

	out, _, _ = output(t, "decode "+recording)
	// As a capture it tells the same.
	in, err := os.Open(recording)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	capture, err := os.Create(filepath.Join(t.TempDir(), "conversation.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer capture.Close()
	w := trace.NewPcapngWriter(capture)
	source, err := trace.Open(in)
	for err == nil {
		var r trace.Record
		if r, err = source.Next(); err == nil {
			err = w.Write(r)
		}
	}
	again, errs, exit := output(t, "decode "+capture.Name())
	if exit != 0 || strings.Count(again, "\n") != strings.Count(out, "\n") {
		t.Errorf("%s\n%s", errs, again)
	}
}

// A recording of an old relay is read whole, and each step that is decided
// otherwise today is marked.
func TestDecodeOldRecording(t *testing.T) {
	out, errs, exit := output(t, "decode "+filepath.Join("..", "..", "trace", "testdata", "d12933a", "relay.trace"))
	if exit != 1 || !strings.Contains(errs, errDifferences.Error()) || strings.Count(out, "!!") < 2 || !strings.Contains(out, " 0 bytes damaged, 145 steps") || !strings.HasSuffix(out, " 0 not known\n") {
		t.Errorf("%s\n%s", errs, out)
	}
}

// A core that decides otherwise than it did ends the command with an error.
func TestDecodeDifference(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other.trace")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := trace.NewRecorder(f, trace.Config{})
	d := r.Core("chain")
	d.Step(chain.AppendConfig(nil, &chain.Config{K: 1}), chain.AppendEffects(nil, nil))
	d.Step(chain.AppendEvent(nil, 0, chain.PeerConnected{Peer: 1}), chain.AppendEffects(nil, nil))
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	out, errs, exit := output(t, "decode "+file)
	if exit != 1 || !strings.Contains(errs, errDifferences.Error()) || !strings.Contains(out, "!!") || !strings.Contains(out, " 1 other than recorded") {
		t.Errorf("%s\n%s", errs, out)
	}
}
