package follow_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/plot"
	"github.com/ouronet/ouronet/ledger"
)

var update = flag.Bool("update", false, "draw docs/dripping-peer.svg anew")

// The picture of a sync beside a peer that drips is what this code does, and the sync
// takes as long as without that peer.
func TestDrippingPeerPicture(t *testing.T) {
	const (
		blocks, size = 5400, 1500
		end          = 4 * time.Second
		step         = 50 * time.Millisecond
		drips        = 300 // blocks that come at full speed before
	)
	// sync counts the blocks that have come after each step.
	sync := func(honest, dripping bool) (points []plot.Point) {
		synctest.Test(t, func(t *testing.T) {
			c, chain := newCity(t), cityChain(size).Grow(blocks)
			if dripping {
				var sent atomic.Int64
				c.serve("near", chain, func(b ledger.RawBlock) time.Duration {
					if sent.Add(1) <= drips {
						return 0
					}
					return time.Duration(len(b)) * time.Second / 200
				})
			}
			if honest {
				c.serve("far", chain, nil)
			}
			tips, over, n := c.follow(), time.After(end+step/2), 0.0
			tick := time.NewTicker(step)
			defer tick.Stop()
			start := time.Now()
			points = append(points, plot.Point{})
			for {
				select {
				case <-tips:
					n++
				case now := <-tick.C:
					points = append(points, plot.Point{X: now.Sub(start).Seconds(), Y: n})
				case <-over:
					return
				}
			}
		})
		return points
	}
	p := plot.Plot{
		Title: "A sync from an honest peer beside one that drips",
		Note:  "Blocks of 1.5 kB. The honest peer sends 5 MB/s at 25 ms; the dripping one, at 1 ms, 200 B/s after 300 blocks. Virtual time.",
		X:     plot.Axis{Label: "seconds", Max: 4, Ticks: []float64{0, 1, 2, 3, 4}},
		Y:     plot.Axis{Label: "blocks", Max: 6000, Ticks: []float64{0, 2000, 4000, 6000}},
		Lines: []plot.Line{
			{Name: "both peers", Points: sync(true, true)},
			{Name: "the honest peer alone", Points: sync(true, false)},
			{Name: "the dripping peer alone", Points: sync(false, true)},
		},
	}
	if beside, alone := complete(p.Lines[0].Points, blocks), complete(p.Lines[1].Points, blocks); beside > alone*1.2 {
		t.Errorf("the sync takes %.2f s, without the dripping peer %.2f s", beside, alone)
	}
	holdPicture(t, "dripping-peer.svg", p.SVG())
}

// complete returns when a line gets to y, +Inf if it does not.
func complete(line []plot.Point, y float64) float64 {
	for _, p := range line {
		if p.Y >= y {
			return p.X
		}
	}
	return math.Inf(1)
}

// holdPicture compares a picture of docs with what would be drawn now. Events of one
// instant come in any order, which decides when a range of the slow peer is asked of the
// other one: lines may differ by what that takes, a third of a second.
func holdPicture(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	drawn, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := coordinate.FindAllString(string(drawn), -1), coordinate.FindAllString(text, -1)
	if coordinate.ReplaceAllString(string(drawn), "") != coordinate.ReplaceAllString(text, "") || len(was) != len(is) {
		t.Fatalf("%s is stale: go test ./node/follow -run DrippingPeerPicture -update", name)
	}
	far := 0.0
	for i := range was {
		a, _ := strconv.ParseFloat(was[i], 64)
		b, _ := strconv.ParseFloat(is[i], 64)
		far = max(far, math.Abs(a-b))
	}
	t.Logf("%s differs by at most %.1f pixels", name, far)
	if far > 60 {
		t.Errorf("%s shows what was otherwise by %.1f pixels: go test ./node/follow -run DrippingPeerPicture -update", name, far)
	}
}

var coordinate = regexp.MustCompile(`\d+(\.\d+)?`)
