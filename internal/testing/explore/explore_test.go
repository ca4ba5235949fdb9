package explore

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// jug is a puzzle: two jugs of a and b litres, which can be filled, emptied and
// poured into each other, are to hold want litres in one of them.
func jug(a, b, want int) Space[[2]int, string] {
	size := [2]int{a, b}
	return Space[[2]int, string]{
		Start: func() [2]int { return [2]int{} },
		Key:   func(w *[2]int) string { return fmt.Sprint(*w) },
		Moves: []string{"fill 0", "fill 1", "empty 0", "empty 1", "pour 0", "pour 1"},
		Take: func(w [2]int, m string) ([2]int, bool, error) {
			i := int(m[len(m)-1] - '0')
			switch n := min(w[i], size[1-i]-w[1-i]); m[0] {
			case 'f':
				w[i] = size[i]
			case 'e':
				w[i] = 0
			default:
				w[i], w[1-i] = w[i]-n, w[1-i]+n
			}
			return w, true, nil
		},
		Over: func(w *[2]int) bool { return w[0] == want || w[1] == want },
	}
}

// All situations are visited, and the first way to one is a shortest.
func TestExplore(t *testing.T) {
	s := jug(3, 5, 4)
	x, err := s.Explore()
	// One jug is full or empty whenever something was poured or filled: 16.
	if err != nil || x.States != 16 || x.Transitions != 6*16 || x.Endless() != nil {
		t.Fatalf("%+v, %v, %v", x, err, x.Endless())
	}
	four := errors.New("four litres")
	s.Judge = func(w *[2]int) error {
		if s.Over(w) {
			return four
		}
		return nil
	}
	_, err = s.Explore()
	var fault *Fault[string]
	if !errors.Is(err, four) || !errors.As(err, &fault) || len(fault.Trace) != 6 {
		t.Fatal(err) // fill 5, pour, empty 3, pour, fill 5, pour
	}
	if w := x.World(fault.At); w[1] != 4 || !slices.Equal(x.Trace(fault.At), fault.Trace) {
		t.Error(w, x.Trace(fault.At))
	}
	s.Depth = 5
	if x, err := s.Explore(); err != nil || x.States != 12 {
		t.Error(x.States, err) // two more with each of the moves 3 to 7
	}
}

// What no end can be reached from, and where nothing can be done, is told.
func TestFaults(t *testing.T) {
	even := jug(2, 4, 3)
	if x, err := even.Explore(); err != nil || !errors.Is(x.Endless(), ErrEndless) {
		t.Error(err)
	}
	stuck := jug(3, 5, 9)
	stuck.Take = func(w [2]int, m string) ([2]int, bool, error) { return [2]int{3, 5}, w == [2]int{}, nil }
	if _, err := stuck.Explore(); !errors.Is(err, ErrDeadlock) {
		t.Error(err)
	}
	spilt := errors.New("spilt")
	full := jug(3, 5, 4)
	take := full.Take
	full.Take = func(w [2]int, m string) ([2]int, bool, error) {
		if m == "pour 0" && w == [2]int{3, 5} {
			return w, true, spilt
		}
		return take(w, m)
	}
	var fault *Fault[string]
	if _, err := full.Explore(); !errors.Is(err, spilt) || !errors.As(err, &fault) ||
		!slices.Equal(fault.Trace, []string{"fill 0", "fill 1", "pour 0"}) {
		t.Error(err)
	}
}
