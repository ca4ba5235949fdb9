package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pureFiles hold the decisions. The same inputs must give the same outputs, so
// they read no clock, start no goroutine and depend on no map's order.
var pureFiles = []string{
	"protocol/spec.go",
	"protocol/machine*.go",
	"*/spec.go",
	"chain/*.go",
	"internal/testing/sim/*.go",
	"internal/redial/*.go",
	"internal/lifecycle/*.go",
	"internal/testing/explore/*.go",
	"txsubmission/*window*.go",
	"handshake/negotiat*.go",
	"vnet/link.go",
	"vnet/fault.go",
	"internal/crypto/curve/*.go",
	"internal/crypto/eddsa/*.go",
	"internal/crypto/vrf/*.go",
	"internal/crypto/kes/*.go",
	"ledger/praos/[^cg]*.go", // but cache.go, which many goroutines share, and genesis.go, which reads files
	"ledger/praos/checks.go",
	"ledger/praos/config.go",
	"ledger/praos/counters.go",
}

var (
	// impure may not be imported, nor anything below.
	impure = []string{"net", "os", "log", "sync", "crypto/rand", "go.uber.org/zap"}

	// clock are the functions of package time that read the clock or wait.
	clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
)

// anyOrder in a comment on the line of a range over a map, or on the line
// above, says that its order does not matter.
const anyOrder = "any order"

func isPure(rel, file string) bool {
	return slices.ContainsFunc(pureFiles, func(pattern string) bool {
		ok, _ := filepath.Match(pattern, rel+"/"+file)
		return ok
	})
}

func TestPureFiles(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.ContainsFunc(p.GoFiles, func(file string) bool { return isPure(p.rel(), file) }) {
			continue
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, path := range p.files(p.GoFiles) {
			files = append(files, parse(t, fset, path, nil))
		}
		info, err := check(fset, p.ImportPath, files)
		if err != nil {
			t.Errorf("%s: %v", p.rel(), err)
			continue
		}
		for i, file := range files {
			if isPure(p.rel(), p.GoFiles[i]) {
				for _, fault := range impurities(fset, file, info) {
					t.Errorf("%s/%s: a pure file %s", p.rel(), p.GoFiles[i], fault)
				}
			}
		}
	}
}

// impurities returns what a pure file may not do, each with its line.
func impurities(fset *token.FileSet, file *ast.File, info *types.Info) []string {
	var found []string
	add := func(pos token.Pos, what string) {
		found = append(found, fmt.Sprintf("%s (line %d)", what, fset.Position(pos).Line))
	}
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if slices.ContainsFunc(impure, func(bad string) bool { return path == bad || strings.HasPrefix(path, bad+"/") }) {
			add(spec.Pos(), "imports "+path)
		}
	}
	excused := make(map[int]bool) // lines
	for _, group := range file.Comments {
		if strings.Contains(group.Text(), anyOrder) {
			line := fset.Position(group.End()).Line
			excused[line], excused[line+1] = true, true
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			add(n.Pos(), "starts a goroutine")
		case *ast.RangeStmt:
			_, isMap := info.TypeOf(n.X).Underlying().(*types.Map)
			if isMap && !excused[fset.Position(n.Pos()).Line] {
				add(n.Pos(), "ranges over a map")
			}
		case *ast.Ident:
			if fn, ok := info.Uses[n].(*types.Func); ok && fn.Pkg() != nil && fn.Signature().Recv() == nil {
				if name := impureFunc(fn); name != "" {
					add(n.Pos(), "calls "+name)
				}
			}
		}
		return true
	})
	return found
}

// impureFunc returns the qualified name of a function that a pure file may not
// call, or "".
func impureFunc(fn *types.Func) string {
	switch path := fn.Pkg().Path(); path {
	case "time":
		if slices.Contains(clock, fn.Name()) {
			return "time." + fn.Name()
		}
	case "math/rand", "math/rand/v2": // a source handed in is fine, the global one is not
		if !strings.HasPrefix(fn.Name(), "New") {
			return path + "." + fn.Name()
		}
	}
	return ""
}

func TestImpurities(t *testing.T) {
	const src = `package p

import (
	"math/rand/v2"
	clock "time"
	_ "net/netip"
	_ "network"
)

type set map[int]bool

func f(s set, list []int, r *rand.Rand, at clock.Time) {
	for range s {
	}
	// Deletes may come in any order.
	for k := range s {
		delete(s, k)
	}
	for range list {
	}
	_ = clock.Now
	_ = at.After(at)
	_ = clock.Second
	go f(nil, nil, nil, at)
	_ = rand.IntN(3) + r.IntN(3) + rand.New(nil).IntN(3)
}
`
	fset := token.NewFileSet()
	file := parse(t, fset, "p.go", src)
	info, _ := check(fset, "p", []*ast.File{file}) // an error, as "network" does not exist
	got := impurities(fset, file, info)
	want := []string{
		"imports net/netip (line 6)",
		"ranges over a map (line 13)",
		"calls time.Now (line 21)",
		"starts a goroutine (line 24)",
		"calls math/rand/v2.IntN (line 25)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
