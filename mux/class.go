package mux

import "github.com/ouronet/ouronet/internal/segment"

// Class is the urgency of the bytes that a channel sends. Classes share a connection by
// weights: the more urgent go first, and each gets a share. Only the sender knows the
// class; it is not on the wire.
type Class uint8

const (
	// Control is for messages on which decisions and measurements of the other side
	// depend: handshakes, keep-alives, requests, headers. It is the zero Class.
	Control Class = iota

	// Fresh is for data that is useful for seconds only: transactions.
	Fresh

	// Bulk is for blocks. The first 96 KiB after the channel had nothing
	// to send go as Control: they are what a peer at the tip asked for, the
	// newest block. Behind them is a peer that catches up.
	Bulk

	classes = iota
)

// lead is the largest block of mainnet, of 90,112 bytes and a header, and some.
const lead = 96 << 10

// patience is how many bytes of more urgent classes, and up to a segment more,
// may pass a class while it waits; then it has a turn. So Bulk gets at least a
// ninth of the bytes, and Fresh a fifth of the rest.
var patience = [classes]int{Fresh: 4 * segment.Usual, Bulk: 8 * segment.Usual}

// SetClass sets the urgency of the bytes that the channel sends. Call it before the
// first Send.
func (c *Channel) SetClass(class Class) *Channel {
	c.out.class = class
	return c
}

// schedule is the order in which channels that have something to write do so:
// in turn within a class, by urgency and patience between classes.
type schedule struct {
	turns  [classes]turns
	passed [classes]int // bytes of more urgent classes while this one waited
}

// push puts c, which has something to write, behind the others of its class.
func (s *schedule) push(c *Channel) {
	class := c.out.class
	if c.out.lead > 0 {
		class = Control
	}
	s.turns[class].push(c)
}

// next returns the class whose turn it is. At least one has something to write.
func (s *schedule) next() Class {
	for class := Class(classes - 1); class > Control; class-- {
		if !s.turns[class].empty() && s.passed[class] >= patience[class] {
			return class
		}
	}
	class := Control
	for s.turns[class].empty() {
		class++
	}
	return class
}

// served notes that n bytes of a class went out.
func (s *schedule) served(class Class, n int) {
	s.passed[class] = 0
	for less := class + 1; less < classes; less++ {
		if !s.turns[less].empty() {
			s.passed[less] += n
		}
	}
}

func (s *schedule) empty() bool {
	for class := range s.turns {
		if !s.turns[class].empty() {
			return false
		}
	}
	return true
}

// turns is a queue of channels.
type turns struct{ head, tail *Channel }

func (t *turns) empty() bool { return t.head == nil }

func (t *turns) push(c *Channel) {
	if t.tail == nil {
		t.head = c
	} else {
		t.tail.out.next = c
	}
	t.tail = c
}

func (t *turns) pop() *Channel {
	c := t.head
	if t.head = c.out.next; t.head == nil {
		t.tail = nil
	}
	c.out.next = nil
	return c
}
