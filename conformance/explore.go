package conformance

import (
	"cmp"
	"errors"
	"slices"

	"github.com/ouronet/ouronet/internal/testing/explore"
	"github.com/ouronet/ouronet/protocol"
)

// explorer visits all situations of a model.
type explorer struct {
	*explore.Explored[world, move]

	specs  [2]*protocol.Spec
	labels []string
	moves  []move
	asks   int // the side that asks; -1 if none does

	depth, room, replies int

	way   []arc // the first to each transition, in the order found
	known map[arcKey]bool
}

// arc is a sending and the situation it was sent in.
type arc struct {
	arcKey
	from int32
	by   move
}

type arcKey struct {
	state       protocol.StateID
	label       uint8
	outstanding int
}

func (m Model) explore() (*explorer, error) {
	x := &explorer{
		specs: [2]*protocol.Spec{m.Initiator, m.Responder},
		asks:  index(Asks(m.Responder)),
		depth: max(1, m.Depth),
		known: make(map[arcKey]bool),
	}
	if r := Asks(m.Initiator); r != protocol.Nobody {
		x.asks = index(r)
	}
	x.room, x.replies = cmp.Or(m.Room, x.depth), cmp.Or(m.Replies, x.depth)
	x.alphabet()
	space := explore.Space[world, move]{
		Start: x.start,
		Key:   (*world).key,
		Moves: x.moves,
		Take: func(w world, mv move) (next world, ok bool, fault error) {
			next = w.clone()
			ok, fault = x.take(&next, mv)
			return next, ok, fault
		},
		Judge: x.judge,
		Over:  (*world).over,
		Made:  x.sent,
	}
	var err error
	x.Explored, err = space.Explore()
	return x, x.explain(err)
}

// start returns the first situation.
func (x *explorer) start() world {
	return world{side: [2]protocol.Machine{
		protocol.NewMachine(x.specs[0], protocol.Initiator),
		protocol.NewMachine(x.specs[1], protocol.Responder),
	}}
}

// alphabet lists all labels, and what a side could do with each.
func (x *explorer) alphabet() {
	for i := range 2 {
		x.moves = append(x.moves, move{side: uint8(i), arrives: true})
	}
	for i, spec := range x.specs {
		for _, s := range spec.States {
			for _, e := range s.Edges {
				n := slices.Index(x.labels, e.Msg.Label())
				if n < 0 {
					n = len(x.labels)
					x.labels = append(x.labels, e.Msg.Label())
				}
				mv := move{side: uint8(i), label: uint8(n)}
				if s.Agency == role(i) && !slices.Contains(x.moves, mv) {
					x.moves = append(x.moves, mv)
				}
			}
		}
	}
}

// sent notes the first way to a transition.
func (x *explorer) sent(at int32, w, next *world, mv move) {
	if mv.arrives {
		return
	}
	k := arcKey{state: w.side[mv.side].State(), label: mv.label, outstanding: next.side[mv.side].Outstanding()}
	if w.side[mv.side].Outstanding() > 0 {
		k.state = w.home
	}
	if !x.known[k] {
		x.known[k] = true
		x.way = append(x.way, arc{k, at, mv})
	}
}

func (x *explorer) paths() []Path {
	list := make([]Path, len(x.way))
	for i, a := range x.way {
		p := Path{
			State:       x.specs[a.by.side].States[a.state].Name,
			Message:     x.labels[a.label],
			Outstanding: a.outstanding,
		}
		for _, mv := range append(x.Trace(a.from), a.by) {
			if !mv.arrives {
				p.Steps = append(p.Steps, x.step(mv, ""))
			}
		}
		list[i] = p
	}
	return list
}

// step spells a move out; label is that of a message that arrives.
func (x *explorer) step(mv move, label string) Step {
	if !mv.arrives {
		label = x.labels[mv.label]
	}
	return Step{Role: role(int(mv.side)), Label: label, Arrives: mv.arrives}
}

// explain describes what the exploration found to be wrong.
func (x *explorer) explain(err error) error {
	var fault *explore.Fault[move]
	if !errors.As(err, &fault) {
		return err
	}
	e := &ModelError{Protocol: x.specs[0].Name, Depth: x.depth, Err: fault.Err}
	w := x.World(fault.At)
	for i := range w.side {
		e.State[i] = x.specs[i].States[w.side[i].State()].Name
	}
	w = x.start()
	for _, mv := range fault.Trace {
		arriving := ""
		if mv.arrives {
			arriving = x.labels[w.wire[mv.side][0]]
		}
		e.Trace = append(e.Trace, x.step(mv, arriving))
		x.take(&w, mv)
	}
	return e
}
