// Package fuzzseed makes seeds of fuzz targets out of recordings of package
// trace. Start with [Cut].
//
// Its test holds the seeds below testdata/fuzz of all packages, in files whose
// names begin with "recorded-", to what they claim to be; with -update it makes
// them anew:
//
//	go test ./internal/testing/fuzzseed -update
//
// They come from conversations of our own with generated chains: the recordings
// in the repository, a follower of a chain with all eras, and a run of the
// conformance suite against a node of this module, in which every message there
// is travels, legal and not.
package fuzzseed
