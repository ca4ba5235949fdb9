package arch

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"testing"
)

// parse reads a Go file: src if it is not nil, else the file at path.
func parse(t *testing.T, fset *token.FileSet, path string, src any) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// check returns the types in the files of a package, as far as they are known
// if there is an error, which is the first. It imports what the module imports
// from the build cache.
func check(fset *token.FileSet, path string, files []*ast.File) (*types.Info, error) {
	all, err := list()
	if err != nil {
		return nil, err
	}
	var first error
	conf := types.Config{
		Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
			if all[path].Export == "" {
				return nil, fmt.Errorf("%s does not compile", path)
			}
			return os.Open(all[path].Export)
		}),
		Error: func(err error) {
			if first == nil {
				first = err
			}
		},
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Types: make(map[ast.Expr]types.TypeAndValue)}
	conf.Check(path, fset, files, info)
	return info, first
}
