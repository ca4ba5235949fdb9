package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/protocol"
)

// graph draws the mini-protocols.
var graph = command{
	name:    "graph",
	summary: "Draws the mini-protocols that are named, or all, from the tables that the code runs.",
	examples: []string{
		"graph -format mermaid chain-sync",
		"graph -format markdown > docs/protocols.md",
	},
	setup: func(flags *flag.FlagSet) func(context.Context, []string, io.Writer) error {
		format := flags.String("format", "mermaid", "mermaid, dot, json, or markdown for a document with all limits")
		return func(_ context.Context, args []string, out io.Writer) error {
			specs, err := named(conformance.Protocols(), args)
			if err != nil {
				return err
			}
			return draw(out, *format, specs)
		}
	},
}

// named picks mini-protocols by their names; all if there are none.
func named(all []*protocol.Spec, names []string) ([]*protocol.Spec, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for _, spec := range all {
		known = append(known, spec.Name)
	}
	var specs []*protocol.Spec
	for _, name := range names {
		n := slices.Index(known, name)
		if n < 0 {
			return nil, fmt.Errorf("no mini-protocol %q: take one of %s", name, strings.Join(known, ", "))
		}
		specs = append(specs, all[n])
	}
	return specs, nil
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
	default:
		return fmt.Errorf("no format %q: take mermaid, dot, json or markdown", format)
	}
	return nil
}
