package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

// verdict is what came of a change.
type verdict struct {
	mutation
	compiles bool
	caught   string   // how, "" if no test noticed
	ran      []string // packages whose tests passed
	err      error    // the trial itself went wrong
}

// trials builds and runs tests.
type trials struct {
	module    *module
	dir       string // for files
	importers bool   // run their tests too
	slack     time.Duration

	mu     sync.Mutex
	limits map[string]*limit // by package
}

// limit is how long the tests of a package may take.
type limit struct {
	once sync.Once
	time time.Duration
	err  error
}

// try makes the change m in package p and runs tests until one fails.
func (t *trials) try(ctx context.Context, p string, m mutation) verdict {
	v := verdict{mutation: m}
	dir, err := os.MkdirTemp(t.dir, "change")
	if err != nil {
		v.err = err
		return v
	}
	defer os.RemoveAll(dir)
	overlay, err := writeOverlay(dir, t.module.root, map[string][]byte{m.file: m.apply()})
	if err != nil {
		v.err = err
		return v
	}
	build := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", os.DevNull, p)
	build.Dir = t.module.root
	if err := build.Run(); err != nil {
		v.err = ctx.Err()
		return v
	}
	v.compiles = true
	for _, test := range t.module.tests(p) {
		if test != p && !t.importers {
			break
		}
		longest, err := t.limit(ctx, test)
		if err != nil {
			v.err = err
			return v
		}
		v.caught, v.err = t.run(ctx, dir, test, overlay, longest)
		if v.caught != "" || v.err != nil {
			return v
		}
		v.ran = append(v.ran, t.module.rel(test))
	}
	return v
}

// limit returns how long the tests of a package may take: five times what they
// take without a change, and the slack, so that a busy machine is no failure.
func (t *trials) limit(ctx context.Context, test string) (time.Duration, error) {
	t.mu.Lock()
	l := t.limits[test]
	if l == nil {
		l = new(limit)
		t.limits[test] = l
	}
	t.mu.Unlock()
	l.once.Do(func() {
		dir, err := os.MkdirTemp(t.dir, "unchanged")
		if err != nil {
			l.err = err
			return
		}
		defer os.RemoveAll(dir)
		start := time.Now()
		failure, err := t.run(ctx, dir, test, "", 20*time.Minute)
		l.time = 5*time.Since(start) + t.slack
		switch {
		case err != nil:
			l.err = err
		case failure != "":
			l.err = fmt.Errorf("the tests of %s fail without a change: %s", t.module.rel(test), failure)
		}
	})
	return l.time, l.err
}

// failed finds the first test that failed in what a run printed.
var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// run builds and runs the tests of a package, with files replaced if overlay is
// not "". It returns how they fail, or "".
func (t *trials) run(ctx context.Context, dir, test, overlay string, longest time.Duration) (string, error) {
	rel := t.module.rel(test)
	binary := filepath.Join(dir, "test.exe")
	// Without debug information the linker is done sooner.
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, test)
	build.Dir = t.module.root
	if out, err := build.CombinedOutput(); err != nil {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if overlay == "" {
			return "", fmt.Errorf("the tests of %s do not compile: %s", rel, bytes.TrimSpace(out))
		}
		return rel + ", whose tests no longer compile", nil
	}
	defer os.Remove(binary)
	// The tests end by themselves before they are ended.
	ctx, cancel := context.WithTimeout(ctx, longest+10*time.Second)
	defer cancel()
	args := []string{binary, "-test.failfast", "-test.paniconexit0", "-test.timeout", longest.String()}
	if runtime.GOOS != "windows" {
		// A change may use memory without end.
		args = append([]string{"sh", "-c", `ulimit -v 8000000 2>/dev/null; exec "$@"`, "sh"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = filepath.Join(t.module.root, rel)
	cmd.WaitDelay = time.Second // for what the tests started
	// Tests that build programs build them with the change.
	if overlay != "" {
		cmd.Env = append(cmd.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	var out head
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch found := failed.FindSubmatch(out.text); {
	case err == nil:
		return "", nil
	case errors.Is(ctx.Err(), context.Canceled):
		return "", ctx.Err()
	case ctx.Err() != nil, bytes.Contains(out.text, []byte("panic: test timed out")):
		return fmt.Sprintf("%s, which takes more than %v", rel, longest.Round(time.Second)), nil
	case !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay):
		return "", err
	case found != nil:
		return fmt.Sprintf("%s %s", rel, found[1]), nil
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out.text)), "\n")
	return fmt.Sprintf("%s (%s)", rel, short(line)), nil
}

// head keeps the first 64 KB of what is written to it.
type head struct{ text []byte }

// Write keeps the first 64 KiB and drops the rest.
func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), 64<<10-len(h.text))]...)
	return len(p), nil
}
