package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// logWriter takes the lines of the log.
type logWriter = zapcore.WriteSyncer

// lineEvery is how often the status is written where it cannot be updated in
// place: while there is progress, and otherwise.
const (
	lineEvery = 5 * time.Second
	idleEvery = time.Minute
)

func newOutput(o *options, stdout, stderr io.Writer) output {
	if o.json {
		return &jsonOutput{w: stdout, stderr: stderr}
	}
	return &console{w: stdout, stderr: stderr, live: isTerminal(stdout), now: time.Now}
}

// isTerminal reports whether w can update a line in place.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	if runtime.GOOS == "windows" && os.Getenv("WT_SESSION") == "" {
		return false // older consoles do not know the sequences below
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// console writes for people.
type console struct {
	stderr io.Writer
	now    func() time.Time

	mu     sync.Mutex
	w      io.Writer
	live   bool   // a terminal
	status string // that is shown, "" if none
	last   string // status written last, and when
	wrote  time.Time
}

const (
	// The status line is cut at the right margin: one that wraps could not be
	// written over.
	wrapOff, wrapOn = "\x1b[?7l", "\x1b[?7h"
	clearLine       = "\r\x1b[K"
)

func (c *console) event(e event) {
	if e.text == "" || e.quiet {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.above(func() { fmt.Fprintln(c.w, e.text) })
}

// above writes whole lines above the status line.
func (c *console) above(write func()) {
	if c.status == "" {
		write()
		return
	}
	fmt.Fprint(c.w, clearLine)
	write()
	c.show()
}

func (c *console) show() { fmt.Fprint(c.w, clearLine+wrapOff+c.status+wrapOn) }

func (c *console) line(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		if text != c.status {
			c.status = text
			c.show()
		}
		return
	}
	now := c.now()
	if c.wrote.IsZero() { // there is not much to say in the first second
		c.wrote = now.Add(time.Second - lineEvery)
	}
	if age := now.Sub(c.wrote); age >= idleEvery || age >= lineEvery && text != c.last {
		fmt.Fprintln(c.w, now.UTC().Format("15:04:05"), text)
		c.last, c.wrote = text, now
	}
}

func (c *console) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status != "" {
		fmt.Fprintln(c.w)
		c.status = ""
	}
}

func (c *console) log() logWriter { return c }

// Write writes a line of the log.
func (c *console) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.above(func() { n, err = c.stderr.Write(p) })
	return n, err
}

// Sync implements logWriter.
func (c *console) Sync() error { return nil }
