package fuzz

import "runtime/metrics"

// Bound calls f and fails the test if more than most bytes were allocated
// meanwhile. A length that a peer only announces shows up here long before it
// fills the memory of a machine. Give most a megabyte of slack: for what is
// allocated whatever the input, and by the machinery around the test.
func Bound(t reporter, most int, f func()) {
	t.Helper()
	before := allocated()
	f()
	if got := allocated() - before; got > uint64(most) {
		t.Errorf("%d bytes allocated, want at most %d", got, most)
	}
}

// reporter is the part of testing.TB that is used.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// allocated returns how many bytes the program has allocated so far. Small ones
// are counted a while later, which does not matter at this scale.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
