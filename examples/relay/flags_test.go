package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cli/clitest"
)

func TestCalls(t *testing.T) {
	clitest.Calls(t, run, clitest.Names(t))
}

func TestOptions(t *testing.T) {
	for _, args := range []string{
		"-demo -exit-at-tip -json -listen :0 -submit :0",
		"-network preview -submit [::1]:8090",
		"-network mainnet",
		"-demo -record a.trace",
		"-network mainnet -record a.trace -record-max 10MB",
		"-network preview -max-inbound 10 -max-per-address 0 -advertise 198.51.100.7:3001",
		"-network preview -peer a:1 -peer [::1]:2 -keep 512MiB -log-level debug",
		"-network preprod -immutable dir -peer none -log-level off",
		"-genesis dir -magic 42 -peer a:1 -data dir",
	} {
		if _, err := parse(strings.Fields(args)); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
	if _, err := parse([]string{"-help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-help: %v", err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, test := range []struct{ arg, want string }{
		{"-help", "does NOT know who has stake"},
		{"-version", "node-to-node versions 14 and 15"},
		{"version", "node-to-node versions 14 and 15"},
	} {
		var stdout, stderr bytes.Buffer
		if exit := run(t.Context(), []string{test.arg}, &stdout, &stderr); exit != 0 || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, %q", test.arg, exit, stderr.String())
		}
		if !strings.Contains(stdout.String(), test.want) {
			t.Errorf("%s: %q is not in\n%s", test.arg, test.want, stdout.String())
		}
	}
}
