package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// row is one line of the table.
type row struct {
	name string
	goal string                             // of ouronet, from DESIGN
	met  func(r result, ratio float64) bool // nil without a goal
	less bool                               // less is better: the ratio is a multiple of the baseline
	once bool                               // what is measured does not vary
	run  func(stack) (result, error)
}

// result is a row's number for one stack.
type result struct {
	value float64 // for the ratio
	text  string  // the value, with its unit
	notes string  // allocations and the like

	// What goals are about beside the value; zero where not measured.
	allocs     float64 // an operation, of the side that has more
	size       float64 // bytes allocated a block, in sizes of the block
	goroutines float64
	tail       float64 // seconds, the 99th percentile
	share      float64 // of the line's rate
}

// errNone says that a row is not for a stack.
var errNone = errors.New("not measured")

// column is a stack in the table.
type column struct {
	name  string
	stack stack
	ours  bool // the goals are for this one

	// retries is how often a measurement that fails is made again.
	retries int
}

// print runs the rows and writes a Markdown table. The first column is what
// the others are compared with. It returns how many goals were met and missed.
func print(w io.Writer, rows []row, columns []column) (met, missed int, err error) {
	head, line := "| what | goal |", "| --- | --- |"
	for _, c := range columns {
		head += " " + c.name + " |"
		line += " --- |"
	}
	fmt.Fprintln(w, head)
	fmt.Fprintln(w, line)
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s |", r.name, r.goal)
		cells, err := r.measure(columns)
		if err != nil {
			fmt.Fprintln(w)
			return met, missed, fmt.Errorf("%s, %w", r.name, err)
		}
		for i, c := range cells {
			mark := ""
			switch {
			case c == nil:
				fmt.Fprint(w, " – |")
				continue
			case r.met == nil || !columns[i].ours:
			case r.met(c.result, c.ratio):
				mark = "✓ "
				met++
			default:
				mark = "✗ "
				missed++
			}
			fmt.Fprintf(w, " %s%s |", mark, c.text(i > 0 && cells[0] != nil, r.less))
		}
		fmt.Fprintln(w)
	}
	return met, missed, nil
}

// cell is a result with its ratio to the baseline of the same round.
type cell struct {
	result
	ratio float64
}

// measure runs the stacks in turns, since others use the machine too, and
// keeps the round with the median ratio of each; of the baseline, that with
// the median value. A nil cell was not measured.
func (r row) measure(columns []column) ([]*cell, error) {
	n := *rounds
	if r.once {
		n = 1
	}
	all := make([][]cell, len(columns))
	for range n {
		base := 0.0
		for i, c := range columns {
			res, err := r.run(c.stack)
			for again := 0; err != nil && !errors.Is(err, errNone) && again < c.retries; again++ {
				res, err = r.run(c.stack)
			}
			if errors.Is(err, errNone) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if i == 0 {
				base = res.value
			}
			all[i] = append(all[i], cell{res, res.value / base})
		}
	}
	out := make([]*cell, len(columns))
	for i, cells := range all {
		if len(cells) == 0 {
			continue
		}
		slices.SortFunc(cells, func(a, b cell) int {
			return cmp.Or(cmp.Compare(a.ratio, b.ratio), cmp.Compare(a.value, b.value))
		})
		out[i] = &cells[len(cells)/2]
	}
	return out, nil
}

func (c *cell) text(compare, less bool) string {
	var parts []string
	switch {
	case compare && less:
		parts = append(parts, fmt.Sprintf("**%.2f ×**", c.ratio))
	case compare:
		parts = append(parts, "**"+number(100*c.ratio)+" %**")
	}
	parts = append(parts, c.result.text)
	if c.notes != "" {
		parts = append(parts, c.notes)
	}
	return strings.Join(parts, ", ")
}

// number prints three digits of v and no exponent.
func number(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 0.001:
		return "0"
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
