// Claims holds what the pages of this module say to what can be run.
//
//	go run ./internal/testing/claims
//	go run ./internal/testing/claims matrix
//	go run ./internal/testing/claims assurance
//
// The first command measures every number of README again and prints it with what it is
// compared with, its goal, the command and the commit. The second prints which
// mini-protocols were run with which implementation. The third prints docs/assurance.md:
// each promise, the source of its rule, the tests that show it, and the planted faults
// that these find. With -write, each puts what it prints into its page.
//
// testdata has the promises and the matrix; the list of numbers is in numbers.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
)

const usage = `usage: go run ./internal/testing/claims [numbers] [-run REGEXP] [-write]
       go run ./internal/testing/claims matrix [-write]
       go run ./internal/testing/claims assurance [-write]

numbers measures every number of README again, which takes ten minutes, and needs root
for the lines of limited rate: use a quiet machine. Those that do not depend on the
machine are measured by the tests, too. matrix prints which mini-protocols were run with
which implementation; assurance prints docs/assurance.md.

Flags:

`

const readme = "README.md"

func main() {
	os.Exit(cli.UntilSignalled(time.Minute, func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		err := run(ctx, ".", args, stdout)
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		}
		fmt.Fprintln(stderr, "claims:", err)
		if errors.As(err, new(cli.UsageError)) {
			return 2
		}
		return 1
	}))
}

// run does what args say, in the module with dir in it.
func run(ctx context.Context, dir string, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("claims", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	name := flags.String("run", "", "measure only the numbers whose names match this `expression`")
	write := flags.Bool("write", false, "write what is printed into README or docs/assurance.md")
	rest, err := cli.Parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
	}
	if err != nil {
		return err
	}
	what := "numbers"
	if len(rest) > 0 {
		what = rest[0]
	}
	switch {
	case len(rest) > 1:
		return cli.Usagef("%q: give one of numbers, matrix, assurance", strings.Join(rest, " "))
	case *name != "" && what != "numbers":
		return cli.Usagef("-run is for numbers: leave it out")
	}
	match, err := regexp.Compile(*name)
	if err != nil {
		return cli.Usagef("-run %q: %w", *name, err)
	}
	m, err := findModule(dir)
	if err != nil {
		return err
	}
	switch what {
	case "numbers":
		return m.numbers(ctx, match, *write, out)
	case "matrix":
		all, err := m.readMatrix()
		if err != nil {
			return err
		}
		text := matrix(all)
		fmt.Fprint(out, text)
		if *write {
			return m.put(readme, "matrix", text)
		}
	case "assurance":
		all, err := m.readPromises()
		if err != nil {
			return err
		}
		text := assurance(all)
		fmt.Fprint(out, text)
		if *write {
			return os.WriteFile(m.file(assurancePage), []byte(text), 0o644)
		}
	default:
		return cli.Usagef("%q: give one of numbers, matrix, assurance", what)
	}
	return nil
}

// numbers measures, and writes what was measured even if something could not be.
func (m *module) numbers(ctx context.Context, match *regexp.Regexp, write bool, out io.Writer) error {
	page, err := m.read(readme)
	if err != nil {
		return err
	}
	before, err := between(page, "claims")
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	table, err := m.measureAll(ctx, match, before, out)
	if write && table != "" {
		err = errors.Join(err, m.put(readme, "claims", table))
	}
	return err
}
