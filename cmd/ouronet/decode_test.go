package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/trace"
)

func TestDecode(t *testing.T) {
	recording := filepath.Join("..", "..", "trace", "testdata", "conversation.trace")
	out, _, err := output(t, "decode -strict "+recording)
	if err != nil || !strings.Contains(out, "MsgRollForward") || !strings.Contains(out, " 0 violations") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, _, err := output(t, "decode"); err == nil {
		t.Error("no file, no error")
	}

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
	again, _, err := output(t, "decode "+capture.Name())
	if err != nil || strings.Count(again, "\n") != strings.Count(out, "\n") {
		t.Errorf("%v\n%s", err, again)
	}
}
