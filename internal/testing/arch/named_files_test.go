package arch

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A file that a page names is there: at its path in the module or, if the page
// gives its name only, in some folder.
func TestNamedFiles(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	there := make(map[string]bool)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		if rel, err := filepath.Rel(root, name); err == nil && strings.HasSuffix(name, ".go") {
			there[filepath.ToSlash(rel)] = true
			there[entry.Name()] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namedFile.FindAllString(string(text), -1) {
			named++
			if !there[path.Clean(name)] {
				t.Errorf("%s names %s, which there is not", filepath.Base(page), name)
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d names were found", named)
	}
}

var namedFile = regexp.MustCompile(`[A-Za-z][\w./-]*\.go\b`)
