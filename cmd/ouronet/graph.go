package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/protocol"
)

// graph draws the mini-protocols.
var graph = cli.Program{
	Name: "ouronet graph", Path: "go run ./cmd/ouronet graph",
	About: "Draws the mini-protocols that are named, or all, from the tables that the code runs.",
	Examples: []string{
		"-format mermaid chain-sync",
		"-format markdown > docs/protocols.md",
	},
	Setup: func(c *cli.Command) cli.Run {
		var specs protocols
		format := c.Choice("format", "mermaid", []string{"mermaid", "dot", "json", "markdown"},
			"`FORMAT`: mermaid, dot, json, or markdown for a document with all limits")
		c.Rest(&specs, "MINI-PROTOCOL")
		return func(_ context.Context, out io.Writer) error {
			if len(specs) == 0 {
				specs = conformance.Protocols()
			}
			return draw(out, *format, specs)
		}
	},
}

// protocols are mini-protocols by their names.
type protocols []*protocol.Spec

// String is empty, so that the help shows no default: without names all are printed.
func (p *protocols) String() string { return "" }

// Set adds the one that is called name.
func (p *protocols) Set(name string) error {
	var known []string
	for _, spec := range conformance.Protocols() {
		if spec.Name == name {
			*p = append(*p, spec)
			return nil
		}
		known = append(known, spec.Name)
	}
	return fmt.Errorf("give one of %s", strings.Join(known, ", "))
}

func draw(out io.Writer, format string, specs []*protocol.Spec) error {
	switch format {
	case "mermaid":
		for _, spec := range specs {
			// A comment, so that diagrams in one file can be told apart.
			fmt.Fprintf(out, "%%%% %s\n%s", spec.Name, conformance.Mermaid(spec))
		}
	case "dot":
		for _, spec := range specs {
			fmt.Fprint(out, conformance.DOT(spec))
		}
	case "json":
		tables := make([]conformance.Table, len(specs))
		for i, spec := range specs {
			tables[i] = conformance.TableOf(spec)
		}
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(tables)
	case "markdown":
		fmt.Fprint(out, conformance.Markdown(specs))
	}
	return nil
}
