package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is the import path of the root module; packages of nested modules are
// not looked at.
const module = "github.com/ouronet/ouronet"

// pkg is what `go list -json` says about a package.
type pkg struct {
	ImportPath   string
	Name         string
	Dir          string
	Export       string // file with the types of its exported declarations
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// rel returns the package's path within the module, "" for its root.
func (p pkg) rel() string { return rel(p.ImportPath) }

func rel(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

// ours reports whether an import path is within the module.
func ours(importPath string) bool {
	return importPath == module || strings.HasPrefix(importPath, module+"/")
}

// public reports whether users can import the package.
func (p pkg) public() bool {
	return p.Name != "main" && !strings.HasPrefix(p.rel(), "internal/") && !strings.Contains(p.rel(), "/internal/")
}

func (p pkg) files(names []string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = filepath.Join(p.Dir, name)
	}
	return paths
}

// list returns all packages that the module consists of or depends on, by
// import path.
var list = sync.OnceValues(func() (map[string]pkg, error) {
	root := filepath.Join("..", "..", "..")
	if err := visitFolders(root); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-e", "-deps", "-export",
		"-json=ImportPath,Name,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New("go list: " + string(exit.Stderr))
		}
		return nil, err
	}
	all := make(map[string]pkg)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

// visitFolders reads all folders of the module, so that go test sees what this
// test depends on, and runs it again after a change. It cannot see what go list
// reads.
func visitFolders(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	})
}

// packages returns the packages of the module, sorted.
func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := list()
	if err != nil {
		t.Fatal(err)
	}
	var found []pkg
	for _, p := range all {
		if ours(p.ImportPath) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return found
}
