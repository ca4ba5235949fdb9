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
	c := &console{w: stdout, stderr: stderr, now: time.Now}
	if isTerminal(stdout) {
		c.columns = func() int { return width(stdout.(*os.File)) }
	}
	return c
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
	stderr  io.Writer
	now     func() time.Time
	columns func() int // of the terminal, 0 if unknown; nil if w is none

	mu     sync.Mutex
	w      io.Writer
	status string // that is shown, "" if none
	last   string // status written last, and when
	wrote  time.Time
}

// clearLine empties the line that the cursor is in.
const clearLine = "\r\x1b[K"

// defaultColumns is for terminals that do not tell.
const defaultColumns = 80

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

// show draws the status line. It is cut to the width of the terminal, with room
// for an echoed ^C: a line that wraps could not be written over.
func (c *console) show() {
	columns := c.columns()
	if columns <= 0 {
		columns = defaultColumns
	}
	text := []rune(c.status)
	fmt.Fprint(c.w, clearLine+string(text[:max(0, min(len(text), columns-3))]))
}

func (c *console) line(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.columns != nil {
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
		fmt.Fprint(c.w, clearLine)
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
