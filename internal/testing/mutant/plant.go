package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// variable of the environment holds the number of the fault that is on, from 1.
const variable = "OURONET_PLANTED"

// fault is something wrong and who is to find it.
type fault struct {
	name      string   // file of testdata, a colon, and what is wrong
	number    int      // value of variable
	pkg, test string   // that find it
	texts     []string // one of which the test prints
	changes   []change
}

// change is to lines of a file.
type change struct {
	file     string
	from, to []byte
	diff     string // as the file has it
}

// String returns the name.
func (m *fault) String() string { return fmt.Sprintf("fault %q", m.name) }

// readFaults reads the files in a folder.
func readFaults(dir string) ([]*fault, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("nothing to plant in %s (%v)", dir, err)
	}
	var all []*fault
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		faults, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, m := range faults {
			m.name = strings.TrimSuffix(filepath.Base(file), ".txt") + ": " + m.name
			all = append(all, m)
			m.number = len(all)
		}
	}
	return all, nil
}

// find returns the faults whose name contains text, or only the one whose name it is.
func find(all []*fault, text string) (found []*fault) {
	for _, m := range all {
		switch {
		case m.name == text:
			return []*fault{m}
		case strings.Contains(m.name, text):
			found = append(found, m)
		}
	}
	return found
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
		c.diff += line
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

// plant writes the files of the module at root with all faults in them into dir, and
// returns the name of a file for go build's -overlay.
func plant(dir, root string, all []*fault) (string, error) {
	texts := make(map[string][]byte) // by path in the module
	var errs []error
	for _, m := range all {
		on := fmt.Appendf(nil, "(planted == %d)", m.number)
		for _, c := range m.changes {
			text, ok := texts[c.file]
			if !ok {
				var err error
				if text, err = os.ReadFile(filepath.Join(root, c.file)); err != nil {
					return "", fmt.Errorf("%v: %w", m, err)
				}
				pkg := path.Dir(c.file)
				texts[path.Join(pkg, "planted.go")] = fmt.Appendf(nil, selector, path.Base(pkg), variable)
			}
			c.to = bytes.ReplaceAll(c.to, []byte("PLANTED"), on)
			var err error
			if texts[c.file], err = c.apply(text); err != nil {
				errs = append(errs, fmt.Errorf("%v: %w", m, err))
				texts[c.file] = text
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	return writeOverlay(dir, root, texts)
}

// selector is a file that each changed package gets in addition.
const selector = `package %s

import (
	"os"
	"strconv"
)

var planted, _ = strconv.Atoi(os.Getenv(%q))
`

// buildTests builds the tests of a package, with the faults of an overlay in them.
func buildTests(ctx context.Context, root, overlay, pkg, binary string) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", overlay, "-o", binary, pkg)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return nil
}

// run runs the test that is to find m. on is m.number, or 0 for none. It returns what
// the test prints, and an error if it fails.
func (m *fault) run(ctx context.Context, root, binary string, on int, args ...string) (string, error) {
	test := exec.CommandContext(ctx, binary, append(args, "-test.run", "^"+m.test+"$", "-test.v")...)
	test.Dir = filepath.Join(root, m.pkg)
	test.Env = append(os.Environ(), variable+"="+strconv.Itoa(on))
	out, err := test.CombinedOutput()
	return string(out), err
}

// args are those of the package's tests.
func (m *fault) args() []string {
	if m.pkg == "./internal/testing/sim" {
		return []string{"-sim.first"}
	}
	return nil
}

// foundBy returns the line of out that shows that m was found by what is to find it.
func (m *fault) foundBy(out string) (line string, ok bool) {
	for line := range strings.Lines(out) {
		if slices.ContainsFunc(m.texts, func(text string) bool { return strings.Contains(line, text) }) {
			return strings.TrimSpace(line), true
		}
	}
	return "", false
}
