// Package fuzz helps fuzz targets: [Bound] limits what an input may make us
// allocate, and [Entry] and [Values] write and read files of a corpus.
//
// The package itself imports nothing of the module, so that a test within any package
// can use it. Its own tests hold the seeds below testdata/fuzz of all packages, in
// files whose names begin with "recorded-", to what they claim to be; with -update
// they make them anew:
//
//	go test ./internal/testing/fuzz -update
//
// Recorded seeds come from conversations of our own with generated chains: the
// recordings in the repository, a follower of a chain with all eras, and a run of the
// conformance suite against a node of this module, in which every message there is
// travels, legal and not.
package fuzz
