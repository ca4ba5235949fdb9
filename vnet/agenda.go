package vnet

import "container/heap"

// agenda is a heap of the connections where something will happen.
type agenda []*pair

// plan puts a connection where it belongs in the agenda.
func (n *Network) plan(p *pair) {
	p.at, _ = p.next()
	switch {
	case p.slot >= 0 && p.at == never:
		heap.Remove(&n.agenda, p.slot)
	case p.slot >= 0:
		heap.Fix(&n.agenda, p.slot)
	case p.at != never:
		heap.Push(&n.agenda, p)
	}
}

// Len implements heap.Interface.
func (a agenda) Len() int { return len(a) }

// Less orders by time, and by id at the same time.
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].id < a[j].id
}

// Swap keeps the slots, by which entries are found again.
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].slot, a[j].slot = i, j
}

// Push implements heap.Interface.
func (a *agenda) Push(x any) {
	p := x.(*pair)
	p.slot = len(*a)
	*a = append(*a, p)
}

// Pop implements heap.Interface.
func (a *agenda) Pop() any {
	old := *a
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	p.slot = -1
	return p
}
