package main

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"go.uber.org/zap/zapcore"
)

// logged returns what is written of some entries, with T for the times.
func logged(l *levels, json bool, log func(*slog.Logger)) string {
	var out bytes.Buffer
	log(newLogger(l, zapcore.AddSync(&out), json))
	return regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d{4})`).ReplaceAllString(out.String(), "T")
}

func newLevels(t *testing.T, s string) *levels {
	t.Helper()
	l := new(levels)
	l.init()
	if err := l.flag(s); err != nil {
		t.Fatal(err)
	}
	return l
}

// The lines of the log, as zap writes them: every kind of value there is.
func TestLogLines(t *testing.T) {
	log := func(l *slog.Logger) {
		ctx := t.Context()
		follow := logging.Of(l, logging.Follow)
		follow.LogAttrs(ctx, slog.LevelWarn, "lost peer", slog.String("peer", "a:1"), slog.Any("error", errors.New(`"gone"`)),
			slog.Bool("blame", true), slog.Duration("retry", 1500*time.Millisecond))
		follow.LogAttrs(ctx, slog.LevelError, "worse", slog.Any("not", []string{"stake", "ledger rules"}), slog.Uint64("version", 15))
	}
	l := newLevels(t, "debug")
	want := `T	warn	lost peer	{"part": "follow", "peer": "a:1", "error": "\"gone\"", "blame": true, "retry": 1.5}
T	error	worse	{"part": "follow", "not": ["stake", "ledger rules"], "version": 15}
`
	if got := logged(l, false, log); got != want {
		t.Errorf("text:\n%swant\n%s", got, want)
	}
	want = `{"level":"warn","ts":"T","msg":"lost peer","part":"follow","peer":"a:1","error":"\"gone\"","blame":true,"retry":1.5}
{"level":"error","ts":"T","msg":"worse","part":"follow","not":["stake","ledger rules"],"version":15}
`
	if got := logged(l, true, log); got != want {
		t.Errorf("JSON:\n%swant\n%s", got, want)
	}
}

// Each part has the level that it was given, and those not named the one for all.
// A logger that was made before has it, too.
func TestLevelsOfParts(t *testing.T) {
	names := []string{"debug", "info", "warn", "error"}
	l := newLevels(t, "error")
	passed := func(part string) (levels string) {
		log := newLogger(l, zapcore.AddSync(new(bytes.Buffer)), false)
		if part != "" {
			log = logging.Of(log, part).With("more", 1)
		}
		for _, name := range names {
			if log.Enabled(t.Context(), levelOf[name]) {
				levels += name[:1]
			}
		}
		return levels
	}
	var out bytes.Buffer
	old := logging.Of(newLogger(l, zapcore.AddSync(&out), false), logging.Serve)
	for _, test := range []struct{ set, rest, follow, serve, written string }{
		{"error", "e", "e", "e", "error"},
		{"info,follow=debug", "iwe", "diwe", "iwe", "info,follow=debug"},
		{"follow=debug", "e", "diwe", "e", "error,follow=debug"},
		{"follow=off serve=info\nwarn", "we", "", "iwe", "warn,serve=info,follow=off"},
		{"off,serve=error,follow=off", "", "", "e", "off,serve=error"},
		{"", "e", "e", "e", "error"},
	} {
		if err := l.set(test.set); err != nil {
			t.Error(err)
		}
		if rest, follow, serve := passed(""), passed(logging.Follow), passed(logging.Serve); rest != test.rest || follow != test.follow || serve != test.serve {
			t.Errorf("%q: %q, follow %q, serve %q", test.set, rest, follow, serve)
		}
		if old.Enabled(t.Context(), slog.LevelInfo) != strings.Contains(test.serve, "i") {
			t.Errorf("%q: a logger that was made before did not change", test.set)
		}
		if l.String() != test.written {
			t.Errorf("%q is %q", test.set, l)
		}
		if again := newLevels(t, l.String()); again.String() != l.String() {
			t.Errorf("%q is read as %q", l, again)
		}
	}
	for _, test := range []struct{ set, want string }{
		{"loud", "give debug, info, warn, error or off"},
		{"info,loud", `"loud": give debug, info, warn, error or off`},
		{"debug,follow=", `"follow=": give debug, info, warn, error or off`},
		{"debug,chain=info", `"chain=info": the parts are connections, serve, follow, verification, folder`},
		{"debug,=info", `"=info": the parts are connections, serve, follow, verification, folder`},
	} {
		if err := l.set(test.set); err == nil || err.Error() != test.want || l.String() != "error" {
			t.Errorf("%q: %v, and the levels are %q", test.set, err, l)
		}
	}
}

// A level that is off costs nothing, with the levels of parts between slog and zap.
func TestLogOffAllocatesNothing(t *testing.T) {
	l := newLevels(t, "debug,follow=off")
	log := logging.Of(newLogger(l, zapcore.AddSync(new(bytes.Buffer)), false), logging.Follow)
	ctx, err := t.Context(), errors.New("gone")
	if n := testing.AllocsPerRun(100, func() {
		log.LogAttrs(ctx, slog.LevelWarn, "lost peer", slog.String("peer", "a:1"), slog.Any("error", err), slog.Bool("blame", true))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The file of levels is read again on SIGHUP: what is wrong in it is told, and
// changes nothing.
func TestLevelsChangeWhileItRuns(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals on windows")
	}
	file := filepath.Join(t.TempDir(), "levels")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("off\n")
	p := start(t, "-log-level", "@"+file, "-peer", upstream(t, newChain(1).Grow(10)))
	address := p.named("start").Listen
	p.named("tip") // it is connected to its peer, which is not logged
	visit := func() {
		t.Helper()
		conn, err := node.Dial(t.Context(), address, node.Config{Network: ledger.Preview})
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		p.named("left")
	}
	visit() // which is not logged
	for _, test := range []struct{ text, levels, err string }{
		{"error\nserve=info connections=debug\n", "error,connections=debug,serve=info", ""},
		{"loud\n", "error,connections=debug,serve=info", file + `: "loud": give debug, info, warn, error or off`},
		{"off verification=info\n", "off,verification=info", ""},
	} {
		write(test.text)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if e := p.named("log_level"); e.Levels != test.levels || e.Error != test.err {
			t.Errorf("%q: %q, error %q", test.text, e.Levels, e.Error)
		}
		visit() // which is logged twice, while connections are
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if exit := p.end(); exit != 0 || strings.Count(p.stderr.String(), `"version":15,"duplex":false}`) != 2 { // the node upstream may connect before or after
		t.Errorf("exit status %d, %s", exit, p.stderr.String())
	}
}

// Without a file that can be read, the relay does not start.
func TestLevelsFile(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("debug, loud"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ file, want string }{
		{filepath.Join(dir, "none"), "no such file"},
		{bad, `"loud": give debug, info, warn, error or off`},
	} {
		exit, out, errs := runProgram(t, "-network", "preview", "-peer", "none", "-log-level", "@"+test.file)
		if exit != 2 || out != "" || !strings.Contains(errs, test.file) || !strings.Contains(errs, test.want) {
			t.Errorf("exit status %d, %q, %q", exit, out, errs)
		}
	}
}
