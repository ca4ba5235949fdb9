package main

import (
	"fmt"
	"os"
	"strings"
)

// between returns what stands in a page between the lines <!-- name --> and
// <!-- /name -->.
func between(page, name string) (string, error) {
	_, rest, begins := strings.Cut(page, "<!-- "+name+" -->\n")
	text, _, ends := strings.Cut(rest, "<!-- /"+name+" -->\n")
	if !begins || !ends {
		return "", fmt.Errorf("there are no lines <!-- %s --> and <!-- /%s -->", name, name)
	}
	return text, nil
}

// put replaces what stands there.
func (m *module) put(file, name, text string) error {
	page, err := m.read(file)
	if err != nil {
		return err
	}
	before, err := between(page, name)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	mark := "<!-- " + name + " -->\n"
	page = strings.Replace(page, mark+before, mark+text, 1)
	return os.WriteFile(m.file(file), []byte(page), 0o644)
}
