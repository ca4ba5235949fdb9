package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The golden files list what the public packages export, and nothing else.
func TestGolden(t *testing.T) {
	m, err := load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stale, err := m.golden()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.packages {
		// So that go test does not take an old result for one of the present sources.
		if _, err := os.ReadDir(filepath.Join(m.dir, p.name)); err != nil {
			t.Error(err)
		}
		file := m.file(p)
		stale = slices.DeleteFunc(stale, func(s string) bool { return s == file })
		text, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v: if the package is to be public, run %s", err, again)
			continue
		}
		golden := strings.Split(strings.TrimSpace(string(text)), "\n")
		for _, line := range golden {
			if !slices.Contains(p.lines, line) {
				t.Errorf("%s no longer exports: %s", p.name, line)
			}
		}
		for _, line := range p.lines {
			if !slices.Contains(golden, line) {
				t.Errorf("%s also exports: %s", p.name, line)
			}
		}
	}
	for _, file := range stale {
		t.Errorf("there is no package for %s", file)
	}
	if t.Failed() {
		t.Logf("if this is on purpose, say so in CHANGELOG.md and run %s", again)
	}
}

// What is listed of a package, and how it is counted.
func TestRead(t *testing.T) {
	const source = `package p

const C, c = 1, 2
var V, v error
func F(int) (_ T)
func f()
type T struct {
	A int
	b int
	U
}
func (*T) M(x any)
func (T) m()
type U interface { N(string) error; n() }
type u int
type G[K comparable] map[K]T
type L = U
`
	want := []string{
		"const C untyped int = 1",
		"func (*T).M(x any)",
		"func F(int) (_ T)",
		"type G[K comparable] map[K]T",
		"type L = U",
		"type T struct",
		"type T struct, A int",
		"type T struct, U U (embedded)",
		"type U interface",
		"type U interface, N(string) error",
		"type U interface, unexported methods",
		"var V error",
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("p", files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var a api
	if a.read(pkg); !slices.Equal(a.lines, want) {
		t.Errorf("got\n%swant\n%s", a.text(), strings.Join(want, "\n"))
	}
	if got, want := a.counts, (counts{types: 4, funcs: 1, consts: 1, vars: 1, methods: 2, fields: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
