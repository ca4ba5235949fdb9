//go:build !unix

package mux

// tcp is for systems that tell when there is something to read.
func (r *reader) tcp() func() (int, error) { return nil }
