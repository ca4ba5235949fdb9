package fuzz_test

import (
	"bufio"
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var keep = flag.String("keep", "", "keep what the fuzzer found to reach something new, for packages that match this `expression`")

const (
	maxKept     = 24   // inputs of a target
	maxKeptSize = 4000 // bytes of a file
)

// TestKeep copies inputs from Go's cache of what fuzzing found into the corpora:
// small ones first, each that reaches statements of the module which no seed and
// no smaller input does.
func TestKeep(t *testing.T) {
	if *keep == "" {
		t.Skip("keeps inputs with -keep")
	}
	match := regexp.MustCompile(*keep)
	cache := strings.TrimSpace(output(t, "go", "env", "GOCACHE"))
	for _, pkg := range strings.Fields(output(t, "go", "list", "../../../...")) {
		_, rel, _ := strings.Cut(pkg, "ouronet/ouronet/")
		found, _ := filepath.Glob(filepath.Join(cache, "fuzz", pkg, "Fuzz*"))
		if len(found) == 0 || !match.MatchString(rel) {
			continue
		}
		k := keeper{t: t, dir: filepath.Join("../../..", rel), binary: filepath.Join(t.TempDir(), "fuzz.test")}
		output(t, "go", "test", "-c", "-cover", "-covermode", "set", "-coverpkg", "../../../...", "-o", k.binary, pkg)
		have := strings.Fields(k.run("-test.list", "^Fuzz"))
		for _, dir := range found {
			if target := filepath.Base(dir); slices.Contains(have, target) {
				t.Logf("%s %s: %d kept", rel, target, k.keep(target, dir))
			}
		}
	}
}

// keeper is a package whose test program counts statements.
type keeper struct {
	t           *testing.T
	dir, binary string
}

func (k *keeper) run(args ...string) string {
	cmd := exec.Command(k.binary, args...)
	cmd.Dir = k.dir
	out, _ := cmd.CombinedOutput() // what fails reaches little
	return string(out)
}

// keep adds inputs from the cache to a target's corpus.
func (k *keeper) keep(target, cache string) (kept int) {
	reached := k.cover(target)
	entries, err := os.ReadDir(cache)
	if err != nil {
		k.t.Fatal(err)
	}
	type input struct {
		name string
		file []byte
	}
	var inputs []input
	for _, e := range entries {
		file, err := os.ReadFile(filepath.Join(cache, e.Name()))
		if err == nil && len(file) <= maxKeptSize {
			inputs = append(inputs, input{e.Name(), file})
		}
	}
	slices.SortStableFunc(inputs, func(a, b input) int { return len(a.file) - len(b.file) })
	corpus := filepath.Join(k.dir, "testdata", "fuzz", target)
	if err := os.MkdirAll(corpus, 0o777); err != nil {
		k.t.Fatal(err)
	}
	for _, in := range inputs {
		path := filepath.Join(corpus, in.name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := os.WriteFile(path, in.file, 0o666); err != nil {
			k.t.Fatal(err)
		}
		before := len(reached)
		for s := range k.cover(target + "/^" + in.name + "$") {
			reached[s] = true
		}
		if len(reached) == before {
			os.Remove(path)
		} else if kept++; kept == maxKept {
			break
		}
	}
	os.Remove(corpus) // if it is empty
	return kept
}

// cover returns the statements that a target reaches with some of its corpus.
func (k *keeper) cover(target string) map[string]bool {
	profile := filepath.Join(k.t.TempDir(), "cover")
	name, input, one := strings.Cut(target, "/")
	if one {
		input = "/" + input
	}
	k.run("-test.run", "^"+name+"$"+input, "-test.coverprofile", profile)
	file, err := os.ReadFile(profile)
	if err != nil {
		return nil
	}
	reached := make(map[string]bool)
	for s := bufio.NewScanner(bytes.NewReader(file)); s.Scan(); {
		if line, ok := strings.CutSuffix(s.Text(), " 1"); ok && !strings.Contains(line, "/internal/testing/fuzz") {
			reached[line] = true
		}
	}
	return reached
}

func output(t *testing.T, name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}
