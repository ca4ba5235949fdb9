// Api prints how many names each public package of this module exports, and with -write
// renews the golden files in testdata, one for each package, that list them all:
//
//	go run ./internal/testing/api
//	go run ./internal/testing/api -write
//
// The test of this package fails when a file is stale. So no change adds to the API, or
// breaks it, without a line of its diff that says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
)

// again is the command that renews the files.
const again = "go run ./internal/testing/api -write"

func main() {
	os.Exit(cli.UntilSignalled(time.Minute, func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		err := run(ctx, args, stdout)
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		}
		fmt.Fprintln(stderr, "api:", err)
		if errors.As(err, new(cli.UsageError)) {
			return 2
		}
		return 1
	}))
}

// run does what args say, in the module with the working directory in it.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("api", flag.ContinueOnError)
	flags.SetOutput(out)
	write := flags.Bool("write", false, "renew the golden files")
	rest, err := cli.Parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, "usage: go run ./internal/testing/api [-write]\n\nCounts what the public packages export.\n\n")
		flags.PrintDefaults()
	}
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return cli.Usagef("%q: it takes no arguments and always counts all public packages", rest[0])
	}
	m, err := load(ctx)
	if err != nil {
		return err
	}
	if *write {
		if err := m.write(); err != nil {
			return err
		}
	}
	var sum counts
	fmt.Fprintf(out, "%-24s %6s %6s %6s %6s %8s %8s %8s\n", "package", "types", "funcs", "consts", "vars", "methods", "fields", "all")
	for _, p := range m.packages {
		fmt.Fprintf(out, "%-24s %s\n", p.name, p.counts)
		sum.add(p.counts)
	}
	fmt.Fprintf(out, "%-24s %s\n", "all", sum)
	return nil
}

// write writes a file for each package, and removes those of packages that are gone.
func (m *module) write() error {
	files, err := m.golden()
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for _, p := range m.packages {
		if err := os.WriteFile(m.file(p), []byte(p.text()), 0o666); err != nil {
			return err
		}
	}
	return nil
}

func (m *module) golden() ([]string, error) {
	return filepath.Glob(filepath.Join(m.dir, "internal/testing/api/testdata/*.txt"))
}

// file returns where the names of a package are listed.
func (m *module) file(p *api) string {
	return filepath.Join(m.dir, "internal/testing/api/testdata", strings.ReplaceAll(p.name, "/", "-")+".txt")
}
