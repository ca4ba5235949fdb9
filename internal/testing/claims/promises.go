package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const promisesFile = "internal/testing/claims/testdata/promises.txt"

// A promise is something that a page says of this module.
type promise struct {
	page   string
	text   string
	row    string // beginning of the row of page's table that says it; "" without
	rules  []string
	tests  []evidence
	faults []string // planted ones that its tests find
}

// evidence is a test of a promise.
type evidence struct {
	pkgs []string // that have it: all, if a table names the test alone
	name string
	text string // that the test prints when this promise is broken; "" for any
}

func (e evidence) String() string {
	s := e.name
	if len(e.pkgs) == 1 {
		s = "`" + e.pkgs[0] + "` " + s
	}
	if e.text != "" {
		s += ", " + e.text
	}
	return s
}

// readPromises reads the promises and joins them with tests and faults. The error
// names everything that is missing.
func (m *module) readPromises() ([]promise, error) {
	text, err := m.read(promisesFile)
	if err != nil {
		return nil, err
	}
	all, err := parsePromises(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", promisesFile, err)
	}
	errs := []error{m.fillRows(all)}
	for i := range all {
		errs = append(errs, m.check(&all[i]))
	}
	faults, err := m.readFaults()
	if err != nil {
		return nil, err
	}
	errs = append(errs, join(all, faults))
	return all, errors.Join(errs...)
}

// parsePromises reads blocks of lines "key: value", which empty lines divide.
func parsePromises(text string) ([]promise, error) {
	var all []promise
	page, open := "", false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			open = false
		case strings.HasPrefix(line, "#"):
		case key == "page":
			page = value
		case key == "promise" || key == "row":
			if page == "" || open {
				return nil, fmt.Errorf("%q: a block is one promise, after the line that names its page", line)
			}
			open = true
			p := promise{page: page}
			if key == "row" {
				p.row = value
			} else {
				p.text = value
			}
			all = append(all, p)
		case !open:
			return nil, fmt.Errorf("%q: the promise comes first", line)
		case key == "rule":
			p := &all[len(all)-1]
			p.rules = append(p.rules, value)
		case key == "shown by":
			p := &all[len(all)-1]
			test, text, _ := strings.Cut(value, ": ")
			pkg, name, ok := strings.Cut(test, " ")
			if !ok {
				return nil, fmt.Errorf("%q: a test has its package before it", line)
			}
			p.tests = append(p.tests, evidence{[]string{pkg}, name, text})
		default:
			return nil, fmt.Errorf("%q: there is no such line", line)
		}
	}
	return all, nil
}

var inCell = regexp.MustCompile("`([a-z][a-z0-9/]*)`|;|\\b(?:Test|Fuzz)[A-Z]\\w*")

// named returns the tests that a cell of a table names. A package before them holds up to
// the next one or a ";": "`mux` TestOne, TestTwo; TestThree" says it of the first two.
func (m *module) named(cell string) []evidence {
	var tests []evidence
	pkg := ""
	for _, found := range inCell.FindAllStringSubmatch(cell, -1) {
		switch name := found[0]; {
		case name == ";" || found[1] != "":
			pkg = found[1]
		case pkg != "":
			tests = append(tests, evidence{pkgs: []string{pkg}, name: name})
		default:
			tests = append(tests, evidence{pkgs: m.tests[name], name: name})
		}
	}
	return tests
}

// tableHeads are the tables whose rows are promises, each with its tests: such a row
// is in the page alone, and the file of promises names the beginning of it.
var tableHeads = []string{"| what | bound | test |", "| what is claimed | shown by |"}

// fillRows takes the promises with a row from the tables of their pages.
func (m *module) fillRows(all []promise) error {
	var errs []error
	rows := make(map[string][]string) // by page
	for i := range all {
		p := &all[i]
		if p.row == "" {
			continue
		}
		if rows[p.page] == nil {
			text, err := m.read(p.page)
			if err != nil {
				return err
			}
			rows[p.page] = tableRows(text)
		}
		at := slices.IndexFunc(rows[p.page], func(row string) bool { return strings.HasPrefix(row, "| "+p.row) })
		if at < 0 {
			errs = append(errs, fmt.Errorf("%s has no row %q, or a promise has it twice", p.page, p.row))
			continue
		}
		cells := strings.Split(strings.Trim(rows[p.page][at], "| "), " | ")
		rows[p.page] = slices.Delete(rows[p.page], at, at+1)
		p.text = cells[0]
		if len(cells) > 2 && cells[1] != "" {
			p.text += ": " + cells[1]
		}
		p.tests = append(p.tests, m.named(cells[len(cells)-1])...)
	}
	for page, left := range rows {
		for _, row := range left {
			errs = append(errs, fmt.Errorf("%s: row %q is in no promise of %s", page, row, promisesFile))
		}
	}
	return errors.Join(errs...)
}

// tableRows returns the rows of the tables whose head is in tableHeads.
func tableRows(page string) []string {
	rows := []string{}
	in := false
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case slices.Contains(tableHeads, line):
			in = true
		case !strings.HasPrefix(line, "|"):
			in = false
		case in && !strings.HasPrefix(line, "| ---"):
			rows = append(rows, line)
		}
	}
	return rows
}

// ours is the rule of what we decided ourselves.
const ours = "ours"

var topic = regexp.MustCompile(`^[a-z-]+, \d`)

// check looks for a promise's page, tests and rules.
func (m *module) check(p *promise) error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("promise %q: %s", p.text, fmt.Sprintf(format, args...)))
	}
	if _, err := m.read(p.page); err != nil {
		fault("%v", err)
	}
	if len(p.tests) == 0 {
		fault("no test shows it")
	}
	for _, e := range p.tests {
		switch {
		case len(e.pkgs) > 1:
			fault("%s is a test of %s: name one before it", e, strings.Join(e.pkgs, " and of "))
		case len(e.pkgs) == 0 || !slices.Contains(m.tests[e.name], e.pkgs[0]):
			fault("there is no test %s", e)
		}
	}
	if len(p.rules) == 0 {
		fault("its rule has no source; write \"rule: %s\" if we made it", ours)
	}
	for _, rule := range p.rules {
		switch {
		case rule == ours:
		case !topic.MatchString(rule):
			fault("rule %q is neither a topic with a section, nor %q", rule, ours)
		case !strings.Contains(m.code, rule):
			fault("no comment in the code names the rule (%s)", rule)
		}
	}
	return errors.Join(errs...)
}

// join gives each fault to the first promise that one of the texts is about, in their
// order. A fault that breaks no promise is an error: either it does not matter, or a
// promise is missing.
func join(all []promise, faults []fault) error {
	var errs []error
	for _, f := range faults {
		p := owner(all, f)
		if p == nil {
			errs = append(errs, fmt.Errorf("planted fault %q is found by %s: no promise is shown by that", f.name, f.test))
			continue
		}
		p.faults = append(p.faults, f.name)
	}
	return errors.Join(errs...)
}

func owner(all []promise, f fault) *promise {
	pkg, name, _ := strings.Cut(f.test, " ")
	for _, text := range append(slices.Clone(f.texts), "") { // "" is for tests that show one promise only
		for i := range all {
			for _, e := range all[i].tests {
				if e.name == name && slices.Contains(e.pkgs, pkg) && e.text == text {
					return &all[i]
				}
			}
		}
	}
	return nil
}
