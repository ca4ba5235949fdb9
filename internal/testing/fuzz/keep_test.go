package fuzz_test

import (
	"bufio"
	"bytes"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	keep  = flag.String("keep", "", "keep what the fuzzer found to reach something new, for packages that match this `expression`")
	prune = flag.String("prune", "", "leave each target the inputs that reach most, for packages that match this `expression`")
)

const (
	module = "github.com/ouronet/ouronet"

	maxFiles    = 12   // of a target, beside those that stay
	maxKeptSize = 4000 // bytes of a file
)

// stays reports whether a file is kept whatever it reaches: it was recorded, or is what a
// legal peer said.
func stays(name string) bool {
	return strings.HasPrefix(name, prefix) || strings.HasPrefix(name, "legal-")
}

// corpora returns the files of each target by its folder.
func corpora(t *testing.T) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	err := filepath.WalkDir("../../..", func(path string, d os.DirEntry, err error) error {
		if dir := filepath.Dir(path); err == nil && !d.IsDir() && filepath.Base(filepath.Dir(dir)) == "fuzz" {
			found[dir] = append(found[dir], d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The corpora of the module are not more than a repository should hold.
func TestSizes(t *testing.T) {
	const most, mostEntry = 1 << 20, 16 << 10
	var total int64
	for dir, names := range corpora(t) {
		for _, name := range names {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if total += info.Size(); info.Size() > mostEntry {
				t.Errorf("%s/%s has %d bytes", dir, name, info.Size())
			}
		}
	}
	if total > most {
		t.Errorf("%d bytes in all, want at most %d", total, most)
	}
}

// TestPrune removes files of targets that have too many. It keeps those that stay, then
// again and again the one that reaches most statements which the others do not reach.
func TestPrune(t *testing.T) {
	if *prune == "" {
		t.Skip("removes inputs with -prune")
	}
	match := regexp.MustCompile(*prune)
	for dir, names := range corpora(t) {
		pkg, _ := filepath.Rel("../../..", filepath.Dir(filepath.Dir(filepath.Dir(dir))))
		if len(slices.DeleteFunc(slices.Clone(names), stays)) <= maxFiles || !match.MatchString(pkg) {
			continue
		}
		k := build(t, filepath.ToSlash(pkg))
		target := filepath.Base(dir)
		reached := k.cover(target + "/^seed#")
		each := make(map[string]map[string]bool)
		left := maxFiles
		for _, name := range names {
			found := k.cover(target + "/^" + regexp.QuoteMeta(name) + "$")
			if !stays(name) {
				each[name] = found
				continue
			}
			maps.Copy(reached, found)
		}
		before := len(each)
		for ; left > 0 && len(each) > 0; left-- {
			best, most := "", -1
			for _, name := range slices.Sorted(maps.Keys(each)) {
				for s := range each[name] {
					if reached[s] {
						delete(each[name], s)
					}
				}
				if len(each[name]) > most {
					best, most = name, len(each[name])
				}
			}
			maps.Copy(reached, each[best])
			delete(each, best)
		}
		lost := make(map[string]bool)
		for name, found := range each {
			for s := range found {
				if !reached[s] {
					lost[s] = true
				}
			}
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%s %s: %d of %d removed; %d statements reached, %d no more", pkg, target, len(each), before, len(reached), len(lost))
	}
}

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
		k := build(t, rel)
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

// build makes the test program of the package in a folder of the module.
func build(t *testing.T, rel string) *keeper {
	k := &keeper{t: t, dir: filepath.Join("../../..", rel), binary: filepath.Join(t.TempDir(), "fuzz.test")}
	var reachable []string
	for _, pkg := range strings.Fields(output(t, "go", "list", "-deps", "-test", k.dir)) {
		if strings.HasPrefix(pkg, module+"/") && !strings.HasSuffix(pkg, ".test") && !strings.Contains(pkg, "_test") {
			reachable = append(reachable, pkg)
		}
	}
	output(t, "go", "test", "-c", "-cover", "-covermode", "set", "-coverpkg", strings.Join(reachable, ","), "-o", k.binary, k.dir)
	return k
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
	there, err := os.ReadDir(corpus)
	if err != nil {
		k.t.Fatal(err)
	}
	room := maxFiles
	for _, e := range there {
		if !stays(e.Name()) {
			room--
		}
	}
	if room <= 0 {
		return 0
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
		} else if kept++; kept == room {
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
