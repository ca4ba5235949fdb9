// Mutant changes the source of this module in small ways and sees to it that
// tests notice.
//
//	go run ./internal/testing/mutant -random -seed 1 -n 100 ./mux ./protocol
//	go run ./internal/testing/mutant -at mux/egress.go:195
//	go run ./internal/testing/mutant -plant 'chain: k off by one'
//
// The first command makes random changes, one at a time: another comparison, a
// dropped statement, an error that is not returned, a constant off by one. It
// runs the tests of the changed package, then those of its importers, until one
// fails. It prints the changes that no test notices, and the score. The second
// command tries every change of one line: use it to see a new test fail.
//
// testdata/equivalent lists changes that make no visible difference, with the
// reason. They do not count.
//
// The third command plants a fault that was written by hand, and runs the test that
// must find it. These faults are in testdata as changes to lines of the real files; see
// the README there. The tests of this package plant all of them: they go into one build
// of the tests that must find them, and the environment switches one on in a run of its
// own. So what ships has no switch, and a fault whose lines are gone fails the test.
//
// All of them use go build's -overlay: no file of the module changes.
package main
