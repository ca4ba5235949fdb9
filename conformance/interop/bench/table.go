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
	once bool   // what is measured does not vary
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
		results, err := r.best(columns)
		if err != nil {
			fmt.Fprintln(w)
			return fmt.Errorf("%s, %w", r.name, err)
		}
		for i, res := range results {
			fmt.Fprintf(w, " %s |", cell(res, results[0].value, i > 0, r.less))
		}
		fmt.Fprintln(w)
	}
	return nil
}

// best runs the stacks in turns and keeps the best result of each: others use
// the machine too, and should not slow down one stack only.
func (r row) best(columns []column) ([]result, error) {
	best := make([]result, len(columns))
	for round := range *rounds {
		for i, c := range columns {
			res, err := r.run(c.stack)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round == 0 || (res.value < best[i].value) == r.less {
				best[i] = res
			}
		}
		if r.once {
			break
		}
	}
	return best, nil
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
