package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
)

const usage = `usage: go run ./internal/testing/mutant -random [-seed N] [-n COUNT] [flags] PACKAGE...
       go run ./internal/testing/mutant -at FILE:LINE [flags]
       go run ./internal/testing/mutant -plant NAME [-- COMMAND...]

Makes small changes to the source of packages, one at a time and without
touching a file, and runs tests until one fails: those of the package, then
those of its importers. Prints the changes that no test notices. The exit
status is 1 if the score is below -min.

With -plant it makes one change that was written by hand, which breaks something,
and runs the test that must find it, or a command.

  go run ./internal/testing/mutant -random -seed 1 -n 100 ./mux ./protocol
  go run ./internal/testing/mutant -random -seed 1 -n 100 -list ./mux
  go run ./internal/testing/mutant -at mux/egress.go:195 -importers=false
  go run ./internal/testing/mutant -plant 'chain: k off by one'
  go run ./internal/testing/mutant -plant 'tie-break ignored' -- go run ./cmd/ouronet sim -seeds 20 -scenario forks
  go run ./internal/testing/mutant -plant : -list

Flags:

`

// options are what the command line says.
type options struct {
	random     bool
	seed       uint64
	count      int
	at         string
	plant      string
	list       bool
	importers  bool
	parallel   int
	min        float64
	equivalent string
	verbose    bool
	args       []string // packages or, with -plant, a command
}

// errBelow is returned for a score that is too low; all has been printed.
var errBelow = errors.New("below -min")

func main() {
	// Trials end at once; a minute is for what they leave behind.
	os.Exit(cli.UntilSignalled(time.Minute, func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		err := run(ctx, ".", args, stdout, stdout)
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errBelow), errors.Is(err, errPlanted):
		default:
			fmt.Fprintln(stderr, "mutant:", err)
		}
		if errors.As(err, new(cli.UsageError)) {
			return 2
		}
		return 1
	}))
}

// run does what args say, in the module with dir in it.
func run(ctx context.Context, dir string, args []string, out, help io.Writer) error {
	o, err := parseFlags(args, help)
	if err != nil {
		return err
	}
	m, err := loadModule(ctx, dir)
	if err != nil {
		return err
	}
	if o.plant != "" {
		return m.breakIt(ctx, o, out)
	}
	listed, err := readEquivalents(filepath.Join(m.root, filepath.FromSlash(o.equivalent)))
	if err != nil {
		return err
	}
	var plans []plan
	if o.at != "" {
		plans, err = m.atLine(dir, o.at)
	} else if plans, err = m.plans(ctx, dir, o.args); err == nil {
		plans = draw(plans, o.seed, o.count)
	}
	if err != nil {
		return err
	}
	r := &report{out: out, verbose: o.verbose || o.at != "", least: o.min}
	for i := range plans {
		plans[i].leaveOut(listed)
		r.stale(listed.stale(plans[i]))
	}
	if o.list {
		for _, p := range plans {
			for _, m := range p.changes[:min(len(p.changes), p.quota)] {
				fmt.Fprintln(out, m)
			}
		}
		return nil
	}
	tmp, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	t := &trials{module: m, dir: tmp, importers: o.importers, slack: 10 * time.Second, limits: make(map[string]*limit)}
	for _, p := range plans {
		if err := t.all(ctx, p, o.parallel, r.add); err != nil {
			r.end()
			return err
		}
		r.total(m.rel(p.pkg), p.quota)
	}
	return r.end()
}

func parseFlags(args []string, help io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("mutant", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.random, "random", false, "make random changes to the packages")
	flags.Uint64Var(&o.seed, "seed", 1, "`number` that the random changes follow from")
	flags.IntVar(&o.count, "n", 100, "`number` of changes in all; each package has a share by its size")
	flags.StringVar(&o.at, "at", "", "try every change of a line, `FILE:LINE`")
	flags.StringVar(&o.plant, "plant", "", "plant the fault with this `NAME`, or the only one whose name has it in it, and run the test that must find it, or COMMAND")
	flags.BoolVar(&o.list, "list", false, "print the changes, or the names of planted faults, and try none; it does not know which changes compile")
	flags.BoolVar(&o.importers, "importers", true, "run the tests of importers too; =false is faster and stricter")
	flags.IntVar(&o.parallel, "j", 1, "`number` of changes tried at a time")
	flags.Float64Var(&o.min, "min", 95, "least score, in `percent`")
	flags.StringVar(&o.equivalent, "equivalent", self+"/testdata/equivalent", "`folder`, from the module's root, with the changes that make no difference")
	flags.BoolVar(&o.verbose, "v", false, "print what noticed each change")
	var err error
	if o.args, err = cli.Parse(flags, args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(help, usage)
			flags.SetOutput(help)
			flags.PrintDefaults()
		}
		return nil, err
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if given["plant"] {
		for name := range given { // any order
			if name != "plant" && name != "list" {
				return nil, cli.Usagef("-plant goes with -list alone: leave out -%s", name)
			}
		}
		if o.plant == "" || o.list && len(o.args) > 0 {
			return nil, cli.Usagef("-plant needs a part of a name, and with -list no command: -plant : -list lists all faults")
		}
		return o, nil
	}
	switch {
	case o.random && o.at != "":
		return nil, cli.Usagef("-random and -at: give one of them")
	case !o.random && o.at == "":
		return nil, cli.Usagef("give -random and packages, as in -random -seed 1 ./mux, or -at FILE:LINE, or -plant NAME; -help for help")
	case o.random && len(o.args) == 0:
		return nil, cli.Usagef("-random needs packages, as in -random ./mux ./protocol")
	case o.at != "" && len(o.args) > 0:
		return nil, cli.Usagef("-at has its package from the file: leave out %q", o.args[0])
	case o.at != "" && (given["seed"] || given["n"]):
		return nil, cli.Usagef("-seed and -n are for -random; -at tries every change of the line")
	case o.count < 1:
		return nil, cli.Usagef("-n %d: at least 1", o.count)
	case o.parallel < 1:
		return nil, cli.Usagef("-j %d: at least 1", o.parallel)
	case math.IsNaN(o.min) || o.min < 0 || o.min > 100:
		return nil, cli.Usagef("-min %v: from 0 to 100", o.min)
	case o.list && (given["j"] || given["min"] || given["importers"] || given["v"]):
		return nil, cli.Usagef("-list tries nothing: leave out -j, -min, -importers and -v")
	}
	return o, nil
}

// fileLine splits FILE:LINE.
func fileLine(arg string) (string, int, error) {
	i := strings.LastIndexByte(arg, ':')
	line, err := strconv.Atoi(arg[i+1:])
	if i <= 0 || err != nil || line < 1 {
		return "", 0, fmt.Errorf("-at %q: want FILE:LINE, as in mux/egress.go:195", arg)
	}
	return arg[:i], line, nil
}
