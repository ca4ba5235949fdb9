package plot

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestSVG(t *testing.T) {
	p := &Plot{
		Title: "a < b & c", Note: "note",
		X: Axis{Label: "seconds", Max: 10, Ticks: []float64{0, 5, 10}},
		Y: Axis{Label: "ms", Min: 1, Max: 10_000, Log: true, Ticks: []float64{1, 100, 10_000}},
		Lines: []Line{
			{"one", []Point{{0, 1}, {5, 100}, {10, 10_000}}},
			{"beyond", []Point{{-5, 0}, {20, 1e9}}},
			{Name: "none"},
		},
	}
	text := p.SVG()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		_, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// From the corner at the left and bottom to that at the right and top, through
	// the middle; what is beyond stays at the edges.
	for _, want := range []string{`d="M64 268L384 165L704 62"`, `d="M64 268L704 62"`, `>10,000</text>`, `a &lt; b &amp; c`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}
