package main

import (
	"fmt"
	"io"
	"strings"
)

// row is one line of the table.
type row struct {
	name string
	goal string // of ouronet, from DESIGN
	less bool   // less is better: the ratio is a multiple of the baseline
	run  func(stack) (result, error)
}

// result is a row's number for one stack.
type result struct {
	value float64 // for the ratio
	text  string  // the value, with its unit
	notes string  // allocations and the like
}

// column is a stack in the table.
type column struct {
	name  string
	stack stack
}

// print runs the rows and writes a Markdown table. The first column is what
// the others are compared with.
func print(w io.Writer, rows []row, columns []column) error {
	head, line := "| what | goal |", "| --- | --- |"
	for _, c := range columns {
		head += " " + c.name + " |"
		line += " --- |"
	}
	fmt.Fprintln(w, head)
	fmt.Fprintln(w, line)
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s |", r.name, r.goal)
		var base float64
		for i, c := range columns {
			res, err := r.run(c.stack)
			if err != nil {
				fmt.Fprintln(w)
				return fmt.Errorf("%s, %s: %w", r.name, c.name, err)
			}
			if i == 0 {
				base = res.value
			}
			fmt.Fprintf(w, " %s |", cell(res, base, i > 0, r.less))
		}
		fmt.Fprintln(w)
	}
	return nil
}

func cell(r result, base float64, compare, less bool) string {
	var parts []string
	if ratio := r.value / base; compare && less {
		parts = append(parts, fmt.Sprintf("**%.3g ×**", ratio))
	} else if compare {
		parts = append(parts, fmt.Sprintf("**%.3g %%**", 100*ratio))
	}
	parts = append(parts, r.text)
	if r.notes != "" {
		parts = append(parts, r.notes)
	}
	return strings.Join(parts, ", ")
}
