package vnet

// queue is a list that is read from the front. Its zero value is empty.
type queue[T any] struct {
	list []T
	at   int
}

func (q *queue[T]) len() int { return len(q.list) - q.at }

func (q *queue[T]) first() *T {
	if q.at == len(q.list) {
		return nil
	}
	return &q.list[q.at]
}

func (q *queue[T]) last() *T {
	if q.at == len(q.list) {
		return nil
	}
	return &q.list[len(q.list)-1]
}

func (q *queue[T]) push(v T) {
	if q.at > len(q.list)/2 && len(q.list) == cap(q.list) {
		q.list = q.list[:copy(q.list, q.list[q.at:])]
		q.at = 0
	}
	q.list = append(q.list, v)
}

func (q *queue[T]) pop() T {
	v := q.list[q.at]
	q.at++
	if q.at == len(q.list) {
		q.at, q.list = 0, q.list[:0]
		if cap(q.list) > 64 {
			q.list = nil
		}
	}
	return v
}

func (q *queue[T]) clear() { *q = queue[T]{} }
