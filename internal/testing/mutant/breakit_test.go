package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/internal/cli"
)

// A fault is planted by name, and its test, or a command, sees it.
func TestPlant(t *testing.T) {
	dir := t.TempDir()
	const found = "found by ./p TestP: oracle\nin p/p.go\n-func P() int { return 1 }\n+func P() int {\n+\tif PLANTED {\n+\t\treturn 2\n+\t}\n+\treturn 1\n+}\n\n"
	for file, text := range map[string]string{ // any order
		"go.mod":      "module example.test/p\n\ngo 1.26\n",
		"p/p.go":      "package p\n\nfunc P() int { return 1 }\n\nfunc Q() int { return 1 }\n",
		"p/p_test.go": "package p\n\nimport \"testing\"\n\nfunc TestP(t *testing.T) {\n\tif P() != 1 {\n\t\tt.Error(\"oracle\")\n\t}\n}\n",
		self + "/testdata/p.txt": "# one\n" + found +
			strings.ReplaceAll("# two\n"+found, "func P", "func Q"),
	} {
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir) // for commands
	for _, test := range []struct {
		args []string
		want string // printed or, if usage is wrong, told
		err  error
	}{
		{[]string{"-plant", "p: one"}, "\n+func P() int {\n", nil},
		{[]string{"-plant", "one"}, "found: p_test.go:7: oracle", nil},
		{[]string{"-plant", "two"}, "NOT FOUND", errPlanted},
		{[]string{"-plant", "one", "--", "go", "test", "./p"}, "--- FAIL: TestP", errPlanted},
		{[]string{"-plant", "two", "--", "go", "test", "-count=1", "./p"}, "ok", nil},
		{[]string{"-plant", ":", "-list"}, "p: one\np: two\n", nil},
		{[]string{"-plant", "p"}, "one fault at a time", cli.UsageError{}},
		{[]string{"-plant", "three"}, "no fault", cli.UsageError{}},
	} {
		var out strings.Builder
		err := run(t.Context(), dir, test.args, &out, &out)
		switch {
		case test.err != nil && errors.As(err, new(cli.UsageError)):
			out.WriteString(err.Error())
		case !errors.Is(err, test.err):
			t.Errorf("%q: error %v, want %v", test.args, err, test.err)
		}
		if !strings.Contains(out.String(), test.want) {
			t.Errorf("%q prints\n%s, want %q", test.args, out.String(), test.want)
		}
	}
}
