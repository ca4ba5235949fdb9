package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/testing/testenv"
)

const small = "testdata/module" // a module with faults in its tests

// Changes of the small module: which of them survive is known.
func TestRandom(t *testing.T) {
	if testenv.Race || testing.Short() {
		t.Skip("builds and runs tests, many times")
	}
	for _, test := range []struct {
		args     string
		survive  []string // changes
		caughtBy map[string]string
		result   string
	}{
		{
			args: "-at a/a.go:6 -equivalent equivalent",
			caughtBy: map[string]string{
				"`if a > b` never":    "a TestLarger",
				"`a > b` to `a <= b`": "a TestLarger",
			},
			result: "a                       2 changes    2 caught   0 survive  100.0 %",
		},
		{
			args:     "-at a/a.go:14 -min 50",
			survive:  []string{"`a || b` to `a`"},
			caughtBy: map[string]string{"`a || b` to `a && b`": "a TestEither", "`a || b` to `b`": "a TestEither", "`a || b` to `!(a || b)`": "a TestEither"},
			result:   "75.0 %",
		},
		{
			args:     "-at a/a.go:28",
			caughtBy: map[string]string{"`a + a` to `a - a`": "b TestFour"},
			result:   "100.0 %",
		},
		{
			args:    "-at a/a.go:28 -importers=false",
			survive: []string{"`a + a` to `a - a`"},
			result:  "FAILED: 0.0 % is below -min 95",
		},
		{
			args:   "-random -n 1 -seed 2 -v -j 2 ./b ./c",
			result: "nothing was tried",
		},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := run(t.Context(), small, strings.Fields(test.args), &out, io.Discard)
			if failed := strings.Contains(out.String(), "FAILED"); failed != errors.Is(err, errBelow) || err != nil && !failed {
				t.Errorf("%v", err)
			}
			caughtBy := make(map[string]string)
			var survive []string
			lines := strings.Split(out.String(), "\n")
			for i, line := range lines {
				if text, ok := strings.CutPrefix(line, "caught "); ok {
					_, what, _ := strings.Cut(text, ": ")
					what, by, _ := strings.Cut(what, ": by ")
					caughtBy[what] = by
				}
				if strings.HasPrefix(line, "SURVIVES ") {
					survive = append(survive, strings.TrimSpace(lines[i+3]))
				}
			}
			if !slices.Equal(survive, test.survive) || !maps.Equal(caughtBy, test.caughtBy) || !strings.Contains(out.String(), test.result) {
				t.Error(out.String())
			}
		})
	}
}

// A change after which tests do not end is caught.
func TestHang(t *testing.T) {
	if testenv.Race || testing.Short() {
		t.Skip("builds and runs tests")
	}
	m, err := loadModule(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	plans, err := m.atLine(small, "a/a.go:22")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(plans[0].changes, func(m mutation) bool { return m.what == "drop `i++`" })
	if i < 0 {
		t.Fatal(plans[0].changes)
	}
	trial := &trials{module: m, dir: t.TempDir(), slack: time.Second, limits: make(map[string]*limit)}
	v := trial.try(t.Context(), plans[0].pkg, plans[0].changes[i])
	// Memory may run out first: the sum is a number, so it does not here.
	if v.err != nil || !v.compiles || !strings.Contains(v.caught, "takes more than") {
		t.Errorf("%+v", v)
	}
}

func TestSites(t *testing.T) {
	const src = `package p

import "fmt"

const most = 0x10

func (t *T) f(a, b int, ok bool) (int, error) {
	for i := range a {
		if a < b && !ok {
			continue
		}
		i += min(a,
			b)
	}
	switch a {
	case 1, b:
		fmt.Println(t{true: true})
	}
	a, b = b, a
	return a - most<<1, t.err
}

func g(ok bool) bool { return f(ok) }
`
	want := strings.Split(strings.ReplaceAll(`5 : '0x10' to '17'
5 : '0x10' to '15'
9 (*T).f: 'if a < b && !ok' never
9 (*T).f: 'a < b && !ok' to 'a < b || !ok'
9 (*T).f: 'a < b && !ok' to 'a < b'
9 (*T).f: 'a < b && !ok' to '!ok'
9 (*T).f: 'a < b' to 'a <= b'
9 (*T).f: 'a < b' to 'a >= b'
9 (*T).f: '!ok' to 'ok'
10 (*T).f: 'continue' to 'break'
10 (*T).f: drop 'continue'
12 (*T).f: 'i += min(a, b)' to 'i -= min(a, b)'
12 (*T).f: drop 'i += min(a, b)'
12 (*T).f: 'min(a, b)' to 'max(a, b)'
16 (*T).f: drop 'case 1'
16 (*T).f: drop 'case b'
16 (*T).f: '1' to '2'
16 (*T).f: '1' to '0'
17 (*T).f: drop 'fmt.Println(t{true: true})'
17 (*T).f: 'true' to 'false'
19 (*T).f: drop 'a, b = b, a'
20 (*T).f: drop 'return a - most<<1, t.err'
20 (*T).f: return nil for 't.err'
20 (*T).f: 'a - most<<1' to 'a + most<<1'
20 (*T).f: 'most << 1' to 'most >> 1'
20 (*T).f: '1' to '2'
20 (*T).f: '1' to '0'
23 g: drop 'return f(ok)'
23 g: 'f(ok)' to '!(f(ok))'`, "'", "`"), "\n")
	found, err := sites("p.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, place := range found {
		for _, m := range place {
			got = append(got, fmt.Sprintf("%d %s: %s", m.line, m.function, m.what))
			text := m.apply()
			if _, err := parser.ParseFile(token.NewFileSet(), "p.go", text, 0); err != nil {
				t.Errorf("%v: %v", m, err)
			}
			if strings.HasPrefix(m.what, "drop `i +=") && !strings.Contains(string(text), "\t\t\n\n\t}\n") {
				t.Errorf("lines move:\n%s", text)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// A line that comes twice has two entries, and no entry changes when other
// lines come before it.
func TestEntries(t *testing.T) {
	const src = "package p\n\nfunc f() {\n\tg()\n\tg()\n}\n"
	entries := func(src string) (all []string) {
		found, err := sites("p.go", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range found {
			for _, m := range place {
				all = append(all, m.entry())
			}
		}
		return all
	}
	want := []string{"in p.go, f\n\tg()\n\tdrop `g()`\n", "in p.go, f\n\tg()\n\tdrop `g()` (2)\n"}
	if got := entries(src); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := entries(strings.Replace(src, "func", "// More.\nconst c = 1\n\nfunc", 1)); !slices.Equal(got[2:], want) {
		t.Errorf("%q", got)
	}
}

// The same seed and source give the same changes, whatever packages come too.
func TestDraw(t *testing.T) {
	m, err := loadModule(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	changes := func(seed uint64, count int, packages ...string) (all []string, quotas []int) {
		plans, err := m.plans(t.Context(), small, packages)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range draw(plans, seed, count) {
			quotas = append(quotas, p.quota)
			for _, m := range p.changes {
				all = append(all, m.String())
			}
		}
		return all, quotas
	}
	one, _ := changes(1, 10, "./a")
	again, quotas := changes(1, 10, "./a", "./b")
	other, _ := changes(2, 10, "./a")
	if !slices.Equal(one, again[:len(one)]) || slices.Equal(one, other) {
		t.Errorf("%q\n%q\n%q", one, again, other)
	}
	slices.Sort(one)
	slices.Sort(other)
	if len(slices.Compact(one)) != len(other) {
		t.Errorf("%q", one)
	}
	if sum := quotas[0] + quotas[1]; sum != 10 || quotas[0] < quotas[1] {
		t.Errorf("shares %d", quotas)
	}
}

// Tests run in this order: of the package, of direct importers, of the rest.
func TestOrder(t *testing.T) {
	m, err := loadModule(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.tests(m.path+"/a"), []string{m.path + "/a", m.path + "/b", m.path + "/c"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got, want := m.tests(m.path+"/b"), []string{m.path + "/b", m.path + "/c"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// An entry whose place is gone is reported.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(small)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "equivalent", "b.txt")
	const entry = "in a/a.go, Smaller\n\tif a > b {\n\t`a > b` to `a >= b`\nbecause it was.\n"
	if err := os.WriteFile(file, []byte(entry), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]bool{"-random -list ./a": true, "-random -list ./b": false} { // any order
		var out strings.Builder
		if err := run(t.Context(), dir, append(strings.Fields(args), "-equivalent", "equivalent"), &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "STALE") && strings.Contains(out.String(), "Smaller"); got != want {
			t.Errorf("%s:\n%s", args, &out)
		}
		if strings.Contains(out.String(), "`a > b` to `a >= b`\n") && !want {
			t.Errorf("%s:\n%s", args, &out)
		}
	}
}

// Of this module's list, each entry is one of the possible changes.
func TestEquivalent(t *testing.T) {
	m, err := loadModule(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := readEquivalents("testdata/equivalent")
	if err != nil {
		t.Fatal(err)
	}
	for entry := range listed { // any order
		file, _, _ := strings.Cut(strings.TrimPrefix(entry, "in "), "\n")
		file, _, _ = strings.Cut(file, ", ")
		found, err := m.sites(file)
		if err != nil {
			t.Errorf("%v\n%s", err, entry)
		} else if stale := (equivalents{entry: ""}).stale(plan{sites: found}); len(stale) > 0 {
			t.Errorf("the source has no such place: mend or remove the entry\n%s", entry)
		}
	}
}

func TestParseEquivalents(t *testing.T) {
	const entry = "in a.go, f\n\tif a {\n\t`if a` never\n"
	for _, test := range []struct{ text, err string }{
		{entry + "because it is so.\n", ""},
		{"# a comment\n\n" + entry + "because it is so,\nand more.\n\n" + strings.Replace(entry, "f", "g", 1) + "because of this.\n", ""},
		{entry, "reason"},
		{entry + "\nbecause it is so.\n", "reason"},
		{entry + "because a.\n\n" + entry + "because b.\n", "twice"},
		{"in a.go\n\tif a {\nbecause a.\n", "neither"},
		{entry + "it is so\n", "neither"},
	} {
		err := make(equivalents).parse(test.text)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: error %v, want %q", test.text, err, test.err)
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{ // any order
		"":                         "give -random",
		"./mux":                    "give -random",
		"-random":                  "needs packages",
		"-random -at a/a.go:1 ./a": "give one of them",
		"-random -n 0 ./a":         "-n 0",
		"-random ./a -n 0":         "-n 0",
		"-random ./a -n x":         "-n",
		"-random ./a -j 0":         "-j 0",
		"-random ./a -min 101":     "-min 101",
		"-random ./a -min nan":     "-min NaN",
		"-random -list -v ./a":     "leave out",
		"-random ./nowhere":        "nowhere",
		"-plant x -seed 1":         "leave out -seed",
		"-plant x":                 "nothing to plant",
		"-plant : -list go test":   "no command",
		"-random fmt":              "fmt is not a package",
		"-at a/a.go ":              "want FILE:LINE",
		"-at :3":                   "want FILE:LINE",
		"-at a/a.go:0":             "want FILE:LINE",
		"-at a/a.go:1 -seed 1":     "-seed",
		"-at a/a.go:1 ./a":         `leave out "./a"`,
		"-at a/a.go:1":             "nothing to change",
		"-at a/a_test.go:6":        "not a source file",
		"-at a/none.go:6":          "not a source file",
		"-at ../../main.go:6":      "not a source file",
	} {
		err := run(t.Context(), small, strings.Fields(args), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", args, err, want)
		}
	}
}
