//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// line is one of the table. cell returns what was measured; met, if not nil,
// whether that reaches the goal, which is a ✓ or a ✗, or a ? where the machine was
// too busy to tell.
type line struct {
	what, goal string
	cell       func(report) string
	met        func(report) bool
	noisy      func(report) bool // if not nil: whether the machine decides it
}

var lines = []line{
	{what: "header at an honest follower, p50: alone; beside honest peers; beside all; alone again", cell: func(r report) string {
		return r.each(func(p part) string { return ms(quantile(p.headers, 0.5)) })
	}},
	{what: "the same, p90", cell: func(r report) string {
		return r.each(func(p part) string { return ms(quantile(p.headers, 0.9)) })
	}},
	{what: "the same, p99", goal: "beside all ≤ 3 × alone", cell: func(r report) string {
		return r.each(func(p part) string { return ms(quantile(p.headers, 0.99)) }) + fmt.Sprintf(" (%.1f ×)", r.slower())
	}, met: func(r report) bool { return r.slower() <= 3 && r.parts[beside].lost == 0 }, noisy: report.noisy},
	{what: "how late timers wake the measuring process (the machine), p99", cell: func(r report) string {
		return r.each(func(p part) string { return ms(quantile(p.stalls, 0.99)) })
	}},
	{what: "headers that did not come; ends of the follower's connection", goal: "0; 0", cell: func(r report) string {
		return fmt.Sprintf("%d; %d", r.lost(), len(r.dropped))
	}, met: func(r report) bool { return r.lost() == 0 && len(r.dropped) == 0 }},
	{what: "honest peers of the crowd that were refused or cut off", goal: "0", cell: func(r report) string {
		return fmt.Sprint(r.cutOff())
	}, met: func(r report) bool { return r.cutOff() == 0 }},
	{what: "newcomers: in, of all", goal: "all", cell: func(r report) string {
		return r.each(func(p part) string {
			return fmt.Sprintf("%d of %d", len(p.newcomers), len(p.newcomers)+p.refused)
		})
	}, met: func(r report) bool {
		return !slices.ContainsFunc(r.parts[:], func(p part) bool { return p.refused > 0 })
	}},
	{what: "a newcomer's dial, handshake, intersection: median", cell: func(r report) string {
		return r.each(func(p part) string { return ms(quantile(p.newcomers, 0.5)) })
	}},
	{what: "the same, longest", cell: func(r report) string {
		return r.each(func(p part) string { return ms(quantile(p.newcomers, 1)) })
	}},
	{what: "memory of the server (RSS), most", goal: "≤ 200 MB", cell: func(r report) string {
		return r.each(func(p part) string { return fmt.Sprintf("%.0f MB", float64(p.rss)/1e6) })
	}, met: func(r report) bool { return r.parts[beside].rss <= 200e6 }},
	{what: "processor time of the server, cores", cell: func(r report) string {
		return r.each(func(p part) string { return fmt.Sprintf("%.2f", p.cpu) })
	}},
}

// each joins a figure of all phases.
func (r report) each(f func(part) string) string {
	var s []string
	for _, p := range r.parts {
		s = append(s, f(p))
	}
	return strings.Join(s, "; ")
}

// slower is how many times as late as before headers are beside the load.
func (r report) slower() float64 {
	undisturbed := quantile(r.parts[before].headers, 0.99)
	return float64(quantile(r.parts[beside].headers, 0.99)) / float64(max(undisturbed, 1))
}

// noisy reports whether the machine itself makes this process wait so long that
// figures of single milliseconds say nothing about the server.
func (r report) noisy() bool {
	const quiet = 2 * time.Millisecond
	return quantile(r.parts[before].stalls, 0.99) > quiet || quantile(r.parts[beside].stalls, 0.99) > quiet
}

func (r report) lost() int {
	n := 0
	for _, p := range r.parts {
		n += p.lost
	}
	return n
}

func (r report) cutOff() int64 {
	n := int64(0)
	for _, k := range r.crowd {
		if k.Honest {
			n += k.Refused + k.Ended
		}
	}
	return n
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

func printTable(w io.Writer, names []string, reports []report) error {
	fmt.Fprintf(w, "| what | goal | %s |\n|%s\n", strings.Join(names, " | "), strings.Repeat(" --- |", 2+len(names)))
	for _, l := range lines {
		fmt.Fprintf(w, "| %s | %s |", l.what, l.goal)
		for _, r := range reports {
			mark := ""
			if l.met != nil {
				mark = "✗ "
				switch {
				case l.noisy != nil && l.noisy(r):
					mark = "? "
				case l.met(r):
					mark = "✓ "
				}
			}
			fmt.Fprintf(w, " %s%s |", mark, l.cell(r))
		}
		fmt.Fprintln(w)
	}
	return nil
}
