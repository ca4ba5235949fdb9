package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// equivalents are changes that make no difference: entry and reason.
type equivalents map[string]string

// readEquivalents reads the files in a folder, which need not exist. README.md
// of testdata describes them.
func readEquivalents(dir string) (equivalents, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	all := make(equivalents)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := all.parse(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return all, nil
}

func (e equivalents) parse(text string) error {
	var entry, reason string
	lines := 0 // of the entry
	end := func() error {
		switch {
		case entry == "":
			return nil
		case lines != 3:
			return fmt.Errorf("an entry has a line \"in FILE, FUNCTION\" and two with a tab: the source and the change\n%s", entry)
		case reason == "":
			return fmt.Errorf("the reason is missing (because ...)\n%s", entry)
		case e[entry] != "":
			return fmt.Errorf("listed twice:\n%s", entry)
		}
		e[entry] = reason
		entry, reason, lines = "", "", 0
		return nil
	}
	for line := range strings.Lines(text + "\n") {
		line = strings.TrimRight(line, " \r\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			if err := end(); err != nil {
				return err
			}
		case entry == "" && strings.HasPrefix(line, "in "), strings.HasPrefix(line, "\t") && reason == "":
			entry += line + "\n"
			lines++
		case lines == 3 && (reason != "" || strings.HasPrefix(line, "because ")):
			reason += line + "\n"
		default:
			return fmt.Errorf("%q is neither \"in FILE, FUNCTION\", a line with a tab, nor \"because ...\"", line)
		}
	}
	return end()
}
