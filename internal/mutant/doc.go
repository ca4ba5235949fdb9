// Package mutant plants faults into the source of this module and sees to it
// that tests find them. It has no code of its own.
//
// The faults are in testdata, as changes to lines of the real files; see the
// README there. All of them go into one build of the tests that are to find
// them, which go build's -overlay makes possible without a change to any file,
// and each is switched on by the environment in a run of its own. So what ships
// has no switch, and a fault whose lines are gone fails the test.
package mutant
