// Package cli is what the programs of this module share: command lines, messages,
// exit statuses and signals.
//
// A program is a [Program]; its Setup declares flags and arguments on a [Command]
// and returns what runs once they are parsed. Start with [Main].
//
//   - Flags may stand before, between and after arguments; -- ends them.
//   - -help prints the usage, with an example, and -version the version, both on
//     standard output.
//   - A mistake in the command line is a [UsageError]: one line that names the
//     argument, what was given and what is allowed, and then the usage line.
//   - The exit status is 0 if all went well, 1 if something did not work, 2 for a
//     mistake in the command line.
//   - The first signal (Ctrl-C) asks for an orderly end, the second ends at once.
package cli
