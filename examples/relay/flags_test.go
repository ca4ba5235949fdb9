package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "say what to follow"},
		{"-foo", "-foo"},
		{"-network", "-network"},
		{"-network testnet", "take mainnet, preprod or preview"},
		{"-network preview extra", `unexpected argument "extra"`},
		{"-network preview -genesis dir", "give one of them"},
		{"-network preview -magic 2", "-magic goes with -genesis"},
		{"-magic 2", "-magic needs -genesis"},
		{"-genesis dir", "-genesis needs -peer"},
		{"-genesis dir -peer a:1 -magic 4294967296", "32 bits"},
		{"-network preview -peer a", `"a" is not HOST:PORT`},
		{"-network preview -peer a:0", "no port from 1"},
		{"-network preview -peer :3001", "no host"},
		{"-network preview -peer none -peer a:1", "-peer none"},
		{"-network preview -peer none -exit-at-tip", "-peer none"},
		{"-network preview -listen 3001", "-listen"},
		{"-network preview -submit 8090", `"8090" is not HOST:PORT`},
		{"-network preview -submit a:x", "no port from 1"},
		{"-network preview -submit :8090 -peer none", "-submit does not go with -peer none"},
		{"-network preview -max-inbound 0", "-max-inbound is 0"},
		{"-network preview -max-per-address -1", "-max-per-address is -1"},
		{"-network preview -data a -immutable b", "give one of them"},
		{"-network preview -data a -keep 1GiB", "-keep"},
		{"-network preview -keep 0", "number of bytes"},
		{"-network preview -keep -1", "number of bytes"},
		{"-network preview -log-level loud", "debug, info, warn"},
		{"-network preview -record-max 1MiB", "-record-max needs -record"},
		{"-network preview -record a -record-max 0", "number of bytes"},
		{"-network preview -record=", "needs the name"},
		{"-demo -network preview", "-demo does not go with -network"},
		{"-demo -data a", "-demo does not go with -data"},
	} {
		var stdout, stderr bytes.Buffer
		if exit := run(t.Context(), strings.Fields(test.args), &stdout, &stderr); exit != 2 {
			t.Errorf("%s: exit code %d, want 2", test.args, exit)
		}
		if !strings.Contains(stderr.String(), test.want) || stdout.Len() > 0 {
			t.Errorf("%s: %q, want %q; and %q", test.args, stderr.String(), test.want, stdout.String())
		}
		if test.args != "" && strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s: not one line: %q", test.args, stderr.String())
		}
	}
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
