package chaindata

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Blocks returns the single blocks in a folder of [Dir], such as "mainnet-blocks", by
// the names of their files without .block.
func Blocks(tb testing.TB, folder string) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(Dir(tb), folder, "*.block"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no blocks in %s: %v", folder, err)
	}
	blocks := make(map[string][]byte)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		blocks[strings.TrimSuffix(filepath.Base(path), ".block")] = raw
	}
	return blocks
}
