//go:build race

package testenv

// Race reports whether the race detector is on. It allocates, so tests that count
// allocations skip themselves then.
const Race = true
