// Package chaindata finds the folder of real chain data that some tests read.
// The data is not part of the module.
package chaindata

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir returns the chain data folder: $OURONET_CHAINDATA, else
// ../shared/chaindata beside the module. The test is skipped when there is
// none.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("OURONET_CHAINDATA")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		root := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(file))))
		dir = filepath.Join(filepath.Dir(root), "shared", "chaindata")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		tb.Skipf("no chain data at %s: set OURONET_CHAINDATA to a folder that has it", dir)
	}
	return dir
}
