package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root     = "../../.."
	variable = "OURONET_PLANTED" // number of the fault, from 1
)

// fault is something wrong and who is to find it.
type fault struct {
	name      string
	pkg, test string   // that find it
	texts     []string // one of which the test prints
	changes   []change
}

// change is to lines of a file.
type change struct {
	file     string
	from, to []byte
}

// read reads all of testdata.
func read(t *testing.T) []*fault {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("nothing to plant", err)
	}
	var all []*fault
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		faults, err := parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, faults...)
	}
	return all
}

func parse(text string) ([]*fault, error) {
	var all []*fault
	var m *fault
	var c *change
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "# "); ok {
			m, c = &fault{name: strings.TrimSpace(name)}, nil
			all = append(all, m)
			continue
		}
		if m == nil || strings.TrimSpace(line) == "" {
			continue
		}
		if found, ok := strings.CutPrefix(line, "found by "); ok {
			who, what, _ := strings.Cut(strings.TrimSpace(found), ": ")
			m.pkg, m.test, _ = strings.Cut(who, " ")
			m.texts = strings.Split(what, " or ")
			continue
		}
		if file, ok := strings.CutPrefix(line, "in "); ok {
			m.changes = append(m.changes, change{file: strings.TrimSpace(file)})
			c = &m.changes[len(m.changes)-1]
			continue
		}
		if c == nil || !strings.ContainsAny(line[:1], "-+ ") {
			return nil, fmt.Errorf("%v: %q is neither a file nor a change", m, line)
		}
		if line[0] != '+' {
			c.from = append(c.from, line[1:]...)
		}
		if line[0] != '-' {
			c.to = append(c.to, line[1:]...)
		}
	}
	for _, m := range all {
		switch {
		case m.pkg == "" || m.test == "" || m.texts[0] == "":
			return nil, fmt.Errorf("%v: it is not said who finds it", m)
		case len(m.changes) == 0:
			return nil, fmt.Errorf("%v: no change", m)
		}
	}
	return all, nil
}

func (c *change) apply(text []byte) ([]byte, error) {
	line := []byte("\n") // so that lines are found from their start on
	text, from, to := slices.Concat(line, text), slices.Concat(line, c.from), slices.Concat(line, c.to)
	at := bytes.Index(text, from)
	if len(c.from) == 0 || at < 0 || bytes.Contains(text[at+1:], from) {
		return nil, fmt.Errorf("%s does not have these lines, or has them more than once:\n%s", c.file, c.from)
	}
	return bytes.Replace(text, from, to, 1)[1:], nil
}

// plant writes the files with all faults in them, and returns the name of a file
// for go build's -overlay.
func plant(t *testing.T, all []*fault) string {
	t.Helper()
	dir := t.TempDir()
	texts := make(map[string][]byte) // by path in the module
	var errs []error
	for n, m := range all {
		on := fmt.Sprintf("(planted == %d)", n+1)
		for _, c := range m.changes {
			text, ok := texts[c.file]
			if !ok {
				var err error
				if text, err = os.ReadFile(filepath.Join(root, c.file)); err != nil {
					t.Fatalf("%v: %v", m, err)
				}
				pkg := path.Dir(c.file)
				texts[path.Join(pkg, "planted.go")] = fmt.Appendf(nil, selector, path.Base(pkg), variable)
			}
			c.to = bytes.ReplaceAll(c.to, []byte("PLANTED"), []byte(on))
			var err error
			if texts[c.file], err = c.apply(text); err != nil {
				errs = append(errs, fmt.Errorf("%v: %w", m, err))
				texts[c.file] = text
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	name, err := writeOverlay(dir, root, texts)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// selector is a file that each changed package gets in addition.
const selector = `package %s

import (
	"os"
	"strconv"
)

var planted, _ = strconv.Atoi(os.Getenv(%q))
`
