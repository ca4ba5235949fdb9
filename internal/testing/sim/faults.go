package sim

import "time"

func (w *world) fault(kind Fault, n *node, chance int) {
	switch kind {
	case Restart, RestartBare:
		n.restart(kind == RestartBare)
		return
	case Part:
		n.frozen = w.now + time.Duration(chance%30)*time.Second
		for _, side := range [][]*conn{n.conns, n.followers} {
			for _, c := range append([]*conn(nil), side...) {
				w.end(c)
			}
		}
		return
	}
	if len(n.conns) == 0 {
		return
	}
	c := n.conns[chance%len(n.conns)]
	if kind == Cut {
		w.end(c)
		return
	}
	if c.worst < 2*time.Second && !c.delayed {
		w.watch.losing(c)
		c.delayed = true
		c.latency *= 20
		c.worst = max(c.worst, c.latency)
		w.agenda.plan(w.now+10*time.Second, hasten).conn = c
	}
}
