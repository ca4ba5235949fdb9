package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Every public package has an Example that runs as a test.
func TestExamples(t *testing.T) {
	for _, p := range packages(t) {
		if p.public() && !hasExample(t, p) {
			t.Errorf("package %s has no Example", p.rel())
		}
	}
}

func hasExample(t *testing.T, p pkg) bool {
	for _, path := range p.files(slices.Concat(p.TestGoFiles, p.XTestGoFiles)) {
		file := parse(t, token.NewFileSet(), path, nil)
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Example") && hasOutput(file, fn) {
				return true
			}
		}
	}
	return false
}

// hasOutput reports whether an Example ends with the comment without which it
// is compiled but not run.
func hasOutput(file *ast.File, fn *ast.FuncDecl) bool {
	return slices.ContainsFunc(file.Comments, func(c *ast.CommentGroup) bool {
		text := strings.ToLower(c.Text())
		return c.Pos() > fn.Body.Pos() && c.End() < fn.Body.End() &&
			(strings.HasPrefix(text, "output:") || strings.HasPrefix(text, "unordered output:"))
	})
}

// Every package says in doc.go what it is, a program in any of its files, and
// whatever users see has a comment.
func TestDocComments(t *testing.T) {
	for _, p := range packages(t) {
		documented := false
		fset := token.NewFileSet()
		for i, path := range p.files(p.GoFiles) {
			file := parse(t, fset, path, nil)
			if file.Doc != nil && (p.GoFiles[i] == "doc.go" || !p.public()) {
				documented = true
			}
			if !p.public() {
				continue
			}
			for _, name := range undocumented(file) {
				t.Errorf("%s/%s: %s has no comment", p.rel(), p.GoFiles[i], name)
			}
		}
		if !documented && len(p.GoFiles) > 0 {
			t.Errorf("package %s has no package comment in doc.go", p.rel())
		}
	}
}

// undocumented returns the exported declarations without a comment.
func undocumented(file *ast.File) []string {
	var names []string
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Doc == nil && decl.Name.IsExported() && exportedRecv(decl) {
				names = append(names, decl.Name.Name)
			}
		case *ast.GenDecl:
			if decl.Doc == nil { // the comment on a group counts for all in it
				names = append(names, undocumentedSpecs(decl)...)
			}
		}
	}
	return names
}

func undocumentedSpecs(decl *ast.GenDecl) []string {
	var names []string
	var text string // of the comments so far: one may name what follows, too
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Doc == nil && spec.Name.IsExported() {
				names = append(names, spec.Name.Name)
			}
		case *ast.ValueSpec:
			text += spec.Doc.Text() + spec.Comment.Text()
			name := spec.Names[0]
			if spec.Doc == nil && spec.Comment == nil && name.IsExported() && !strings.Contains(text, name.Name) {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// wellKnown are methods whose meaning their interface says.
var wellKnown = []string{"Error", "Unwrap", "String", "Is"}

// exportedRecv reports whether users can see fn and its comment is missed: it
// is no method, or one of an exported type with a meaning of its own.
func exportedRecv(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	if slices.Contains(wellKnown, fn.Name.Name) {
		return false
	}
	typ := fn.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}
