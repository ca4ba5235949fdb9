package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// Program is a program, or a subcommand of one.
type Program struct {
	Name    string // such as "tip" or "ouronet decode"
	Path    string // how to run it from the module's root; "" is go run ./examples/Name
	About   string // what it does, in lines as they are to be printed
	Endless bool   // it runs until it is stopped: an interruption is no error
	Orderly bool   // an interruption is no error, and what it returns after one counts

	// Examples are flags and arguments that work, each with what they do after " # ", if
	// that needs to be said.
	Examples []string

	// Patience is how long it waits before it says for what; 0 is [DefaultPatience].
	Patience time.Duration

	// Setup declares flags and arguments and returns what runs once they are set.
	Setup func(*Command) Run
}

// Run is what a program does. out is standard output; an error of it ends ctx.
type Run func(ctx context.Context, out io.Writer) error

// Command is one call of a program. Its methods declare flags and arguments; the
// values behind the pointers that they return are set when [Run] is called.
type Command struct {
	*flag.FlagSet

	// Stderr is for progress and for trouble that does not end the program. Writes
	// may overlap.
	Stderr io.Writer

	// Stdout is what the out of [Run] writes to. An error of it does not end ctx.
	Stdout io.Writer

	program Program
	args    []argument
	checks  []func() error // after parsing, in order
	network *ledger.Network
	peers   []string // to follow
	version bool
}

// argument is one that is no flag.
type argument struct {
	name           string
	value          flag.Value
	optional, many bool
}

func newCommand(p Program, stdout, stderr io.Writer) (*Command, Run) {
	c := &Command{FlagSet: flag.NewFlagSet(p.Name, flag.ContinueOnError), Stdout: stdout, Stderr: &locked{w: stderr}, program: p}
	c.FlagSet.SetOutput(io.Discard)
	run := p.Setup(c)
	c.BoolVar(&c.version, "version", false, "print the version and end")
	return c, run
}

// Arg declares an argument that must be given.
func (c *Command) Arg(v flag.Value, name string) {
	c.args = append(c.args, argument{name: name, value: v})
}

// Optional declares an argument that may be left out. Only others of its kind may
// follow.
func (c *Command) Optional(v flag.Value, name string) {
	c.args = append(c.args, argument{name: name, value: v, optional: true})
}

// Rest declares that any number of arguments may follow.
func (c *Command) Rest(v flag.Value, name string) {
	c.args = append(c.args, argument{name: name, value: v, optional: true, many: true})
}

// Check has f look at flags and arguments when all are set.
func (c *Command) Check(f func() error) { c.checks = append(c.checks, f) }

// Exclude refuses a flag together with another one, for a reason.
func (c *Command) Exclude(flag, other, reason string) {
	c.Check(func() error {
		if c.Given(flag) && c.Given(other) {
			return Usagef("-%s does not go with -%s: %s", other, flag, reason)
		}
		return nil
	})
}

// Alone refuses each of the flags together with any other flag.
func (c *Command) Alone(flags ...string) {
	c.Check(func() (err error) {
		for _, name := range flags {
			c.Visit(func(f *flag.Flag) {
				if c.Given(name) && f.Name != name && err == nil {
					err = Usagef("-%s does not go with -%s: give -%s alone", f.Name, name, name)
				}
			})
		}
		return err
	})
}

// Given reports whether a flag is on the command line.
func (c *Command) Given(name string) (set bool) {
	c.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// Network declares -network, -magic and -genesis. Without any of them the network
// is mainnet. Of a network that is known by its magic alone, [Known] is false.
func (c *Command) Network() *ledger.Network {
	flags := &Network{Name: ledger.Mainnet.Name}
	flags.Declare(c.FlagSet, "`NUMBER`, the network magic, which is enough to talk to nodes of any network")
	c.network = new(ledger.Network)
	c.Check(func() (err error) {
		*c.network, err = flags.Load()
		return err
	})
	return c.network
}

// Peer declares the optional argument HOST:PORT, a node to connect to. Without it,
// that is the first bootstrap peer of the network, which must be declared before.
func (c *Command) Peer() *string {
	var given Address
	peer := new(string)
	c.Optional(&given, "HOST:PORT")
	c.Check(func() error {
		switch {
		case given != "":
			*peer = string(given)
		case len(c.network.Bootstrap) > 0:
			*peer = c.network.Bootstrap[0]
		default:
			return Usagef("HOST:PORT is missing: a network that is not public has no bootstrap peers")
		}
		return nil
	})
	return peer
}

// Peers declares any number of arguments HOST:PORT, nodes to connect to. Without
// them, these are the bootstrap peers of the network, which must be declared before.
func (c *Command) Peers() *[]string {
	var given Addresses
	c.Rest(&given, "HOST:PORT")
	c.Check(func() error {
		if c.peers = given; len(given) == 0 {
			c.peers = c.network.Bootstrap
		}
		if len(c.peers) == 0 {
			return Usagef("HOST:PORT is missing: a network that is not public has no bootstrap peers")
		}
		return nil
	})
	return &c.peers
}

// Range declares the arguments FROM and TO, points of blocks, the older one first.
func (c *Command) Range() (from, to *ledger.Point) {
	var first, last blockPoint
	c.Arg(&first, "FROM")
	c.Arg(&last, "TO")
	c.Check(func() error {
		if first.Slot > last.Slot {
			return Usagef("FROM is in slot %d, after TO in slot %d: give the older block first", first.Slot, last.Slot)
		}
		return nil
	})
	return &first.Point, &last.Point
}

// Number declares a flag for a whole number from least to most.
func (c *Command) Number(name string, value, least, most int, usage string) *int {
	n := &number{value, least, most}
	c.Var(n, name, usage)
	return &n.value
}

// Duration declares a flag for a time from least to most.
func (c *Command) Duration(name string, value, least, most time.Duration, usage string) *time.Duration {
	d := &span{value, least, most}
	c.Var(d, name, usage)
	return &d.value
}

// Choice declares a flag for one of some words.
func (c *Command) Choice(name, value string, of []string, usage string) *string {
	w := &choice{value: value, of: of}
	c.Var(w, name, usage)
	return &w.value
}

// Unlimited is the upper bound of numbers and durations that have none.
const (
	UnlimitedNumber   = math.MaxInt
	UnlimitedDuration = time.Duration(math.MaxInt64)
)

// set parses a command line.
func (c *Command) set(args []string) error {
	given, err := Parse(c.FlagSet, args)
	if err != nil || c.version {
		return err
	}
	for _, a := range c.args {
		if len(given) == 0 && !a.optional {
			return Usagef("%s is missing", a.name)
		}
		for len(given) > 0 {
			if err := a.value.Set(given[0]); err != nil {
				return invalid(a.name, given[0], a.value, err)
			}
			given = given[1:]
			if !a.many {
				break
			}
		}
	}
	if len(given) > 0 {
		return Usagef("%s is one argument too many: %s", quoted(given[0]), c.takes())
	}
	for _, check := range c.checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// takes says which arguments there may be.
func (c *Command) takes() string {
	if len(c.args) == 0 {
		return c.program.Name + " takes flags only"
	}
	return c.program.Name + " takes " + c.arguments()
}

func (c *Command) arguments() string {
	var names []string
	for _, a := range c.args {
		name := a.name
		if a.many {
			name += "..."
		}
		if a.optional {
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// usage is one line.
func (c *Command) usage() string {
	return strings.TrimSpace("usage: " + c.program.Name + " [flags] " + c.arguments())
}

func (p Program) path() string {
	if p.Path != "" {
		return p.Path
	}
	return "go run ./examples/" + p.Name
}

// example is a command line that works, and what it does if that is said.
func (p Program) example(n int) (line, does string) {
	args, does, _ := strings.Cut(p.Examples[n], " # ")
	return strings.TrimSpace(p.path() + " " + args), does
}

func (c *Command) help(w io.Writer) {
	fmt.Fprintf(w, "%s\n\n%s\n\nFor example:\n\n", c.usage(), c.program.About)
	for n := range c.program.Examples {
		line, does := c.program.example(n)
		fmt.Fprintf(w, "  %s\n", line)
		if does != "" {
			fmt.Fprintf(w, "      %s\n", does)
		}
	}
	fmt.Fprint(w, "\nFlags:\n\n")
	c.SetOutput(w)
	c.PrintDefaults()
	c.SetOutput(io.Discard)
	fmt.Fprint(w, "\n"+Statuses+"\n")
}

// Statuses says what exit statuses mean.
const Statuses = "Exit status: 0 if all went well, 1 if something did not work, 2 for a mistake in the command line."

// Run runs a program with args and returns its exit status. version as the only
// argument is -version.
func (p Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer) (exit int) {
	if slices.Equal(args, []string{"version"}) {
		args = []string{"-version"}
	}
	c, run := newCommand(p, stdout, stderr)
	err := c.set(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.help(stdout)
		return 0
	case err == nil && c.version:
		fmt.Fprintln(stdout, Version(p.Name))
		return 0
	case err == nil:
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		out := &output{w: stdout, failed: cancel}
		err = run(ctx, out)
		if out.err != nil {
			err = fmt.Errorf("standard output: %w", out.err)
		} else if err != nil && ctx.Err() != nil && !p.Orderly {
			if p.Endless {
				return 0
			}
			err = errors.New("interrupted")
		}
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(c.Stderr, "%s: %s\n", p.Name, c.explain(err))
	if !errors.As(err, new(UsageError)) {
		return 1
	}
	line, _ := p.example(0)
	fmt.Fprintf(c.Stderr, "%s, for example %s; -help tells more\n", c.usage(), line)
	return 2
}

// Lost tells why one of [Command.Peers] is not followed, and when it is tried again.
// It fits Lost and Stopped of node.Observer. What ends the run, as there is no other
// peer, is left to the error of the run.
func (c *Command) Lost(address string, err error, retry time.Duration) {
	if len(c.peers) == 1 && (node.Permanent(err) || errors.Is(err, follow.ErrNoIntersect)) {
		return
	}
	text := c.explain(err)
	if !errors.As(err, new(*node.PeerError)) {
		text = address + ": " + text
	}
	fmt.Fprintf(c.Stderr, "%s: %s; next try in %v\n", c.program.Name, text, retry.Round(time.Second))
}

// locked lets writes overlap.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

// Write waits for other writes.
func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// output is standard output. Its first error ends the program.
type output struct {
	w      io.Writer
	failed context.CancelCauseFunc
	err    error
}

// Write ends the context of the run when it fails.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil && o.err == nil {
		o.err = err
		o.failed(err)
	}
	return n, err
}
