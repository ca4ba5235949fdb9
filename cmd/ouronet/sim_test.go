package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The run that docs/testing.md shows is what comes out, on any machine.
func TestSimAsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^    (ok: .*), \.\.\. (trace [0-9a-f]{16}: go run ./cmd/ouronet (sim .*))$`).FindStringSubmatch(string(doc))
	if shown == nil {
		t.Fatal("docs/testing.md shows no run")
	}
	out, errs, exit := output(t, shown[3])
	if exit != 0 {
		t.Fatal(errs)
	}
	if got := strings.TrimSpace(out); !strings.HasPrefix(got, shown[1]) || !strings.HasSuffix(got, shown[2]) {
		t.Errorf("docs/testing.md shows\n%s\nand there is\n%s", shown[0], got)
	}
}

// The last line is a summary that ends with the command to repeat it; doing so
// prints the same.
func TestSim(t *testing.T) {
	play := func(args ...string) string {
		t.Helper()
		out, errs, exit := output(t, "sim "+strings.Join(args, " "))
		if exit != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
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
}
