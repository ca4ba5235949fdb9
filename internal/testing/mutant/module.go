package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// module is the module with the working directory in it.
type module struct {
	root     string
	path     string
	packages map[string]*listed // by import path
}

// listed is what `go list -json` says about a package.
type listed struct {
	ImportPath   string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// self is never among the packages whose tests run: its tests build others.
const self = "internal/testing/mutant"

func loadModule(ctx context.Context, dir string) (*module, error) {
	out, err := goList(ctx, dir, "-m", "-f", "{{.Path}}\n{{.Dir}}")
	if err != nil {
		return nil, err
	}
	m := &module{packages: make(map[string]*listed)}
	m.path, m.root, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	if m.root == "" {
		return nil, errors.New("run it in a folder of a module")
	}
	out, err = goList(ctx, m.root, "-json=ImportPath,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	if err != nil {
		return nil, err
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(listed)
		if err := dec.Decode(p); err == io.EOF {
			return m, nil
		} else if err != nil {
			return nil, err
		}
		m.packages[p.ImportPath] = p
	}
}

// find returns the packages that patterns name, as those of the go command do
// in dir, in order and without repeats.
func (m *module) find(ctx context.Context, dir string, patterns []string) ([]string, error) {
	out, err := goList(ctx, dir, append([]string{"--"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range strings.Fields(string(out)) {
		switch {
		case m.packages[name] == nil:
			return nil, fmt.Errorf("%s is not a package of module %s", name, m.path)
		case !slices.Contains(found, name):
			found = append(found, name)
		}
	}
	return found, nil
}

func goList(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("go list: %s", bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}

// rel returns a package's folder within the module.
func (m *module) rel(importPath string) string {
	return path.Clean(strings.TrimPrefix(strings.TrimPrefix(importPath, m.path), "/"))
}

// tests returns the packages with tests that depend on p: p first, then direct
// importers, then theirs.
func (m *module) tests(p string) []string {
	importers := make(map[string][]string)
	for name, q := range m.packages { // any order
		for _, imported := range q.Imports {
			importers[imported] = append(importers[imported], name)
		}
	}
	steps := map[string]int{p: 0} // from p, for what is not a test
	for queue := []string{p}; len(queue) > 0; queue = queue[1:] {
		for _, q := range importers[queue[0]] {
			if _, ok := steps[q]; !ok {
				steps[q] = steps[queue[0]] + 1
				queue = append(queue, q)
			}
		}
	}
	type test struct {
		name  string
		steps int
	}
	var found []test
	for name, q := range m.packages { // sorted below
		if len(q.TestGoFiles)+len(q.XTestGoFiles) == 0 || m.rel(name) == self {
			continue
		}
		least := -1
		if name == p {
			least = 0
		}
		for _, imported := range slices.Concat(q.Imports, q.TestImports, q.XTestImports) {
			if n, ok := steps[imported]; ok && (least < 0 || n+1 < least) {
				least = n + 1
			}
		}
		if least >= 0 {
			found = append(found, test{name, least})
		}
	}
	slices.SortFunc(found, func(a, b test) int {
		if a.steps != b.steps {
			return a.steps - b.steps
		}
		return strings.Compare(a.name, b.name)
	})
	names := make([]string, len(found))
	for i, t := range found {
		names[i] = t.name
	}
	return names
}
