package mux

import (
	"math/bits"
	"sync"
)

// Buffers come in powers of two from 1<<minClass to 1<<maxClass bytes and go
// back to a pool of their class, so that an idle connection holds none.
const (
	minClass = 12 // 4 KiB
	maxClass = 22 // 4 MiB; larger ones are left to the garbage collector
)

var pools [maxClass + 1]sync.Pool

// buffer is a piece of memory from a pool.
type buffer struct{ b []byte }

// getBuffer returns a buffer of at least n bytes, and of at most limit bytes
// unless n is more.
func getBuffer(n, limit int) *buffer {
	class := max(minClass, bits.Len(uint(n-1)))
	if class > maxClass {
		return &buffer{make([]byte, max(n, min(1<<class, limit)))}
	}
	if b, ok := pools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, 1<<class)}
}

// putBuffer gives a buffer back. The caller must not use it again.
func putBuffer(b *buffer) {
	if b == nil {
		return
	}
	if class := bits.Len(uint(len(b.b))) - 1; class >= minClass && class <= maxClass && len(b.b) == 1<<class {
		pools[class].Put(b)
	}
}
