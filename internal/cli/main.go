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

// Main runs the program that the process is.
func Main(p Program) { os.Exit(UntilSignalled(StopTime, p.Run)) }

// FlagsOnly parses the command line of a program that takes the flags of
// [flag.CommandLine] and nothing else. It ends the process after -help and after a
// mistake.
func FlagsOnly(name, about string) {
	rest, err := Parse(flag.CommandLine, os.Args[1:])
	if err == nil && len(rest) > 0 {
		err = Usagef("%s is one argument too many: %s takes flags only", quoted(rest[0]), name)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Printf("usage: %s [flags]\n\n%s\n\nFlags:\n\n", name, about)
		flag.CommandLine.SetOutput(os.Stdout)
		flag.PrintDefaults()
		os.Exit(0)
	case err != nil:
		fmt.Fprintf(os.Stderr, "%s: %v\nusage: %s [flags]; -help tells more\n", name, err, name)
		os.Exit(2)
	}
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
		select { // whoever asks twice means it
		case <-signals:
		case <-time.After(patience):
		}
		os.Exit(1)
	}()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
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
