package main

import (
	"slices"
	"strings"
	"testing"
)

func here(t *testing.T) *module {
	t.Helper()
	m, err := findModule(".")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func page(t *testing.T, m *module, name string) string {
	t.Helper()
	text, err := m.read(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Each promise has a test and a source, each planted fault breaks a promise, and the
// page says so.
func TestAssurance(t *testing.T) {
	m := here(t)
	all, err := m.readPromises()
	if err != nil {
		t.Fatal(err)
	}
	if page(t, m, assurancePage) != assurance(all) {
		t.Errorf("%s is stale: go run ./internal/testing/claims assurance -write", assurancePage)
	}
}

// What is missing is named.
func TestPromisesMissing(t *testing.T) {
	m := here(t)
	for _, test := range []struct{ name, text, want string }{
		{"no test", "page: README.md\n\npromise: x\nrule: ours\n", "no test shows it"},
		{"test is gone", "page: README.md\n\npromise: x\nrule: ours\nshown by: chain TestGone\n", "there is no test `chain` TestGone"},
		{"test of another package", "page: README.md\n\npromise: x\nrule: ours\nshown by: mux TestScenarios\n", "there is no test `mux` TestScenarios"},
		{"no rule", "page: README.md\n\npromise: x\nshown by: chain TestScenarios\n", "no source"},
		{"rule that no comment names", "page: README.md\n\npromise: x\nrule: mux, " + "99\nshown by: chain TestScenarios\n", "no comment in the code names the rule (mux, " + "99)"},
		{"rule without section", "page: README.md\n\npromise: x\nrule: mux\nshown by: chain TestScenarios\n", "neither a topic with a section"},
		{"page is gone", "page: docs/gone.md\n\npromise: x\nrule: ours\nshown by: chain TestScenarios\n", "docs/gone.md"},
		{"row is gone", "page: SECURITY.md\n\nrow: of nothing\nrule: ours\n", `has no row "of nothing"`},
		{"row without promise", "page: docs/verification.md\n\nrow: each check refuses\nrule: ours\n", "values at a limit pass"},
	} {
		t.Run(test.name, func(t *testing.T) {
			all, err := parsePromises(test.text)
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			if err := m.fillRows(all); err != nil {
				text = err.Error()
			}
			for i := range all {
				if err := m.check(&all[i]); err != nil {
					text += err.Error()
				}
			}
			if !strings.Contains(text, test.want) {
				t.Errorf("%q does not say %q", text, test.want)
			}
		})
	}
	for _, text := range []string{
		"promise: x\n", "page: a\nrule: ours\n", "page: a\n\npromise: x\npromise: y\n", "page: a\n\npromise: x\nshown by: TestX\n", "page: a\n\npromise: x\nsource: ours\n",
	} {
		if _, err := parsePromises(text); err == nil {
			t.Errorf("%q is read without an error", text)
		}
	}
}

// A test that several packages have shows something only if its package is named.
func TestNamed(t *testing.T) {
	m := &module{root: here(t).root, tests: map[string][]string{"TestOne": {"a"}, "TestTwo": {"a", "b/c"}}}
	for _, test := range []struct{ cell, want string }{
		{"TestOne", ""},
		{"`a` TestTwo, TestOne", ""},
		{"`b/c` TestTwo; TestOne", ""},
		{"TestOne, TestTwo", "TestTwo is a test of a and of b/c"},
		{"`b/c` TestTwo, TestOne", "there is no test `b/c` TestOne"},
		{"`a` TestOne; TestTwo", "TestTwo is a test of a and of b/c"},
		{"`a` TestOne, `mux` TestTwo", "there is no test `mux` TestTwo"},
		{"TestThree", "there is no test TestThree"},
	} {
		err := m.check(&promise{page: readme, rules: []string{ours}, tests: m.named(test.cell)})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error %v, want %q", test.cell, err, test.want)
		}
	}
}

// A planted fault goes to the promise that its text is about.
func TestJoin(t *testing.T) {
	all := []promise{
		{text: "first", tests: []evidence{{[]string{"a"}, "TestOne", "two"}}},
		{text: "second", tests: []evidence{{[]string{"a"}, "TestOne", "one"}, {[]string{"a", "b"}, "TestTwo", ""}}},
	}
	err := join(all, []fault{
		{"by the first text", "a TestOne", []string{"one", "two"}},
		{"by any text", "b TestTwo", []string{"x"}},
		{"by none", "a TestOne", []string{"three"}},
		{"elsewhere", "b TestOne", []string{"one"}},
	})
	if want := []string{"by the first text", "by any text"}; !slices.Equal(all[1].faults, want) || all[0].faults != nil {
		t.Errorf("%v and %v, want none and %v", all[0].faults, all[1].faults, want)
	}
	if err == nil || !strings.Contains(err.Error(), `"by none"`) || !strings.Contains(err.Error(), `"elsewhere"`) {
		t.Errorf("faults that break no promise: %v", err)
	}
}

func TestMatrix(t *testing.T) {
	m := here(t)
	all, err := m.readMatrix()
	if err != nil {
		t.Fatal(err)
	}
	text, err := between(page(t, m, readme), "matrix")
	if err != nil {
		t.Fatal(err)
	}
	if text != matrix(all) {
		t.Errorf("the matrix in %s is stale: go run ./internal/testing/claims matrix -write", readme)
	}
}

func TestMatrixRows(t *testing.T) {
	all, err := parseMatrix("with: x v1\nrun: 2026-01-02\nkeep-alive responder: a/program.js\n")
	if err != nil {
		t.Fatal(err)
	}
	if text := matrix(all); strings.Contains(text, "initiator") || !strings.Contains(text, "| x v1 | responder | – | – | – | – | ✓ | – | 2026-01-02 |") {
		t.Error(text)
	}
	for _, text := range []string{"run: x\n", "with: x\nrun: each change\nkeep-alive responder: a/program.js\n", "with: x\nrun\n"} {
		if _, err := parseMatrix(text); err == nil {
			t.Errorf("%q is read without an error", text)
		}
	}
}

// README has a row for each number, with its command, and no other.
func TestNumbers(t *testing.T) {
	m := here(t)
	text, err := between(page(t, m, readme), "claims")
	if err != nil {
		t.Fatal(err)
	}
	rows := numberRows(text)
	for _, n := range numbers() {
		c := cells(rows[n.name])
		if len(c) != 6 || c[3] != n.goal || c[4] != "`"+n.command()+"`" {
			t.Errorf("%s has no row for %q with goal %q and command %q: go run ./internal/testing/claims -write -run", readme, n.name, n.goal, n.command())
		}
		delete(rows, n.name)
	}
	for name := range rows {
		t.Errorf("%s has a number %q that nothing measures", readme, name)
	}
}

// The numbers that do not depend on the machine are what README says.
func TestFastNumbers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs tests")
	}
	m := here(t)
	text, err := between(page(t, m, readme), "claims")
	if err != nil {
		t.Fatal(err)
	}
	rows := numberRows(text)
	for _, n := range numbers() {
		if !n.fast {
			continue
		}
		t.Run(n.name, func(t *testing.T) {
			f, err := n.measure(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			c := cells(rows[n.name])
			if len(c) != 6 {
				t.Fatal("no such row")
			}
			claimed, err := values(firstNumber, c[1])
			if err != nil {
				t.Fatal(err)
			}
			if low, high := claimed[0]*(1-n.slack), claimed[0]*(1+n.slack); f.value < low || f.value > high {
				t.Errorf("measured %s, README says %s", f.text, c[1])
			}
			if f.met != strings.HasPrefix(c[1], "✓ ") {
				t.Errorf("goal %s, measured %s: README says %s", n.goal, f.text, c[1])
			}
		})
	}
}

// What commands print is read, here as the page on performance has it.
func TestReadOutput(t *testing.T) {
	m := here(t)
	bench := page(t, m, "docs/performance.md")
	beside := "| the same, p99 | beside all ≤ 3 × alone | ✗ 1.4 ms; 7.1 ms; 7.8 ms; 1.5 ms (5.5 ×) |\n"
	for _, n := range numbers() {
		output, want := bench, "gouroboros"
		switch {
		case n.fast:
			continue
		case slices.Contains(n.args, "./hostile"):
			output, want = beside, "1.4 ms"
		}
		f, err := n.read(output)
		if err != nil || f.text == "" || !strings.Contains(f.baseline, want) {
			t.Errorf("%s: %+v, %v", n.name, f, err)
		}
		if _, err := n.read("nothing"); err == nil {
			t.Errorf("%s: a number is read from nothing", n.name)
		}
	}
	if f, _ := readBeside(beside); f.text != "5.5 ×, 7.8 ms" || f.met {
		t.Errorf("%+v", f)
	}
	if f, err := readBeside(strings.Replace(beside, "✗", "?", 1)); err == nil {
		t.Errorf("%+v of a busy machine", f)
	}
}

func TestCalls(t *testing.T) {
	for _, args := range [][]string{{"nothing"}, {"matrix", "numbers"}, {"matrix", "-run", "x"}, {"-run", "("}, {"-there-is-none"}} {
		var out strings.Builder
		if err := run(t.Context(), ".", args, &out); err == nil || out.Len() > 0 {
			t.Errorf("%q: %v, %q", args, err, &out)
		}
	}
	var out strings.Builder
	if err := run(t.Context(), ".", []string{"matrix"}, &out); err != nil || !strings.Contains(out.String(), "| gouroboros v") {
		t.Errorf("%v, %q", err, &out)
	}
}
