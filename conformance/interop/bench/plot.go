package main

import (
	"fmt"
	"os"
	"time"

	"github.com/ouronet/ouronet/conformance/interop/line"
	"github.com/ouronet/ouronet/internal/testing/plot"
)

// What is drawn: round trips on an empty line, then beside blocks.
const (
	drawFrom = 3 * time.Second  // the blocks begin
	drawTo   = 10 * time.Second // the end
)

// draw writes a picture of how long keep-alives take on a line, before and while
// blocks fill it.
func draw(file string, columns []column) error {
	p := plot.Plot{
		Title: "A small message alone, and beside blocks on the same connection",
		X:     plot.Axis{Label: "seconds; blocks begin at 3", Max: drawTo.Seconds(), Ticks: []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		Y:     plot.Axis{Label: "round trip, ms", Min: 0.1, Max: 1000, Log: true, Ticks: []float64{0.1, 1, 10, 100, 1000}},
	}
	order := []int{1, 2, 0} // ours first
	for _, i := range order {
		c := columns[i]
		points, made, err := drawPings(c.stack)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		p.Lines = append(p.Lines, plot.Line{Name: c.name, Points: points})
		p.Note = fmt.Sprintf("Keep-alives beside blocks of 18 kB that fill a line of 20 Mbit/s; %s. Measured %s.", made, time.Now().Format(time.DateOnly))
	}
	return os.WriteFile(file, []byte(p.SVG()), 0o644)
}

// drawPings makes round trips, first on a connection where nothing else happens, then
// on one where blocks stream.
func drawPings(s stack) (points []plot.Point, made string, err error) {
	l, err := open(slowLine)
	if err != nil {
		return nil, "", err
	}
	defer l.Close()
	alone, err := drawPart(l, s, 0, drawFrom, false)
	if err != nil {
		return nil, "", err
	}
	beside, err := drawPart(l, s, drawFrom, drawTo, true)
	return append(alone, beside...), l.Made, err
}

// drawPart makes the round trips between two times, on a connection of their own.
func drawPart(l *line.Line, s stack, from, to time.Duration, blocks bool) (points []plot.Point, err error) {
	c := newChain(1000, 18_000)
	i, _, end, err := connectOver(l, s, c, options{beside: blocks})
	if err != nil {
		return nil, err
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if blocks {
			i.fetch(c.spans(1<<16, rangeSize)) // until end
		}
	}()
	defer func() {
		end()
		<-stopped
	}()
	for start := time.Now(); time.Since(start) < to-from; time.Sleep(20 * time.Millisecond) {
		sent := time.Now()
		if err := i.ping(); err != nil {
			return nil, err
		}
		points = append(points, plot.Point{X: (from + sent.Sub(start)).Seconds(), Y: float64(time.Since(sent)) / 1e6})
	}
	return points, nil
}
