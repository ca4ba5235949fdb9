package disktest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// Crashed returns file systems as a crash may leave this one: all of them when few
// changes are uncertain, else up to n, drawn from a seed. The first has all changes:
// only the process ended. The second has none that is not certain. They are by
// themselves, and all in them is certain.
func (f *FS) Crashed(n int, seed uint64) []*Crash {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crashed(n, seed)
}

// Crash is a file system after a crash.
type Crash struct {
	*FS
	lost []string
}

// Killed reports whether nothing is lost: only the process ended.
func (c *Crash) Killed() bool { return len(c.lost) == 0 }

// String says which changes did not survive.
func (c *Crash) String() string {
	if len(c.lost) == 0 {
		return "nothing lost"
	}
	return "lost " + strings.Join(c.lost, ", ")
}

func (f *FS) crashed(n int, seed uint64) []*Crash {
	byNumber := make(map[int]*change)
	f.root.uncertain(byNumber, make(map[*node]bool))
	numbers := slices.Sorted(maps.Keys(byNumber))
	changes := make([]*change, len(numbers))
	for i, number := range numbers {
		changes[i] = byNumber[number]
	}
	r := rand.New(rand.NewPCG(seed, uint64(f.ops)))
	crashes := []*Crash{f.crash(changes, func(int, *change) part { return part{kept: true, to: -1} })}
	if len(changes) == 0 {
		return crashes
	}
	add := func(pick func(i int, c *change) part) { crashes = append(crashes, f.crash(changes, pick)) }
	keep := func(kept bool) part { return part{kept: kept, to: -1} }
	add(func(int, *change) part { return keep(false) })
	last := len(changes) - 1
	if few := 1<<min(len(changes), 16) <= n; few {
		for mask := 1; mask < 1<<len(changes)-1; mask++ { // all and none are there
			add(func(i int, _ *change) part { return keep(mask>>i&1 == 1) })
		}
	} else {
		add(func(i int, _ *change) part { return keep(i == last) })
		add(func(i int, _ *change) part { return keep(i != last) })
		one := r.IntN(len(changes))
		add(func(i int, _ *change) part { return keep(i != one) })
		add(func(i int, _ *change) part { return keep(i < one) })
	}
	// The last change in parts, then any.
	for kind := range torn {
		if len(crashes) < n && changes[last].write && len(changes[last].data) > 0 {
			add(func(i int, c *change) part {
				if i == last {
					return tear(r, c, kind)
				}
				return keep(true)
			})
		}
	}
	for len(crashes) < n {
		add(func(_ int, c *change) part {
			switch {
			case c.write && len(c.data) > 0 && r.IntN(3) == 0:
				return tear(r, c, r.IntN(torn))
			default:
				return keep(r.IntN(2) == 0)
			}
		})
	}
	return crashes[:min(n, len(crashes))]
}

// torn is the number of ways in which a write can survive in part.
const torn = 3

func tear(r *rand.Rand, c *change, kind int) part {
	at := r.IntN(len(c.data))
	switch kind {
	case 0:
		return part{kept: true, to: at}
	case 1:
		return part{kept: true, from: at, to: len(c.data)}
	}
	return part{kept: true, to: len(c.data), zeros: true}
}

// crash makes a crash that keeps of each change what pick says; to is -1 for all of
// it.
func (f *FS) crash(changes []*change, pick func(i int, c *change) part) *Crash {
	left := make(map[int]part)
	crash := &Crash{FS: New()}
	for i, c := range changes {
		p := pick(i, c)
		if p.to < 0 {
			p.to = len(c.data)
		}
		left[c.number] = p
		if p != whole(c) {
			crash.lost = append(crash.lost, c.describe(p))
		}
	}
	crash.root = f.root.after(left, make(map[*node]*node))
	return crash
}

func (c *change) describe(p part) string {
	what := "a truncation to " + fmt.Sprint(c.size)
	switch {
	case c.write:
		what = fmt.Sprintf("%d bytes at %d", len(c.data), c.offset)
	case c.from != nil && c.to != nil:
		what = fmt.Sprintf("the renaming of %s to %s", c.oldName, c.newName)
	case c.from != nil:
		what = "the removal of " + c.oldName
	case c.to != nil:
		what = "the name " + c.newName
	}
	switch {
	case !p.kept:
		return what
	case p.zeros:
		return what + ", zeros there"
	}
	return fmt.Sprintf("%s, but %d to %d", what, p.from, p.to)
}
