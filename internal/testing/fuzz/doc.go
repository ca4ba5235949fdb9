// Package fuzz helps fuzz targets: [Bound] limits what an input may make us
// allocate, and [Entry] and [Values] write and read files of a corpus.
//
// It imports nothing of the module, so that a test within any package can use
// it. Seeds that come out of recordings are made by package internal/testing/fuzzseed.
package fuzz
