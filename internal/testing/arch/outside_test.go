package arch

import (
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What users copy compiles for them: in a module outside this one, which cannot import
// what is internal, nor see what other test files declare. That is
//
//   - all files of a package that have Examples, together;
//   - each block of Go code in README.md, docs and docs/guide that begins with a package
//     clause: a program by itself if it has a func main, else with the other blocks of its
//     page for the same package. A test in it makes it a test file.
//
// Other blocks are fragments, and are not compiled.
func TestExamplesAndGuideCompileOutside(t *testing.T) {
	out := outside{t: t, dir: t.TempDir()}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	out.write("go.sum", string(sum))
	out.write("go.mod", strings.Replace(string(mod), "module "+module+"\n", "module example.org/outside\n", 1)+
		fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", module, module, root))

	examples, blocks := 0, 0
	for _, p := range packages(t) {
		if !p.public() {
			continue
		}
		for _, path := range p.files(slices.Concat(p.TestGoFiles, p.XTestGoFiles)) {
			if text := out.read(path); exampleFunc.MatchString(text) {
				parse(t, token.NewFileSet(), path, text)
				out.write(filepath.Join("examples", p.rel(), filepath.Base(path)), text)
				examples++
			}
		}
	}
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/guide/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			page := strings.TrimSuffix(filepath.Base(path), ".md")
			for i, m := range goBlock.FindAllStringSubmatch(out.read(path), -1) {
				name := packageClause.FindStringSubmatch(m[1])
				if name == nil {
					continue
				}
				dir, file := name[1], fmt.Sprintf("block%d.go", i)
				if strings.Contains(m[1], "\nfunc main()") {
					dir = fmt.Sprint("program", i)
				}
				if strings.Contains(m[1], "\nfunc Test") {
					file = fmt.Sprintf("block%d_test.go", i)
				}
				out.write(filepath.Join("pages", page, dir, file), m[1])
				blocks++
			}
		}
	}
	if examples < 20 || blocks < 10 {
		t.Errorf("%d files with Examples and %d blocks were found: does this test still look at what it should?", examples, blocks)
	}

	// Compile all, link nothing.
	cmd := exec.Command("go", "list", "-test", "-export", "./...")
	cmd.Dir = out.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, strings.ReplaceAll(string(text), out.dir+"/", ""))
	}
}

var (
	exampleFunc   = regexp.MustCompile(`(?m)^func Example`)
	goBlock       = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	packageClause = regexp.MustCompile(`\A(?://[^\n]*\n|\n)*package (\w+)\n`)
)

// outside is a module in a folder.
type outside struct {
	t   *testing.T
	dir string
}

func (o outside) read(path string) string {
	o.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(text)
}

func (o outside) write(path, text string) {
	o.t.Helper()
	path = filepath.Join(o.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		o.t.Fatal(err)
	}
}
