package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/testing/clitest"
)

func TestCalls(t *testing.T) {
	clitest.Calls(t, command.Run, clitest.Names(t))
}

// parse returns the options that args stand for; nil for -help and -version.
func parse(args []string) (o *options, err error) {
	p := command
	p.Setup = func(c *cli.Command) cli.Run {
		given := declare(c)
		return func(context.Context, io.Writer) error {
			o = given
			return nil
		}
	}
	var errs strings.Builder
	if p.Run(context.Background(), args, io.Discard, &errs) != 0 {
		err = errors.New(errs.String())
	}
	return o, err
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
}

func TestHelpAndVersion(t *testing.T) {
	for _, test := range []struct{ arg, want string }{
		{"-help", "does NOT know who has stake"},
		{"-version", "node-to-node versions 14 and 15"},
		{"version", "node-to-node versions 14 and 15"},
	} {
		var stdout, stderr bytes.Buffer
		if exit := command.Run(t.Context(), []string{test.arg}, &stdout, &stderr); exit != 0 || stderr.Len() > 0 {
			t.Errorf("%s: exit code %d, %q", test.arg, exit, stderr.String())
		}
		if !strings.Contains(stdout.String(), test.want) {
			t.Errorf("%s: %q is not in\n%s", test.arg, test.want, stdout.String())
		}
	}
}
