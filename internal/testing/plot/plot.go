package plot

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// A Plot is a picture with at most four lines.
type Plot struct {
	Title string // what is seen, in one sentence
	Note  string // how it was made, in small print
	X, Y  Axis
	Lines []Line
}

// An Axis goes from Min to Max, with a mark at each of Ticks. A logarithmic one has a
// Min above 0.
type Axis struct {
	Label    string // with the unit
	Min, Max float64
	Ticks    []float64
	Log      bool
}

// A Line goes through points, in their order. Points outside the axes are drawn at
// their edge.
type Line struct {
	Name   string
	Points []Point
}

// A Point has the units of the axes.
type Point struct{ X, Y float64 }

// The picture, in pixels.
const (
	width, height            = 720, 320
	left, right, top, bottom = 64, 16, 62, 52
)

// style has colours that differ in lightness too, and dashes, for those who do not tell
// colours apart.
const style = `
.page{fill:#fff}text{fill:#1f2328;font:13px system-ui,sans-serif}.title{font-weight:600;font-size:15px}.note{font-size:11px}
.grid{stroke:#d1d9e0}.line{fill:none;stroke-width:2;stroke-linejoin:round}
.c0{stroke:#0969da}.c1{stroke:#bc4c00;stroke-dasharray:7 3}.c2{stroke:#6e7781;stroke-dasharray:2 3}.c3{stroke:#1a7f37;stroke-dasharray:9 3 2 3}
@media(prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}.grid{stroke:#3d444d}
.c0{stroke:#58a6ff}.c1{stroke:#f0883e}.c2{stroke:#9198a1}.c3{stroke:#56d364}}
`

// at returns where v is on the axis: 0 at its beginning, 1 at its end.
func (a Axis) at(v float64) float64 {
	v = min(max(v, a.Min), a.Max)
	if a.Log {
		return (math.Log(v) - math.Log(a.Min)) / (math.Log(a.Max) - math.Log(a.Min))
	}
	return (v - a.Min) / (a.Max - a.Min)
}

func (p *Plot) x(v float64) string { return pixels(left + p.X.at(v)*(width-left-right)) }
func (p *Plot) y(v float64) string { return pixels(height - bottom - p.Y.at(v)*(height-top-bottom)) }

func pixels(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// SVG returns the picture. It ends with a newline.
func (p *Plot) SVG() string {
	var b strings.Builder
	text := func(x, y, attrs, s string) {
		fmt.Fprintf(&b, "<text x=%q y=%q%s>%s</text>\n", x, y, attrs, html.EscapeString(s))
	}
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", width, height, html.EscapeString(p.Title))
	fmt.Fprintf(&b, "<style>%s</style>\n<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", style, width, height)
	text("12", "22", ` class="title"`, p.Title)
	for _, v := range p.X.Ticks {
		x := p.x(v)
		fmt.Fprintf(&b, "<path class=\"grid\" d=\"M%s %dV%d\"/>\n", x, top, height-bottom)
		text(x, strconv.Itoa(height-bottom+17), ` text-anchor="middle"`, number(v))
	}
	for _, v := range p.Y.Ticks {
		y := p.y(v)
		fmt.Fprintf(&b, "<path class=\"grid\" d=\"M%d %sH%d\"/>\n", left, y, width-right)
		text(strconv.Itoa(left-6), y, ` text-anchor="end" dominant-baseline="middle"`, number(v))
	}
	text(strconv.Itoa(width-right), strconv.Itoa(height-bottom+33), ` text-anchor="end"`, p.X.Label)
	text("16", strconv.Itoa((top+height-bottom)/2), fmt.Sprintf(` text-anchor="middle" transform="rotate(-90 16 %d)"`, (top+height-bottom)/2), p.Y.Label)
	text("12", strconv.Itoa(height-8), ` class="note"`, p.Note)
	for i, l := range p.Lines {
		at := 12 + i*(width-24)/max(len(p.Lines), 1)
		fmt.Fprintf(&b, "<path class=\"line c%d\" d=\"M%d 42h28\"/>\n", i, at)
		text(strconv.Itoa(at+34), "46", "", l.Name)
		fmt.Fprintf(&b, "<path class=\"line c%d\" d=\"", i)
		for n, point := range l.Points {
			fmt.Fprintf(&b, "%c%s %s", "ML"[min(n, 1)], p.x(point.X), p.y(point.Y))
		}
		b.WriteString("\"/>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// number writes thousands apart.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if v >= 1000 && v == math.Trunc(v) {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}
