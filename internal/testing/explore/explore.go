package explore

import (
	"errors"
	"fmt"
	"slices"
)

// What is wrong with a model whatever it is about. They come in a [Fault].
var (
	ErrDeadlock = errors.New("neither side can go on")
	ErrEndless  = errors.New("no end can be reached any more")
)

// Space is a model. W is a situation, M is what can happen in one.
type Space[W, M any] struct {
	// Start returns the first situation, a new one each time.
	Start func() W

	// Key tells situations apart.
	Key func(*W) string

	// Moves are all that can happen anywhere, in the order in which they are
	// tried.
	Moves []M

	// Take returns what follows from a move, and false if it cannot be made. An
	// error says that it should not have come to that. The situation it was made
	// in stays as it was, but it may share memory with what follows, so that no
	// further move can be made in both: see [Explored.World].
	Take func(W, M) (next W, ok bool, err error)

	// Judge, if not nil, returns what is wrong with a situation as such.
	Judge func(*W) error

	// Over reports whether a situation is an end: one to be reached again and
	// again, or one with nothing after it.
	Over func(*W) bool

	// Made, if not nil, is called after every move.
	Made func(at int32, from, next *W, m M)

	// Depth is after how many moves to stop; 0 is never. A situation so far away
	// is judged, and counts as an end.
	Depth int
}

// Explored is what was visited. Situations are numbered in the order found; the
// first is 0.
type Explored[W, M any] struct {
	States      int // situations
	Transitions int // moves that were made in them
	Ends        int // situations that are ends

	space *Space[W, M]
	found []visit[M]
	edges []link
	ends  []int32
}

// visit is a situation and how it was first reached.
type visit[M any] struct {
	from  int32
	depth int
	by    M
}

type link struct{ from, to int32 }

// Fault is something wrong in a model.
type Fault[M any] struct {
	At    int32 // situation
	Trace []M   // the moves that lead there, and beyond if the last was at fault
	Err   error
}

// Error gives the moves from the start.
func (f *Fault[M]) Error() string {
	return fmt.Sprintf("%v after %d moves: %v", f.Err, len(f.Trace), f.Trace)
}

// Unwrap returns what the model found wrong.
func (f *Fault[M]) Unwrap() error { return f.Err }

// Explore visits all situations. The error is a [*Fault]; what was visited before
// it is returned as well.
func (s *Space[W, M]) Explore() (*Explored[W, M], error) {
	x := &Explored[W, M]{space: s, found: []visit[M]{{from: -1}}}
	start := s.Start()
	index := map[string]int32{s.Key(&start): 0}
	for at := int32(0); int(at) < len(x.found); at++ {
		if err := x.expand(at, index); err != nil {
			return x, err
		}
	}
	return x, nil
}

// expand makes every move that is possible in a situation.
func (x *Explored[W, M]) expand(at int32, index map[string]int32) error {
	s := x.space
	w := x.World(at)
	x.States++
	if s.Judge != nil {
		if err := s.Judge(&w); err != nil {
			return x.fault(at, err)
		}
	}
	depth := x.found[at].depth
	if s.Depth > 0 && depth == s.Depth {
		x.end(at)
		return nil
	}
	stuck := true
	for _, m := range s.Moves {
		next, ok, err := s.Take(w, m)
		if err != nil {
			return x.fault(at, err, m)
		}
		if !ok {
			continue
		}
		stuck = false
		if s.Made != nil {
			s.Made(at, &w, &next, m)
		}
		key := s.Key(&next)
		to, seen := index[key]
		if !seen {
			to = int32(len(x.found))
			index[key] = to
			x.found = append(x.found, visit[M]{at, depth + 1, m})
		}
		x.edges = append(x.edges, link{at, to})
		x.Transitions++
	}
	switch {
	case s.Over(&w):
		x.end(at)
	case stuck:
		return x.fault(at, ErrDeadlock)
	}
	return nil
}

func (x *Explored[W, M]) end(at int32) {
	x.Ends++
	x.ends = append(x.ends, at)
}

// Endless returns a [*Fault], [ErrEndless], if there is a situation from which no
// end can be reached.
func (x *Explored[W, M]) Endless() error {
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
	if at := slices.Index(ends, false); at >= 0 {
		return x.fault(int32(at), ErrEndless)
	}
	return nil
}

// World makes a situation anew, by going all the way there.
func (x *Explored[W, M]) World(at int32) W {
	w := x.space.Start()
	for _, m := range x.Trace(at) {
		w, _, _ = x.space.Take(w, m)
	}
	return w
}

// Trace returns the moves that lead to a situation.
func (x *Explored[W, M]) Trace(at int32) []M {
	var moves []M
	for ; x.found[at].from >= 0; at = x.found[at].from {
		moves = append(moves, x.found[at].by)
	}
	slices.Reverse(moves)
	return moves
}

func (x *Explored[W, M]) fault(at int32, err error, more ...M) error {
	return &Fault[M]{at, append(x.Trace(at), more...), err}
}
