package sim

import "time"

// happening is something that will happen at a time; of those at the same time,
// the one that was planned first comes first.
type happening struct {
	at  time.Duration
	seq uint64
	do  *event
}

func (h *happening) before(o *happening) bool {
	return h.at < o.at || h.at == o.at && h.seq < o.seq
}

// agenda is a heap in which each entry has four below it: fewer steps down than
// with two, along entries that share cache lines.
type agenda struct {
	heap []happening
	seq  uint64
	free []*event
}

// plan returns an event, empty but for its kind, that will come at a time.
func (a *agenda) plan(at time.Duration, k kind) *event {
	var e *event
	if n := len(a.free); n > 0 {
		e, a.free = a.free[n-1], a.free[:n-1]
	} else {
		e = new(event)
	}
	e.kind = k
	a.seq++
	h := happening{at, a.seq, e}
	a.heap = append(a.heap, h)
	i := len(a.heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if a.heap[up].before(&h) {
			break
		}
		a.heap[i] = a.heap[up]
		i = up
	}
	a.heap[i] = h
	return e
}

// next takes the earliest. It is to be given back by done.
func (a *agenda) next() (time.Duration, *event) {
	first := a.heap[0]
	n := len(a.heap) - 1
	h := a.heap[n]
	a.heap[n] = happening{}
	a.heap = a.heap[:n]
	for i := 0; n > 0; {
		least := 4*i + 1
		if least >= n {
			a.heap[i] = h
			break
		}
		for x := least + 1; x < min(4*i+5, n); x++ {
			if a.heap[x].before(&a.heap[least]) {
				least = x
			}
		}
		if h.before(&a.heap[least]) {
			a.heap[i] = h
			break
		}
		a.heap[i] = a.heap[least]
		i = least
	}
	return first.at, first.do
}

func (a *agenda) done(e *event) {
	*e = event{}
	a.free = append(a.free, e)
}
