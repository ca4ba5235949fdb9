package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// StopTime is how long an orderly end may take. Connections need 1.5 s of it at
// most (node.CloseTime).
const StopTime = 1900 * time.Millisecond

// oneSignal is how long further signals are the first one still: timeout(1) signals
// the process and then its group, a terminal and a supervisor both may. People take
// longer for a second Ctrl-C.
const oneSignal = 100 * time.Millisecond

// Main runs the program that the process is.
func Main(p Program) { os.Exit(UntilSignalled(StopTime, p.Run)) }

// FlagsOnly parses the command line of a program that takes the flags of
// [flag.CommandLine] and nothing else. It ends the process after -help and after a
// mistake.
func FlagsOnly(name, about string) {
	if exit, end := flagsOnly(flag.CommandLine, os.Args[1:], name, about, os.Stdout, os.Stderr); end {
		os.Exit(exit)
	}
}

// flagsOnly returns the exit status if the program is to end.
func flagsOnly(flags *flag.FlagSet, args []string, name, about string, stdout, stderr io.Writer) (exit int, end bool) {
	rest, err := Parse(flags, args)
	if err == nil && len(rest) > 0 {
		err = Usagef("%s is one argument too many: %s takes flags only", quoted(rest[0]), name)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, "usage: %s [flags]\n\n%s\n\nFlags:\n\n", name, about)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return 0, true
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v\nusage: %s [flags]; -help tells more\n", name, err, name)
		return 2, true
	}
	return 0, false
}

// UntilSignalled runs a program with the arguments of the process until it ends,
// and returns its exit status. The first signal ends ctx; the second ends the
// process at once with status 1, and so does the end of the given time after the
// first.
func UntilSignalled(patience time.Duration, run func(ctx context.Context, args []string, stdout, stderr io.Writer) (exit int)) int {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		insist(signals, patience)
		os.Exit(1)
	}()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// insist returns at the second signal, or when patience ends. It begins at the first
// signal.
func insist(signals <-chan os.Signal, patience time.Duration) {
	first, end := time.Now(), time.After(patience)
	for {
		select {
		case <-signals:
			if time.Since(first) >= oneSignal {
				return
			}
		case <-end:
			return
		}
	}
}

// Version is what -version prints: the module's version as the go command put it
// into the program, (devel) if it did not.
func Version(program string) string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("%s %s of ouronet, node-to-node versions 14 and 15, %s %s/%s", program, v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
