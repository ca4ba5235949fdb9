package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is the source of this module, with the nested one for other implementations.
type module struct {
	root  string
	tests map[string][]string // packages, by the names of the tests in them
	code  string              // all Go source, each run of spaces and comment marks one space
}

// modulePath is the first line of the go.mod that findModule looks for.
const modulePath = "module github.com/ouronet/ouronet\n"

// findModule reads the module that dir is in.
func findModule(dir string) (*module, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for {
		text, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), modulePath) {
			break
		}
		up := filepath.Dir(root)
		if up == root {
			return nil, errors.New("run this in a clone of github.com/ouronet/ouronet")
		}
		root = up
	}
	m := &module{root: root, tests: make(map[string][]string)}
	return m, m.readCode()
}

var (
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	margins  = regexp.MustCompile(`\s+(?://\s*)?`)
)

func (m *module) readCode() error {
	var code strings.Builder
	err := filepath.WalkDir(m.root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name != m.root && strings.HasPrefix(entry.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		code.WriteString(margins.ReplaceAllString(string(text), " "))
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(m.root, filepath.Dir(name))
		if err != nil {
			return err
		}
		for _, found := range testFunc.FindAllStringSubmatch(string(text), -1) {
			if pkg := filepath.ToSlash(rel); !slices.Contains(m.tests[found[1]], pkg) {
				m.tests[found[1]] = append(m.tests[found[1]], pkg)
			}
		}
		return nil
	})
	m.code = code.String()
	return err
}

// file returns the place of a file that is named by its path in the module.
func (m *module) file(name string) string {
	return filepath.Join(m.root, filepath.FromSlash(path.Clean(name)))
}

// read returns the text of a file of the module.
func (m *module) read(name string) (string, error) {
	text, err := os.ReadFile(m.file(name))
	return string(text), err
}
