package chainsync_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

var update = flag.Bool("update", false, "write what happens into the scenario files")

// side is the driver that a scenario is about.
type side struct {
	role protocol.Role

	// start begins a conversation on t. Lines for the transcript go to say.
	// What it returns does one command; goroutines it starts end with ctx.
	start func(ctx context.Context, t protocol.Transport, say func(format string, args ...any)) (do func(ctx context.Context, command string))
}

// playAll plays the files that match pattern, each as a test of its own.
//
// A scenario is a file whose first line is a comment that says what it shows.
// The other lines are what happens from outside, each followed by what the
// driver does about it:
//
//	do COMMAND    our program does something
//	< MESSAGE     the peer sends something
//	wait 10s      time passes
//	cancel        the context of the command ends
//	close         the connection ends
//	> MESSAGE     we send something
//	= RESULT      our program sees something
//
// A line that comes several times in a row is written once with (n times). Time
// is that of testing/synctest. With the flag -update the files are written
// instead of compared: read what changed.
func playAll(t *testing.T, pattern string, side side) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios in %s (%v)", pattern, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
			if !strings.HasPrefix(lines[0], "# ") {
				t.Fatalf("%s does not begin with a comment that says what it shows", path)
			}
			var got []string
			synctest.Test(t, func(t *testing.T) { got = play(t, side, lines) })
			compare(t, path, lines, got)
		})
	}
}

// compare holds what happened against the file, or writes it there.
func compare(t *testing.T, path string, want, got []string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Error(err)
		}
		return
	}
	for i := range max(len(want), len(got)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("%s:%d is not what happened:\n%s", path, i+1, strings.Join(got, "\n"))
			return
		}
	}
}

// transcript collects what a driver does; several goroutines write to it.
type transcript struct {
	mu    sync.Mutex
	lines []string
}

func (tr *transcript) add(line string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.lines = append(tr.lines, line)
}

// take returns what was added since the last call, repetitions counted.
func (tr *transcript) take() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var out []string
	for i := 0; i < len(tr.lines); {
		n := 1
		for i+n < len(tr.lines) && tr.lines[i+n] == tr.lines[i] {
			n++
		}
		line := tr.lines[i]
		if n > 1 {
			line += fmt.Sprintf(" (%d times)", n)
		}
		out = append(out, line)
		i += n
	}
	tr.lines = nil
	return out
}

// play does what the lines say and returns them with what came of it.
func play(t *testing.T, side side, lines []string) (happened []string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ours, peer := pipe.New()
	tr := new(transcript)
	say := func(format string, args ...any) { tr.add("= " + fmt.Sprintf(format, args...)) }
	do := side.start(ctx, &recorder{ours, side, tr}, say)

	var busy chan struct{} // the running command
	stop := func() {}
	for n, line := range lines {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case ">", "=":
			continue // what should come of it
		case "", "#":
		case "do":
			if busy != nil {
				select {
				case <-busy:
				default:
					t.Fatalf("line %d: the command before still runs", n+1)
				}
			}
			var running context.Context
			running, stop = context.WithCancel(ctx)
			done := make(chan struct{})
			busy = done
			go func() {
				defer close(done)
				do(running, rest)
			}()
		case "<":
			messages, err := parseMessages(rest)
			if err != nil {
				t.Fatalf("line %d: %v", n+1, err)
			}
			for _, m := range messages {
				if err := peer.Send(ctx, m.AppendCBOR(nil), nil); err != nil {
					t.Fatalf("line %d: %v", n+1, err)
				}
				synctest.Wait()
			}
		case "wait":
			d, err := time.ParseDuration(rest)
			if err != nil {
				t.Fatalf("line %d: %v", n+1, err)
			}
			time.Sleep(d)
		case "cancel":
			stop()
		case "close":
			peer.Close()
		default:
			t.Fatalf("line %d: %q is not known", n+1, word)
		}
		synctest.Wait()
		happened = append(append(happened, line), tr.take()...)
	}
	stop()
	return happened
}

// recorder writes what is sent into the transcript.
type recorder struct {
	*pipe.End
	side side
	tr   *transcript
}

// Send implements protocol.Transport.
func (r *recorder) Send(ctx context.Context, head, body []byte) error {
	r.tr.add("> " + r.side.print(append(append([]byte(nil), head...), body...)))
	return r.End.Send(ctx, head, body)
}

// print finds the message of ours that raw is.
func (s side) print(raw []byte) string {
	for _, state := range chainsync.Spec().States {
		for _, e := range state.Edges {
			if state.Agency != s.role {
				continue
			}
			if m, err := e.Msg.Decode(raw); err == nil {
				return printMessage(m)
			}
		}
	}
	return fmt.Sprintf("%x", raw)
}

// describe says whose fault an error is, without what differs from run to run.
func describe(err error) string {
	var v *protocol.ViolationError
	switch {
	case err == nil:
		return "ended in order"
	case errors.Is(err, protocol.ErrTimeout):
		return "the peer's fault: " + protocol.ErrTimeout.Error()
	case errors.As(err, &v) && v.Message != "":
		return fmt.Sprintf("the peer's fault, %s: %v", v.Message, v.Err)
	case errors.As(err, &v):
		return fmt.Sprintf("the peer's fault: %v", v.Err)
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return err.Error()
}
