package testenv

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// ChainData returns the folder of real chain data, which is not part of the module:
// $OURONET_CHAINDATA, else ../shared/chaindata beside the module. The test is skipped
// when there is none.
func ChainData(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("OURONET_CHAINDATA")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		root := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(file))))
		dir = filepath.Join(filepath.Dir(root), "shared", "chaindata")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		tb.Skipf("no real chains at %s: set OURONET_CHAINDATA to a folder that has them", dir)
	}
	return dir
}

// Blocks returns the single blocks in a folder of [ChainData], such as "mainnet-blocks", by
// the names of their files without .block.
func Blocks(tb testing.TB, folder string) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(ChainData(tb), folder, "*.block"))
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
