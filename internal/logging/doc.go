// Package logging names the parts of the module that log, so that a program can
// give each a level of its own.
//
// [Of] makes the logger of one part.
package logging
