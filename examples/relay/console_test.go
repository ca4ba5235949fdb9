package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A terminal gets one line that changes, and whole lines above it.
func TestTerminal(t *testing.T) {
	var out bytes.Buffer
	c := &console{w: &out, stderr: &out, now: time.Now, columns: func() int { return 20 }}
	c.line("working")
	c.line("working") // nothing new
	c.event(event{text: "something"})
	c.event(event{text: "for programs", quiet: true})
	fmt.Fprintln(c.log(), "logged")
	c.line("a line that is wider than the terminal")
	c.close()
	c.event(event{text: "done"})
	want := "<working<something\n<working<logged\n<working<a line that is wi<done\n"
	if got := strings.ReplaceAll(out.String(), clearLine, "<"); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// A file gets a line now and then.
func TestFile(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	c := &console{w: &out, stderr: &out, now: func() time.Time { return now }}
	for i := range 1000 { // 100 s
		status := "working"
		if i < 100 {
			status = fmt.Sprint("block ", i)
		}
		c.line(status)
		now = now.Add(refresh)
	}
	want := "03:04:01 block 10\n03:04:06 block 60\n03:04:11 working\n03:05:11 working\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
