package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A fault is one of those that the tests of internal/testing/mutant plant.
type fault struct {
	name  string   // as that package has it: file of testdata, a colon, and what is wrong
	test  string   // with its package: "chain TestScenarios"
	texts []string // one of which the test prints
}

// readFaults reads what internal/testing/mutant/testdata says of each fault. That
// package checks the files; its README has their form.
func (m *module) readFaults() ([]fault, error) {
	files, err := filepath.Glob(m.file("internal/testing/mutant/testdata/*.txt"))
	if err != nil {
		return nil, err
	}
	var all []fault
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if name, ok := strings.CutPrefix(line, "# "); ok {
				all = append(all, fault{name: strings.TrimSuffix(filepath.Base(file), ".txt") + ": " + name})
			} else if found, ok := strings.CutPrefix(line, "found by "); ok && len(all) > 0 {
				f := &all[len(all)-1]
				test, texts, _ := strings.Cut(found, ": ")
				f.test, f.texts = path.Clean(test), strings.Split(texts, " or ")
			}
		}
	}
	return all, nil
}
