// Package logtest keeps what is logged, for tests to look at.
//
// Start with [New].
package logtest
