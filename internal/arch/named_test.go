package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// What a page says is shown by a test is shown by one that there is.
func TestNamedTests(t *testing.T) {
	there := make(map[string]bool)
	for _, p := range packages(t) {
		for _, path := range p.files(append(p.TestGoFiles, p.XTestGoFiles...)) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range testName.FindAllSubmatch(text, -1) {
				there[string(name[1])] = true
			}
		}
	}
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namedTest.FindAll(text, -1) {
			if !there[string(name)] {
				t.Errorf("%s names %s, which there is not", filepath.Base(page), name)
			}
		}
	}
}

var (
	testName  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	namedTest = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`)
)
