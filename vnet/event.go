package vnet

import (
	"fmt"
	"time"
)

// Event is something that happened on a network in lockstep.
type Event struct {
	At   time.Duration // since the network was made
	Conn uint64        // number of the connection, from 1
	From string        // host that caused it
	To   string        // host where it happened

	// What happened: "connect" (To may accept it), "refuse", "data", "end"
	// (From sends no more), or "reset".
	What string

	// Data are the bytes that arrived, valid during the call only.
	Data []byte
}

// String returns the event on one line. Two runs are the same if these are.
func (e Event) String() string {
	s := fmt.Sprintf("%v #%d %s>%s %s", e.At, e.Conn, e.From, e.To, e.What)
	if len(e.Data) > 0 {
		s += fmt.Sprintf(" %x", e.Data)
	}
	return s
}

// observe tells of a chunk that arrives through a stream.
func (p *pair) observe(stream int, at time.Duration, c chunk) {
	what := "reset"
	var b []byte
	switch s := &p.streams[stream]; c.kind {
	case data:
		what = "data"
		from := s.at + s.ready
		b = s.buf[from : from+c.n : from+c.n]
	case end:
		what = "end"
	}
	p.net.observe(p, at, what, stream, b)
}

func (n *Network) observe(p *pair, at time.Duration, what string, stream int, b []byte) {
	if n.cfg.Observe != nil && n.lockstep() {
		n.cfg.Observe(Event{At: at, Conn: p.id, From: p.ends[stream].host, To: p.ends[1-stream].host, What: what, Data: b})
	}
}
