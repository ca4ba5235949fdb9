// Package arch holds tests that keep the shape of the module: which package
// may import which, what a pure file may not do, and that public packages are
// documented. It has no code of its own.
//
// Start with the table in imports_test.go.
package arch
