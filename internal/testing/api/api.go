package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// module is this module, compiled.
type module struct {
	dir      string
	packages []*api // the public ones, by name
}

// api is what a package exports.
type api struct {
	name   string   // its folder
	lines  []string // sorted
	counts counts
}

// text returns the golden file.
func (a *api) text() string { return strings.Join(a.lines, "\n") + "\n" }

// counts are numbers of exported names.
type counts struct{ types, funcs, consts, vars, methods, fields int }

func (c *counts) add(d counts) {
	c.types, c.funcs, c.consts = c.types+d.types, c.funcs+d.funcs, c.consts+d.consts
	c.vars, c.methods, c.fields = c.vars+d.vars, c.methods+d.methods, c.fields+d.fields
}

// String returns the columns of a row.
func (c counts) String() string {
	return fmt.Sprintf("%6d %6d %6d %6d %8d %8d %8d", c.types, c.funcs, c.consts, c.vars, c.methods, c.fields,
		c.types+c.funcs+c.consts+c.vars+c.methods+c.fields)
}

// load compiles the module with the working directory in it, and reads what its packages
// export from what the compiler writes.
func load(ctx context.Context) (*module, error) {
	out, err := goList(ctx, "-m", "-f", "{{.Path}}\n{{.Dir}}")
	if err != nil {
		return nil, err
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(out), "\n")
	m := &module{dir: dir}
	out, err = goList(ctx, "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}\t{{.Name}}", path+"/...")
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string) // files, by import path
	var public []string
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		exports[f[0]] = f[1]
		rel, ours := strings.CutPrefix(f[0], path)
		if ours && f[2] != "main" && !strings.Contains(rel+"/", "/internal/") {
			public = append(public, f[0])
		}
	}
	slices.Sort(public)
	compiled := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	for _, p := range public {
		pkg, err := compiled.Import(p)
		if err != nil {
			return nil, err
		}
		a := &api{name: strings.TrimPrefix(strings.TrimPrefix(p, path), "/")}
		a.read(pkg)
		m.packages = append(m.packages, a)
	}
	return m, nil
}

func goList(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list"}, args...)...)
	// The same system everywhere, for the files to be the same.
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("go list: %s", bytes.TrimSpace(exit.Stderr))
	}
	return string(out), err
}

// read lists what a package exports: a line for each name, with its type.
func (a *api) read(pkg *types.Package) {
	within := func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return p.Name()
	}
	line := func(format string, args ...any) { a.lines = append(a.lines, fmt.Sprintf(format, args...)) }
	for _, name := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(name)
		if !o.Exported() {
			continue
		}
		switch o := o.(type) {
		case *types.Const:
			a.counts.consts++
			line("const %s %s = %s", name, types.TypeString(o.Type(), within), o.Val())
		case *types.Var:
			a.counts.vars++
			line("var %s %s", name, types.TypeString(o.Type(), within))
		case *types.Func:
			a.counts.funcs++
			line("%s", types.ObjectString(o, within))
		case *types.TypeName:
			a.counts.types++
			a.readType(o, within, line)
		}
	}
	slices.Sort(a.lines)
}

func (a *api) readType(o *types.TypeName, within types.Qualifier, line func(string, ...any)) {
	name := o.Name()
	if o.IsAlias() {
		line("%s", types.ObjectString(o, within))
		return
	}
	t := o.Type().(*types.Named)
	shown := types.TypeString(t, within)
	switch u := t.Underlying().(type) {
	case *types.Struct:
		line("type %s struct", shown)
		for f := range u.Fields() {
			if !f.Exported() {
				continue
			}
			a.counts.fields++
			embedded := ""
			if f.Embedded() {
				embedded = " (embedded)"
			}
			line("type %s struct, %s %s%s", name, f.Name(), types.TypeString(f.Type(), within), embedded)
		}
	case *types.Interface:
		line("type %s interface", shown)
		for f := range u.Methods() {
			if !f.Exported() { // other packages cannot implement it
				line("type %s interface, unexported methods", name)
				continue
			}
			a.counts.methods++
			line("type %s interface, %s%s", name, f.Name(), strings.TrimPrefix(types.TypeString(f.Signature(), within), "func"))
		}
	default:
		line("type %s %s", shown, types.TypeString(u, within))
	}
	for f := range t.Methods() {
		if f.Exported() {
			a.counts.methods++
			line("%s", types.ObjectString(f, within))
		}
	}
}
