package fuzz

import (
	"runtime/metrics"
)

// Slack is what [Bound] allows beside its factor, in bytes: what is allocated
// whatever the input, and by the machinery around the test.
const Slack = 1 << 20

// Bound calls f, which reads size bytes of an input, and fails the test if all
// that was allocated meanwhile is more than factor times size, and [Slack]. A
// length that a peer only announces shows up here long before it fills the
// memory of a machine.
func Bound(t reporter, size, factor int, f func()) {
	t.Helper()
	before := allocated()
	f()
	if got, most := allocated()-before, uint64(size)*uint64(factor)+Slack; got > most {
		t.Errorf("%d bytes allocated for an input of %d, want at most %d", got, size, most)
	}
}

// allocated returns how many bytes the program has allocated so far. Small ones
// are counted a while later, which does not matter at this scale.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// reporter is the part of [testing.TB] that is used.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}
