package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// writeOverlay writes texts, by path within the module at root, into dir, and
// returns the name of a file for go build's -overlay.
func writeOverlay(dir, root string, texts map[string][]byte) (string, error) {
	replace := make(map[string]string)
	for file, text := range texts { // any order
		to := filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return "", err
		}
		from, err := filepath.Abs(filepath.Join(root, file))
		if err != nil {
			return "", err
		}
		replace[from] = to
	}
	overlay, err := json.Marshal(struct{ Replace map[string]string }{replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o600)
}
