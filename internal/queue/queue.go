// Package queue has a list that grows at one end and shrinks at both.
package queue

import "slices"

// roomKept is how many elements an empty queue keeps room for.
const roomKept = 64

// Queue is a slice that elements are taken from at both ends, each step in constant
// time on average. It holds on to nothing that was taken, and has room for at most four
// times as many elements as it held at most; for roomKept of them once it is empty. The
// zero value is empty.
type Queue[T any] struct {
	buf  []T
	head int // the oldest; those before it are zero
}

// Len returns the number of elements.
func (q *Queue[T]) Len() int { return len(q.buf) - q.head }

// At returns element i, counted from the oldest, 0.
func (q *Queue[T]) At(i int) T { return q.buf[q.head+i] }

// Last returns the newest element.
func (q *Queue[T]) Last() T { return q.buf[len(q.buf)-1] }

// Front and Back return the oldest and the newest element where they are, to be looked
// at or changed before the queue changes; nil if it is empty.
func (q *Queue[T]) Front() *T {
	if q.head == len(q.buf) {
		return nil
	}
	return &q.buf[q.head]
}

func (q *Queue[T]) Back() *T {
	if q.head == len(q.buf) {
		return nil
	}
	return &q.buf[len(q.buf)-1]
}

// Items returns all elements, oldest first. They are the queue's: the slice is valid
// until the queue changes.
func (q *Queue[T]) Items() []T { return q.buf[q.head:] }

// Push appends an element.
func (q *Queue[T]) Push(v T) {
	// Moving the rest when half is empty costs a constant per element taken.
	if len(q.buf) == cap(q.buf) && q.head > len(q.buf)/2 {
		n := copy(q.buf, q.buf[q.head:])
		clear(q.buf[n:])
		q.buf, q.head = q.buf[:n], 0
	}
	q.buf = append(q.buf, v)
}

// PopLast removes the newest element and returns it.
func (q *Queue[T]) PopLast() T {
	var zero T
	last := len(q.buf) - 1
	v := q.buf[last]
	q.buf[last] = zero
	q.buf = q.buf[:last]
	q.rest()
	return v
}

// PopFirst removes the oldest element and returns it.
func (q *Queue[T]) PopFirst() T {
	var zero T
	v := q.buf[q.head]
	q.buf[q.head] = zero
	q.head++
	q.rest()
	return v
}

// DeleteFunc removes the elements for which del reports true, in time linear in the
// length.
func (q *Queue[T]) DeleteFunc(del func(T) bool) {
	q.buf, q.head = slices.Delete(q.buf, 0, q.head), 0
	q.buf = slices.DeleteFunc(q.buf, del)
}

// rest starts anew if the queue is empty.
func (q *Queue[T]) rest() {
	if q.head < len(q.buf) {
		return
	}
	if q.buf, q.head = q.buf[:0], 0; cap(q.buf) > roomKept {
		q.buf = nil
	}
}
