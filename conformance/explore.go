package conformance

import (
	"cmp"
	"slices"

	"github.com/ouronet/ouronet/protocol"
)

// explorer visits all situations of a model, the nearest first.
type explorer struct {
	specs  [2]*protocol.Spec
	labels []string
	moves  []move
	asks   int // the side that asks; -1 if none does

	depth, room, replies int

	found []visit
	index map[string]int32
	edges []link
	ends  []int32
	way   []arc // the first to each transition, in the order found
	known map[arcKey]bool
}

// visit is a situation and how it was first reached.
type visit struct {
	from int32
	by   move
}

type link struct{ from, to int32 }

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
		index: make(map[string]int32),
		known: make(map[arcKey]bool),
	}
	if r := Asks(m.Initiator); r != protocol.Nobody {
		x.asks = index(r)
	}
	x.room, x.replies = cmp.Or(m.Room, x.depth), cmp.Or(m.Replies, x.depth)
	x.alphabet()
	start := world{side: [2]protocol.Machine{
		protocol.NewMachine(m.Initiator, protocol.Initiator),
		protocol.NewMachine(m.Responder, protocol.Responder),
	}}
	x.index[start.key()] = 0
	x.found = append(x.found, visit{from: -1})
	for at := int32(0); int(at) < len(x.found); at++ {
		if err := x.expand(at); err != nil {
			return nil, err
		}
	}
	return x, nil
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

// world builds a situation anew by going all the way there: Machines cannot be
// copied for keeping.
func (x *explorer) world(at int32) world {
	w := world{side: [2]protocol.Machine{
		protocol.NewMachine(x.specs[0], protocol.Initiator),
		protocol.NewMachine(x.specs[1], protocol.Responder),
	}}
	for _, mv := range x.trace(at) {
		x.take(&w, mv)
	}
	return w
}

// trace returns the moves that lead to a situation.
func (x *explorer) trace(at int32) []move {
	var moves []move
	for ; x.found[at].from >= 0; at = x.found[at].from {
		moves = append(moves, x.found[at].by)
	}
	slices.Reverse(moves)
	return moves
}

// expand makes every move that is possible in a situation.
func (x *explorer) expand(at int32) error {
	w := x.world(at)
	if err := x.judge(&w); err != nil {
		return x.fault(at, err)
	}
	stuck := true
	for _, mv := range x.moves {
		next := w.clone()
		from := w.side[mv.side].State()
		ok, fault := x.take(&next, mv)
		if fault != nil {
			return x.fault(at, fault, mv)
		}
		if !ok {
			continue
		}
		stuck = false
		if !mv.arrives {
			x.sent(at, &w, &next, from, mv)
		}
		key := next.key()
		to, seen := x.index[key]
		if !seen {
			to = int32(len(x.found))
			x.index[key] = to
			x.found = append(x.found, visit{at, mv})
		}
		x.edges = append(x.edges, link{at, to})
	}
	switch {
	case w.over():
		x.ends = append(x.ends, at)
	case stuck:
		return x.fault(at, ErrDeadlock)
	}
	return nil
}

// sent notes the first way to a transition.
func (x *explorer) sent(at int32, w, next *world, from protocol.StateID, mv move) {
	k := arcKey{state: from, label: mv.label, outstanding: next.side[mv.side].Outstanding()}
	if w.side[mv.side].Outstanding() > 0 {
		k.state = w.home
	}
	if !x.known[k] {
		x.known[k] = true
		x.way = append(x.way, arc{k, at, mv})
	}
}

// endless returns a situation from which no end can be reached.
func (x *explorer) endless() (at int32, ok bool) {
	into := make([][]int32, len(x.found))
	for _, e := range x.edges {
		into[e.to] = append(into[e.to], e.from)
	}
	ends := make([]bool, len(x.found))
	todo := slices.Clone(x.ends)
	for _, at := range todo {
		ends[at] = true
	}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, from := range into[at] {
			if !ends[from] {
				ends[from] = true
				todo = append(todo, from)
			}
		}
	}
	at = int32(slices.Index(ends, false))
	return at, at >= 0
}

func (x *explorer) paths() []Path {
	list := make([]Path, len(x.way))
	for i, a := range x.way {
		p := Path{
			State:       x.specs[a.by.side].States[a.state].Name,
			Message:     x.labels[a.label],
			Outstanding: a.outstanding,
		}
		for _, mv := range append(x.trace(a.from), a.by) {
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

// fault describes what is wrong in a situation, or with a move made there.
func (x *explorer) fault(at int32, err error, more ...move) error {
	e := &ModelError{Protocol: x.specs[0].Name, Depth: x.depth, Err: err}
	w := x.world(at)
	for i := range w.side {
		e.State[i] = x.specs[i].States[w.side[i].State()].Name
	}
	w = x.world(0)
	for _, mv := range append(x.trace(at), more...) {
		arriving := ""
		if mv.arrives {
			arriving = x.labels[w.wire[mv.side][0]]
		}
		e.Trace = append(e.Trace, x.step(mv, arriving))
		x.take(&w, mv)
	}
	return e
}
