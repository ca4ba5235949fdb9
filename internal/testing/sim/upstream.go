package sim

import (
	"time"

	"github.com/ouronet/ouronet/internal/redial"
)

// upstream is a participant that a node connects to again and again.
type upstream struct {
	client, server *node
	pauses         redial.Pauses
	conn           *conn         // nil if there is none
	since          time.Duration // when it was dialled last
	due            time.Duration // when it will be dialled next, while there is no connection
	lost           int           // oracle: connections in a row that did not last
	slow           bool          // oracle: the last connection was, see conn.tardy
}

// follow has an upstream dialled at a time.
func (w *world) follow(f Follow) {
	u := &upstream{client: w.nodes[f.Node], server: w.nodes[f.Peer], due: f.At}
	w.ups = append(w.ups, u)
	w.planDial(u)
}

func (w *world) planDial(u *upstream) { w.agenda.plan(u.due, connect).up = u }

// dial opens a connection, if both are there and the server wants one.
func (w *world) dial(u *upstream) {
	n, to := u.client, u.server
	w.watch.dialled(u)
	u.since = w.now
	switch {
	case n.frozen > w.now, to.frozen > w.now:
		w.again(u, 0, false)
		return
	case w.lies(to): // as if it were on another network
		w.again(u, 0, true)
		return
	}
	w.lastPeer++
	c := &conn{id: w.lastPeer, upstream: u, client: n, server: to, up: true}
	c.slow = u.slow
	u.conn = c
	w.connect(c)
}

// again plans the next attempt.
func (w *world) again(u *upstream, lasted time.Duration, permanent bool) {
	pause := u.pauses.Next(lasted, permanent, w.link.Float64())
	u.conn, u.due = nil, w.now+pause
	w.watch.paused(u, lasted, permanent, pause)
	w.planDial(u)
}

// restarted is told that the upstream's client has lost what it knew.
func (u *upstream) restarted() { u.pauses, u.lost, u.slow = redial.Pauses{}, 0, false }
