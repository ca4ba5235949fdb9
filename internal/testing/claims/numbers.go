package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A number is one that README claims, and how it is measured again.
type number struct {
	name string
	goal string
	nest bool     // in the nested module
	args []string // of go
	read func(output string) (figure, error)

	// fast numbers are counts or of virtual time: any machine gives them, in
	// seconds, and a test holds README to them within slack (a share).
	fast  bool
	slack float64
}

// figure is what was measured.
type figure struct {
	text     string  // with its unit
	baseline string  // the same of what it is compared with; "" without
	value    float64 // the number in text, for fast ones
	met      bool
}

const interop = "conformance/interop"

// numbers returns what README claims, in its order.
func numbers() []number {
	return []number{
		bench("headers, over loopback", "≥ 35 % of hand-written code", "chain-sync"),
		bench("blocks of 72 kB, over loopback", "≥ 80 % of hand-written code", "block-fetch, 72 kB"),
		bench("a small message beside blocks that fill 20 Mbit/s", "≤ 60 ms, p99 ≤ 200 ms", "keep-alive beside blocks on 20 Mbit/s, p50"),
		bench("an idle connection with both sides of all mini-protocols", "≤ 28 kB, ≤ 6 goroutines", "idle duplex connection, heap and stack"),
		{
			name: "a sync beside a peer that drips 200 bytes a second", goal: "≤ 1.2 × the time without it", fast: true, slack: 0.05,
			args: test("./node/follow", "TestSyncBesideDrippers/^at_once$"), read: readSync,
		},
		{
			name: "allocations to receive a header", goal: "≤ 2", fast: true, slack: 0.05,
			args: test("./chainsync", "TestInitiatorAllocations"), read: readAllocations,
		},
		bench("blocks of 72 kB at 50 ms", "≥ 90 % of hand-written code", "block-fetch, 50 ms, 72 kB"),
		{
			name: "memory of an unused connection of a hostile peer", goal: "≤ 256 kB", fast: true, slack: 0.1,
			args: test("./node", "TestHostileConnectionsAreBounded/^for_long$"), read: readHostile,
		},
		{
			name: "a header at an honest follower beside 160 hostile peers, p99", goal: "≤ 3 × the time without them", nest: true,
			args: []string{"run", "./hostile", "-for", "15s", "-only", "ouronet"}, read: readBeside,
		},
	}
}

func test(pkg, name string) []string {
	return []string{"test", pkg, "-run", name, "-v"}
}

// bench is a row of the table of conformance/interop/bench, which says itself
// whether it meets its goal.
func bench(name, goal, row string) number {
	return number{
		name: name, goal: goal, nest: true, args: []string{"run", "./bench", "-run", "^" + row + "$"},
		read: func(output string) (figure, error) {
			for line := range strings.Lines(output) {
				cells := cells(line)
				if len(cells) != 5 || cells[0] != row {
					continue
				}
				ours, met := strings.CutPrefix(cells[3], "✓ ")
				ours = strings.TrimPrefix(ours, "✗ ")
				return figure{
					text: compared(ours), met: met,
					baseline: "hand-written " + cells[2] + "; gouroboros " + compared(cells[4]),
				}, nil
			}
			return figure{}, fmt.Errorf("the output has no row %q", row)
		},
	}
}

var emphasized = regexp.MustCompile(`\*\*(.*?)\*\*, (.*)`)

// compared puts what was measured before the ratio to hand-written code.
func compared(cell string) string {
	found := emphasized.FindStringSubmatch(cell)
	if found == nil {
		return cell
	}
	return found[2] + " (" + found[1] + ")"
}

// cells splits a row of a Markdown table.
func cells(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "| ") || !strings.HasSuffix(line, "|") {
		return nil
	}
	all := strings.Split(strings.Trim(line, "|"), "|")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

var (
	besideAlone = regexp.MustCompile(`([\d.]+)s, alone ([\d.]+)s`)
	firstNumber = regexp.MustCompile(`[✓✗] ([\d.]+)`)
	eachBytes   = regexp.MustCompile(`(\d+) bytes a connection`)
	eachHeader  = regexp.MustCompile(`([\d.]+) allocations a header`)
	lateHeaders = regexp.MustCompile(`\| the same, p99 \|.*\| ([✓✗?]) (.*) \(([\d.]+) ×\) \|`)
)

func readSync(output string) (figure, error) {
	v, err := values(besideAlone, output)
	if err != nil {
		return figure{}, err
	}
	ratio := v[0] / v[1]
	return figure{
		text: fmt.Sprintf("%.2f ×, %.2f s", ratio, v[0]), baseline: fmt.Sprintf("without the peer %.2f s", v[1]),
		value: ratio, met: ratio <= 1.2,
	}, nil
}

func readHostile(output string) (figure, error) {
	v, err := values(eachBytes, output)
	if err != nil {
		return figure{}, err
	}
	return figure{text: fmt.Sprintf("%.0f kB", v[0]/1e3), value: v[0] / 1e3, met: v[0] <= 256e3}, nil
}

func readBeside(output string) (figure, error) {
	found := lateHeaders.FindStringSubmatch(output)
	if found == nil {
		return figure{}, errors.New("the output has no row of the 99th percentile")
	}
	if found[1] == "?" {
		return figure{}, errors.New("the machine was too busy to tell")
	}
	times := strings.Split(found[2], "; ")
	return figure{
		text: found[3] + " ×, " + times[len(times)/2], baseline: "without them " + times[0], met: found[1] == "✓",
	}, nil
}

func readAllocations(output string) (figure, error) {
	v, err := values(eachHeader, output)
	if err != nil {
		return figure{}, err
	}
	const setup = 0.05 // a stream's own, over the headers of the test
	return figure{text: fmt.Sprintf("%.2f", v[0]), value: v[0], met: v[0] <= 2+setup}, nil
}

// values returns what a pattern's groups match.
func values(re *regexp.Regexp, output string) ([]float64, error) {
	found := re.FindStringSubmatch(output)
	if found == nil {
		return nil, fmt.Errorf("the output has no %q", re)
	}
	var all []float64
	for _, text := range found[1:] {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// command is what measures the number, for a shell in the module's root.
func (n number) command() string {
	args := []string{"go"}
	if n.nest {
		args = append(args, "-C", interop)
	}
	for _, arg := range n.args {
		if strings.ContainsAny(arg, " ^$") {
			arg = "'" + arg + "'"
		}
		args = append(args, arg)
	}
	return strings.Join(args, " ")
}

// measure runs the command.
func (n number) measure(ctx context.Context, m *module) (figure, error) {
	cmd := exec.CommandContext(ctx, "go", n.args...)
	cmd.Dir = m.root
	if n.nest {
		cmd.Dir = m.file(interop)
	}
	output, err := cmd.CombinedOutput()
	if err != nil {
		return figure{}, fmt.Errorf("%s: %w\n%s", n.command(), err, output)
	}
	f, err := n.read(string(output))
	if err != nil {
		return figure{}, fmt.Errorf("%s: %w\n%s", n.command(), err, output)
	}
	return f, nil
}

const numbersHead = "| what | measured | compared with | goal | command | commit |\n| --- | --- | --- | --- | --- | --- |\n"

// row is the number's line of README's table. A goal that is missed has a ✗.
func (n number) row(f figure, commit string) string {
	mark := "✓"
	if !f.met {
		mark = "✗"
	}
	return fmt.Sprintf("| %s | %s %s | %s | %s | `%s` | %s |\n", n.name, mark, f.text, cmp.Or(f.baseline, "–"), n.goal, n.command(), commit)
}

// commit names what is measured, with a + if files differ from it.
func (m *module) commit(ctx context.Context) (string, error) {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = m.root
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	name, err := git("rev-parse", "--short=7", "HEAD")
	if err != nil {
		return "", fmt.Errorf("git rev-parse: %w", err)
	}
	changed, err := git("status", "--porcelain")
	if err != nil {
		return "", fmt.Errorf("git status: %w", err)
	}
	if changed != "" {
		name += "+"
	}
	return name, nil
}

// measureAll measures the numbers whose names match, prints each row when it is there,
// and returns README's table with them, other rows as they were. Its error joins those
// of numbers that could not be measured.
func (m *module) measureAll(ctx context.Context, match *regexp.Regexp, before string, out io.Writer) (string, error) {
	commit, err := m.commit(ctx)
	if err != nil {
		return "", err
	}
	all := numbers()
	if !slices.ContainsFunc(all, func(n number) bool { return match.MatchString(n.name) }) {
		return "", fmt.Errorf("-run %q: no number has such a name", match)
	}
	rows := numberRows(before)
	table := numbersHead
	var errs []error
	fmt.Fprint(out, numbersHead)
	for _, n := range all {
		if match.MatchString(n.name) {
			f, err := n.measure(ctx, m)
			if err == nil {
				rows[n.name] = n.row(f, commit)
				fmt.Fprint(out, rows[n.name])
			}
			errs = append(errs, err)
		}
		table += rows[n.name]
	}
	return table, errors.Join(errs...)
}

// numberRows returns the rows of README's table, by their names.
func numberRows(table string) map[string]string {
	rows := make(map[string]string)
	for line := range strings.Lines(table) {
		if c := cells(line); len(c) == 6 && c[0] != "what" && c[0] != "---" {
			rows[c[0]] = line
		}
	}
	return rows
}
