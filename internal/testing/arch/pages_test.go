package arch

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages returns the paths of the pages that users read, from this folder on.
func pages(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	var all []string
	for _, pattern := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/*.md", "docs/guide/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("no page %s: %v", pattern, err)
		}
		all = append(all, found...)
	}
	return all
}

// readPage returns a page without its fenced blocks of code, which a test compiles.
func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fence.ReplaceAllString(string(text), "")
}

var fence = regexp.MustCompile("(?ms)^```.*?^```$")

// A link within the module leads to a file, or a folder.
func TestPageLinks(t *testing.T) {
	for _, page := range pages(t) {
		for _, link := range pageLink.FindAllStringSubmatch(readPage(t, page), -1) {
			to, _, _ := strings.Cut(link[1], "#")
			if to == "" || strings.Contains(to, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(to))); err != nil {
				t.Errorf("%s links to %s, which there is not", filepath.Base(page), to)
			}
		}
	}
}

// A page that a comment of a public package names is there.
func TestPagesInComments(t *testing.T) {
	named := 0
	for _, p := range packages(t) {
		if !p.public() {
			continue
		}
		for _, path := range p.files(p.GoFiles) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, page := range pageInComment.FindAllString(string(text), -1) {
				named++
				if _, err := os.Stat(filepath.Join("..", "..", "..", filepath.FromSlash(page))); err != nil {
					t.Errorf("%s names %s, which there is not", path, page)
				}
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d pages are named", named)
	}
}

var pageInComment = regexp.MustCompile(`\bdocs/[\w/-]+\.md\b`)

var pageLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// A name of a public package that a page has in backquotes, such as node.Conn.Blocks,
// is one that users can see.
func TestNamedIdentifiers(t *testing.T) {
	scopes := publicTypes(t)
	named := 0
	for _, page := range pages(t) {
		for line := range strings.Lines(readPage(t, page)) {
			if filepath.Base(page) == "gouroboros.md" && strings.HasPrefix(line, "| ") {
				// The columns before the last have the names of another library.
				cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
				line = cells[len(cells)-1]
			}
			for _, code := range inlineCode.FindAllString(line, -1) {
				for _, name := range dottedName.FindAllStringSubmatch(code, -1) {
					p := scopes[name[1]]
					if p == nil {
						continue
					}
					named++
					if err := lookUp(p, strings.Split(name[2], ".")); err != nil {
						t.Errorf("%s names %s: %v", filepath.Base(page), name[0], err)
					}
				}
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d names were found", named)
	}
}

var (
	inlineCode = regexp.MustCompile("`[^`]+`")
	dottedName = regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*(?:\.[A-Z]\w*)*)\b`)
)

// publicTypes returns the public packages by their names.
func publicTypes(t *testing.T) map[string]*types.Package {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(all[path].Export)
	})
	scopes := make(map[string]*types.Package)
	for _, p := range packages(t) {
		if !p.public() || p.Name == "main" {
			continue
		}
		if scopes[p.Name], err = from.Import(p.ImportPath); err != nil {
			t.Fatal(err)
		}
	}
	return scopes
}

// lookUp returns an error unless names lead from a package to something exported: a
// function, type, variable or constant, then a method or field of it, and so on.
func lookUp(p *types.Package, names []string) error {
	found := p.Scope().Lookup(names[0])
	for i, name := range names {
		if i > 0 {
			found, _, _ = types.LookupFieldOrMethod(found.Type(), true, p, name)
		}
		if found == nil || !found.Exported() {
			return fmt.Errorf("%s has no %s", strings.Join(append([]string{p.Name()}, names[:i]...), "."), name)
		}
	}
	return nil
}

func TestLookUp(t *testing.T) {
	node := publicTypes(t)["node"]
	for name, there := range map[string]bool{
		"Dial": true, "Conn.Blocks": true, "Config.Limits.Inbound": true, "PeerError.Err": true, "StateX": false,
		"Conn.Block": false, "Config.Limits.None": false, "conn": false, "Conn.mux": false, "Dial.Config": false,
	} {
		if err := lookUp(node, strings.Split(name, ".")); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each public package says whether it is stable, as docs/compatibility.md does.
func TestStability(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| stable \|.*$`).Find(page)
	for _, p := range packages(t) {
		if !p.public() {
			continue
		}
		var doc string
		for _, path := range p.files(p.GoFiles) {
			if file := parse(t, token.NewFileSet(), path, nil); file.Doc != nil {
				doc += file.Doc.Text()
			}
		}
		stable, not := strings.Contains(doc, "Stable from version 0.1.0 on"), strings.Contains(doc, "Not stable yet")
		if stable == not {
			t.Errorf("package %s does not say whether it is stable: want %q or %q in its doc.go", p.rel(), "Stable from version 0.1.0 on", "Not stable yet")
		}
		if listed := strings.Contains(string(row), "`"+p.rel()+"`"); listed != stable {
			t.Errorf("package %s says that it is stable: %v; docs/compatibility.md says: %v", p.rel(), stable, listed)
		}
	}
}
