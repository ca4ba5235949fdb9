package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

// The last line is a summary that ends with the command to repeat it; doing so
// prints the same.
func TestSim(t *testing.T) {
	play := func(args ...string) string {
		t.Helper()
		var out strings.Builder
		if err := run(context.Background(), append([]string{"sim"}, args...), &out, io.Discard); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return lines[len(lines)-1]
	}
	for _, args := range [][]string{
		nil,
		{"-seed", "3", "-scenario", "restart"},
		{"-seed", "4", "-scenario", "txs", "-peers", "2", "-faults", "0"},
		{"-seeds", "3", "-scenario", "sync"},
	} {
		line := play(args...)
		_, command, ok := strings.Cut(line, "go run ./cmd/ouronet sim ")
		if !ok || !strings.Contains(line, "trace ") {
			t.Fatalf("%v: %q is no summary", args, line)
		}
		if again := play(strings.Fields(command)...); again != line {
			t.Errorf("%v: got\n%s\nand then\n%s", args, line, again)
		}
	}
	if last := play("-list"); last == "" {
		t.Error("-list prints nothing")
	}
	if err := run(context.Background(), []string{"sim", "-scenario", "none"}, io.Discard, io.Discard); err == nil {
		t.Error("plays a scenario that there is not")
	}
}
