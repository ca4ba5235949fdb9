package chain

// queue is a slice that can be taken from at both ends in constant time.
type queue[T any] struct {
	buf  []T
	head int
}

func (q *queue[T]) len() int   { return len(q.buf) - q.head }
func (q *queue[T]) at(i int) T { return q.buf[q.head+i] }
func (q *queue[T]) last() T    { return q.buf[len(q.buf)-1] }
func (q *queue[T]) push(v T)   { q.buf = append(q.buf, v) }
func (q *queue[T]) items() []T { return q.buf[q.head:] }

func (q *queue[T]) popLast() T {
	var zero T
	v := q.last()
	q.buf[len(q.buf)-1] = zero
	q.buf = q.buf[:len(q.buf)-1]
	return v
}

func (q *queue[T]) popFirst() T {
	var zero T
	v := q.buf[q.head]
	q.buf[q.head] = zero
	q.head++
	// Moving the rest when half is empty costs a constant per element taken.
	if q.head > 64 && 2*q.head > len(q.buf) {
		n := copy(q.buf, q.buf[q.head:])
		clear(q.buf[n:])
		q.buf, q.head = q.buf[:n], 0
	}
	return v
}
