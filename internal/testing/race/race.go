// Package race tells tests whether the race detector is on. It adds
// allocations of its own, so tests that count them are skipped under it.
package race
