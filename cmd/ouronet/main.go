// Ouronet is the tool box of the module: what it does is its subcommands.
//
//	go run ./cmd/ouronet help
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ouronet/ouronet/internal/cli"
)

// commands in the order in which help lists them.
var commands = []cli.Program{graph, conformCommand, decode, simCommand}

func main() { os.Exit(cli.UntilSignalled(cli.StopTime, run)) }

// run runs the subcommand that args begin with, and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (exit int) {
	if len(args) == 0 {
		usage(stderr)
		return 2
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-help", "--help", "-h":
		if len(rest) == 0 {
			usage(stdout)
			return 0
		}
		name, rest = rest[0], append([]string{"-help"}, rest[1:]...)
	case "version", "-version", "--version":
		name, rest = "", append([]string{"-version"}, rest...)
	}
	for _, c := range append(commands, version) {
		if c.Name == strings.TrimSpace("ouronet "+name) {
			return c.Run(ctx, rest, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "ouronet: there is no command %q: give %s, help or version\n", name, strings.Join(names(), ", "))
	return 2
}

// version is the program without a command, which has -version alone.
var version = cli.Program{
	Name: "ouronet", Path: "go run ./cmd/ouronet", About: "Prints the version.", Examples: []string{"-version"},
	Setup: func(*cli.Command) cli.Run { return nil },
}

func names() (all []string) {
	for _, c := range commands {
		all = append(all, strings.TrimPrefix(c.Name, "ouronet "))
	}
	return all
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: ouronet COMMAND [flags] [arguments]\n\n")
	for i, c := range commands {
		fmt.Fprintf(w, "%s\n\t%s\n\t%s %s\n\n", names()[i], c.About, c.Path, c.Examples[0])
	}
	fmt.Fprintln(w, "ouronet help COMMAND lists the flags, ouronet -version prints the version.")
}
