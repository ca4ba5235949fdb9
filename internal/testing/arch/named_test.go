package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a page says is shown by a test is shown by one that there is.
func TestNamedTests(t *testing.T) {
	there := make(map[string]bool)
	var files []string
	for _, p := range packages(t) {
		files = append(files, p.files(append(p.TestGoFiles, p.XTestGoFiles...))...)
	}
	nested, err := filepath.Glob(filepath.Join("..", "..", "..", "conformance", "interop", "*_test.go"))
	if err != nil || len(nested) == 0 {
		t.Fatal(nested, err)
	}
	for _, path := range append(files, nested...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range testName.FindAllSubmatch(text, -1) {
			there[string(name[1])] = true
		}
	}
	for _, page := range pages(t) {
		for line := range strings.Lines(readPage(t, page)) {
			for _, name := range namedTest.FindAllString(line, -1) {
				if there[name] || strings.Contains(line, "-run") && startsOne(there, name) {
					continue
				}
				t.Errorf("%s names %s, which there is not", filepath.Base(page), name)
			}
		}
	}
}

// startsOne reports whether a name begins as what go test -run is given.
func startsOne(names map[string]bool, pattern string) bool {
	for name := range names {
		if strings.HasPrefix(name, pattern) {
			return true
		}
	}
	return false
}

var (
	testName  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	namedTest = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`)
)
