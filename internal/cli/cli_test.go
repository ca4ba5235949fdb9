package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Flags may stand anywhere.
func TestParse(t *testing.T) {
	for _, test := range []struct {
		args, rest string
		n          int
		b          bool
	}{
		{"", "", 0, false},
		{"-n 1 -b x y", "x y", 1, true},
		{"x -n 1 y -b", "x y", 1, true},
		{"x y --n=1 -b=false", "x y", 1, false},
		{"x - -n 1", "x -", 1, false},
		{"-b -- -n 1", "-n 1", 0, true},
		{"x -- -b --", "x -b --", 0, false},
		{"-n -1 x", "x", -1, false},
	} {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		n, b := flags.Int("n", 0, ""), flags.Bool("b", false, "")
		rest, err := Parse(flags, strings.Fields(test.args))
		if err != nil || strings.Join(rest, " ") != test.rest || *n != test.n || *b != test.b {
			t.Errorf("%s: %v, n %d, b %t, error %v", test.args, rest, *n, *b, err)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-x", "there is no flag -x: the flags are -help, -b, -d, -n, -u"},
		{"-n", "-n needs a value: give -n INT"},
		{"a -n one", `-n "one": give a whole number`},
		{"-u -1", `-u "-1": give a whole number, 0 or more`},
		{"-d 1", `-d "1": give a duration, such as 10s or 1m30s`},
		{"-b=2", `-b "2": give true or false`},
		{"-=1", "there is no flag -: the flags are -help, -b, -d, -n, -u"},
		{"-n " + strings.Repeat("x", 80), `-n "` + strings.Repeat("x", 80) + `": give a whole number`},
		{"-n " + strings.Repeat("x", 100), `-n "` + strings.Repeat("x", 80) + `"...: give a whole number`},
	} {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		flags.Int("n", 0, "")
		flags.Uint("u", 0, "")
		flags.Bool("b", false, "")
		flags.Duration("d", 0, "")
		_, err := Parse(flags, strings.Fields(test.args))
		if !errors.As(err, new(UsageError)) || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.args, err, test.want)
		}
	}
	for _, help := range []string{"-help", "--help", "-h"} {
		if _, err := Parse(flag.NewFlagSet("", flag.ContinueOnError), []string{"x", help}); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%s: %v", help, err)
		}
	}
}

// The magic of a public network stands for all of it.
func TestNetwork(t *testing.T) {
	for _, test := range []struct {
		args string
		want ledger.Network
	}{
		{"", ledger.Mainnet},
		{"-network preview", ledger.Preview},
		{"-magic 1", ledger.Preprod},
		{"-network preview -magic 2", ledger.Preview},
	} {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		n := &Network{Name: "mainnet"}
		n.Declare(flags, "")
		if _, err := Parse(flags, strings.Fields(test.args)); err != nil {
			t.Fatal(err)
		}
		if got, err := n.Load(); err != nil || !reflect.DeepEqual(got, test.want) || !Known(got) {
			t.Errorf("%s: %s, %v", test.args, got.Name, err)
		}
	}
	magic := uint32(42)
	other, err := (&Network{Name: "mainnet", Magic: &magic}).Load()
	if err != nil || other.Magic != 42 || Known(other) || len(other.Bootstrap) > 0 {
		t.Errorf("%+v, %v", other, err)
	}
}

// What names two networks, or none, is a mistake.
func TestNetworkMistakes(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-network preview -genesis dir", "-network does not go with -genesis: give one of them"},
		{"-network preview -magic 1", "-magic 1: the magic of -network preview is 2: give one of them"},
		{"-genesis=", `-genesis "": give the folder with the network's genesis files`},
		{"-magic 4294967296", `-magic "4294967296": give a whole number from 0 to 4294967295`},
	} {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		n := &Network{Name: "mainnet"}
		n.Declare(flags, "")
		_, err := Parse(flags, strings.Fields(test.args))
		if err == nil {
			_, err = n.Load()
		}
		if !errors.As(err, new(UsageError)) || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.args, err, test.want)
		}
	}
}

// An interruption is no error of a program that runs until it is stopped.
func TestInterrupted(t *testing.T) {
	for _, endless := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		p := Program{Name: "p", Endless: endless, Setup: func(*Command) Run {
			return func(ctx context.Context, _ io.Writer) error {
				cancel()
				<-ctx.Done()
				return fmt.Errorf("wait: %w", ctx.Err())
			}
		}}
		var errs bytes.Buffer
		exit := p.Run(ctx, nil, io.Discard, &errs)
		if endless && (exit != 0 || errs.Len() > 0) || !endless && (exit != 1 || errs.String() != "p: interrupted\n") {
			t.Errorf("endless %t: exit status %d, %q", endless, exit, errs.String())
		}
	}
}

// What cannot be written ends the program with an error, however long it would run.
func TestOutputFails(t *testing.T) {
	p := Program{Name: "p", Endless: true, Setup: func(*Command) Run {
		return func(ctx context.Context, out io.Writer) error {
			fmt.Fprintln(out, "something")
			<-ctx.Done()
			return ctx.Err()
		}
	}}
	var errs bytes.Buffer
	if exit := p.Run(t.Context(), nil, full{}, &errs); exit != 1 || errs.String() != "p: standard output: no space left\n" {
		t.Errorf("exit status %d, %q", exit, errs.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// asProgram makes the test binary a program that ends in its own time: "orderly" at
// once when it is asked, "stubborn" never.
const asProgram = "OURONET_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	manner := os.Getenv(asProgram)
	if manner == "" {
		os.Exit(m.Run())
	}
	os.Exit(UntilSignalled(time.Hour, func(ctx context.Context, _ []string, stdout, _ io.Writer) int {
		fmt.Fprintln(stdout, "runs")
		os.Stdin.Read(make([]byte, 1))
		if ctx.Err() != nil {
			fmt.Fprintln(stdout, "ends before it is asked")
		}
		fmt.Fprintln(stdout, "goes on")
		<-ctx.Done()
		fmt.Fprintln(stdout, "ends")
		if manner == "stubborn" {
			select {}
		}
		return 0
	}))
}

// What signals the process and its group does not insist; a second Ctrl-C does, and so
// does the end of patience.
func TestInsist(t *testing.T) {
	for _, test := range []struct {
		again, patience, want time.Duration
	}{
		{0, time.Minute, time.Minute},
		{oneSignal - 1, time.Minute, time.Minute},
		{oneSignal, time.Minute, oneSignal},
		{time.Second, time.Minute, time.Second},
		{time.Second, oneSignal, oneSignal},
	} {
		synctest.Test(t, func(t *testing.T) {
			signals := make(chan os.Signal, 1)
			again := time.AfterFunc(test.again, func() { signals <- os.Interrupt })
			defer again.Stop()
			begin := time.Now()
			insist(signals, test.patience)
			if took := time.Since(begin); took != test.want {
				t.Errorf("again after %v, patience %v: %v, want %v", test.again, test.patience, took, test.want)
			}
		})
	}
}

// The first signal asks, the second ends the process.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals on windows")
	}
	for _, test := range []struct {
		manner string
		signal os.Signal
		exit   int
	}{
		{"orderly", os.Interrupt, 0},
		{"orderly", syscall.SIGTERM, 0},
		{"stubborn", os.Interrupt, 1},
		{"stubborn", syscall.SIGTERM, 1},
	} {
		t.Run(fmt.Sprint(test.manner, " ", test.signal), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), asProgram+"="+test.manner)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := func(want string) {
				got := make([]byte, len(want))
				if _, err := io.ReadFull(out, got); err != nil || string(got) != want {
					t.Fatalf("%q, %v", got, err)
				}
			}
			signal := func() {
				if err := cmd.Process.Signal(test.signal); err != nil {
					t.Fatal(err)
				}
			}
			said("runs\n")
			in.Close()
			said("goes on\n")
			signal()
			said("ends\n")
			ended := make(chan struct{})
			go func() {
				cmd.Wait()
				close(ended)
			}()
			for again := time.Tick(oneSignal); test.exit != 0; {
				select {
				case <-again:
					cmd.Process.Signal(test.signal) // it may have ended
					continue
				case <-ended:
				}
				break
			}
			<-ended
			if exit := cmd.ProcessState.ExitCode(); exit != test.exit {
				t.Errorf("exit status %d, want %d", exit, test.exit)
			}
		})
	}
}
