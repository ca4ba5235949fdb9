package praos

import (
	"encoding/hex"
	"hash"
	"iter"

	"golang.org/x/crypto/blake2b"
)

// PoolID names a stake pool or another issuer of blocks: Blake2b-224 of the cold key.
type PoolID [28]byte

// String returns the id in hex.
func (p PoolID) String() string { return hex.EncodeToString(p[:]) }

// PoolIDOf returns the id of a cold key.
func PoolIDOf(coldKey []byte) (p PoolID) {
	h := hash224()
	h.Write(coldKey)
	h.Sum(p[:0])
	return p
}

func hash224() hash.Hash {
	h, err := blake2b.New(len(PoolID{}), nil)
	if err != nil {
		panic(err) // only for sizes above 64
	}
	return h
}

// Counters knows the issue number of the last operational certificate of each
// issuer on one branch of the chain. It never changes: With returns another
// one, and those before it stay what they were. [CounterMap] is one; a caller
// with a store of their own can put it behind this.
type Counters interface {
	// Last reports false for an issuer of no block so far.
	Last(issuer PoolID) (counter uint64, ok bool)

	// With returns counters in which the issuer's last one is counter.
	With(issuer PoolID, counter uint64) Counters
}

// CounterMap is a [Counters] in memory: a tree whose branches share what they
// have in common, so that one for each header costs little. The zero value is
// empty.
type CounterMap struct {
	root *counterNode
	n    int
}

// counterNode is a leaf, or has children by four bits of the id.
type counterNode struct {
	children *[16]*counterNode
	issuer   PoolID
	counter  uint64
}

// Len returns the number of issuers.
func (m CounterMap) Len() int { return m.n }

// Last returns the number of an issuer's last certificate.
func (m CounterMap) Last(issuer PoolID) (counter uint64, ok bool) {
	node := m.root
	for depth := 0; node != nil && node.children != nil; depth++ {
		node = node.children[nibble(issuer, depth)]
	}
	if node == nil || node.issuer != issuer {
		return 0, false
	}
	return node.counter, true
}

// With returns a map in which an issuer has another number.
func (m CounterMap) With(issuer PoolID, counter uint64) Counters {
	if _, ok := m.Last(issuer); !ok {
		m.n++
	}
	m.root = m.root.with(&counterNode{issuer: issuer, counter: counter}, 0)
	return m
}

func (n *counterNode) with(leaf *counterNode, depth int) *counterNode {
	if n == nil || n.children == nil && n.issuer == leaf.issuer {
		return leaf
	}
	branch := &counterNode{children: new([16]*counterNode)}
	if n.children != nil {
		*branch.children = *n.children
	} else {
		branch.children[nibble(n.issuer, depth)] = n
	}
	child := &branch.children[nibble(leaf.issuer, depth)]
	*child = (*child).with(leaf, depth+1)
	return branch
}

// All returns all issuers, in the order of their ids.
func (m CounterMap) All() iter.Seq2[PoolID, uint64] {
	return func(yield func(PoolID, uint64) bool) { m.root.all(yield) }
}

func (n *counterNode) all(yield func(PoolID, uint64) bool) bool {
	switch {
	case n == nil:
		return true
	case n.children == nil:
		return yield(n.issuer, n.counter)
	}
	for _, child := range n.children {
		if !child.all(yield) {
			return false
		}
	}
	return true
}

func nibble(p PoolID, i int) byte { return p[i/2] >> (4 * (1 - i%2)) & 15 }
