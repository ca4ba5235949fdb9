package conformance

import (
	"slices"

	"github.com/ouronet/ouronet/protocol"
)

// world is one situation of a model. Sides are indexed by role: the initiator
// is 0.
type world struct {
	side [2]protocol.Machine
	wire [2][]byte // labels on their way to a side, oldest first

	// owed are the requests that have no complete answer, and home where they
	// were sent from. With them the hidden part of the asking Machine is known.
	owed []byte
	home protocol.StateID
}

func index(r protocol.Role) int { return int(r) - 1 }

func role(i int) protocol.Role { return protocol.Initiator + protocol.Role(i) }

// clone returns a copy for one step. The Machines share memory with the
// original, which a step leaves as it was; only one clone may be stepped on.
func (w *world) clone() world {
	c := *w
	c.wire[0], c.wire[1], c.owed = slices.Clone(w.wire[0]), slices.Clone(w.wire[1]), slices.Clone(w.owed)
	return c
}

// key tells worlds apart.
func (w *world) key() string {
	b := make([]byte, 0, 64)
	b = append(b, byte(w.side[0].State()), byte(w.side[1].State()), byte(w.side[0].Outstanding()), byte(w.side[1].Outstanding()))
	if len(w.owed) > 0 {
		b = append(b, byte(w.home))
	}
	for _, list := range [][]byte{w.owed, w.wire[0], w.wire[1]} {
		b = append(append(b, byte(len(list))), list...)
	}
	return string(b)
}

// move is a [Step] in small.
type move struct {
	side    uint8
	label   uint8
	arrives bool
}

// take makes a move. It returns false if the side cannot or will not make it
// now, and what is wrong if it should not have come to that.
func (x *explorer) take(w *world, mv move) (ok bool, fault error) {
	if mv.arrives {
		return x.arrive(w, int(mv.side))
	}
	me, peer := &w.side[mv.side], 1-int(mv.side)
	label := x.labels[mv.label]
	switch {
	case int(mv.side) != x.asks:
		if len(w.wire[peer]) >= x.replies || me.Send(label) != nil {
			return false, nil
		}
	default:
		from, before := me.State(), me.Outstanding()
		if before >= x.depth || me.Pipeline(label) != nil {
			return false, nil
		}
		if me.Outstanding() > before {
			if before == 0 {
				w.home = from
			}
			w.owed = append(w.owed, mv.label)
		}
		if len(w.wire[peer]) >= x.room {
			return false, ErrNoRoom
		}
	}
	w.wire[peer] = append(w.wire[peer], mv.label)
	return true, nil
}

// arrive takes the oldest message on its way to a side that waits for one.
func (x *explorer) arrive(w *world, side int) (ok bool, fault error) {
	me := &w.side[side]
	if len(w.wire[side]) == 0 || me.Ours() || me.Done() {
		return false, nil
	}
	label := w.wire[side][0]
	w.wire[side] = w.wire[side][1:]
	before := me.Outstanding()
	if !me.Recv(x.labels[label]) {
		return false, ErrNotAccepted
	}
	if me.Outstanding() < before {
		w.owed = w.owed[1:]
	}
	return true, nil
}

// judge says what is wrong with a situation as such.
func (x *explorer) judge(w *world) error {
	a, b := &w.side[0], &w.side[1]
	if a.Ours() && b.Ours() {
		return ErrTwoAgencies
	}
	for i := range w.side {
		// Requests may wait at a side that is still answering; nothing else
		// may come to a side that has not asked, or is done.
		me := &w.side[i]
		if len(w.wire[i]) > 0 && (me.Done() || me.Ours() && i != 1-x.asks) {
			return ErrNotAccepted
		}
	}
	if len(w.wire[0])+len(w.wire[1]) == 0 && x.specs[0].States[a.State()].Name != x.specs[1].States[b.State()].Name {
		return ErrOutOfStep
	}
	return nil
}

// over reports whether the conversation has ended in order.
func (w *world) over() bool {
	return w.side[0].Done() && w.side[1].Done() && len(w.wire[0])+len(w.wire[1]) == 0
}
