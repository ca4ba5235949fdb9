package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ouronet/ouronet/internal/cli"
)

// errPlanted is returned if no test finds a planted fault, or the command fails; all has
// been printed.
var errPlanted = errors.New("the fault was not found, or the command failed")

// breakIt plants the fault that o.plant names, and runs the test that is to find it, or
// the command in o.args.
func (m *module) breakIt(ctx context.Context, o *options, out io.Writer) error {
	all, err := readFaults(filepath.Join(m.root, self, "testdata"))
	if err != nil {
		return err
	}
	found := find(all, o.plant)
	if o.list {
		for _, f := range found {
			fmt.Fprintln(out, f.name)
		}
	}
	switch {
	case len(found) == 0:
		return cli.Usagef("-plant %q: no fault has this in its name; -plant : -list lists all", o.plant)
	case o.list:
		return nil
	case len(found) > 1:
		var names []string
		for _, f := range found {
			names = append(names, f.name)
		}
		return cli.Usagef("-plant %q: one fault at a time; the name of each of these has it:\n  %s", o.plant, strings.Join(names, "\n  "))
	}
	f := found[0]
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	overlay, err := plant(dir, m.root, all)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "planted:", f.name)
	for _, c := range f.changes {
		fmt.Fprintf(out, "in %s\n%s", c.file, c.diff)
	}
	if len(o.args) > 0 {
		cmd := exec.CommandContext(ctx, o.args[0], o.args[1:]...)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", variable, f.number),
			"GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, out
		err := cmd.Run()
		if errors.As(err, new(*exec.ExitError)) && ctx.Err() == nil {
			return errPlanted
		}
		return err
	}
	fmt.Fprintf(out, "go test %s -run '^%s$'\n", f.pkg, f.test)
	binary := filepath.Join(dir, "planted.test")
	if err := buildTests(ctx, m.root, overlay, f.pkg, binary); err != nil {
		return err
	}
	said, err := f.run(ctx, m.root, binary, f.number, f.args()...)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	line, ok := f.foundBy(said)
	if err == nil || !ok {
		fmt.Fprintf(out, "NOT FOUND: want a failure with %s\n%s", strings.Join(f.texts, " or "), said)
		return errPlanted
	}
	fmt.Fprintln(out, "found:", line)
	return nil
}
