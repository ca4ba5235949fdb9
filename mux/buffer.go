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

// buffer is a piece of memory from a pool. The bytes in use are b[r:w].
type buffer struct {
	b    []byte
	r, w int
	next *buffer
}

// getBuffer returns an empty buffer of at least n bytes.
func getBuffer(n int) *buffer {
	class := max(minClass, bits.Len(uint(n-1)))
	if class > maxClass {
		return &buffer{b: make([]byte, n)}
	}
	if b, ok := pools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{b: make([]byte, 1<<class)}
}

// putBuffer gives a buffer back. The caller must not use it again.
func putBuffer(b *buffer) {
	if b == nil {
		return
	}
	b.r, b.w, b.next = 0, 0, nil
	if class := bits.Len(uint(len(b.b))) - 1; class >= minClass && class <= maxClass && len(b.b) == 1<<class {
		pools[class].Put(b)
	}
}

func (b *buffer) unread() []byte { return b.b[b.r:b.w:b.w] }

// append copies what fits of p to the end of b and returns the rest.
func (b *buffer) append(p []byte) []byte {
	n := copy(b.b[b.w:], p)
	b.w += n
	return p[n:]
}
