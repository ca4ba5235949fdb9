// Package testenv is what tests need to know of the process and the machine that they
// run on: goroutines that were left behind ([CheckLeaks]), the race detector ([Race]),
// and the folder of real chain data ([ChainData], [Blocks]).
package testenv
