package cbor

// stack holds the open containers around the innermost one. The first few lie
// in the Scanner itself: node-to-node messages nest no deeper, so scanning
// them allocates nothing. (A slice of that array would do the same in fewer
// lines, but a value that points into itself is moved to the heap.)
type stack struct {
	n    int
	near [16]int64
	far  []int64
}

func (s *stack) push(open int64) {
	if s.n < len(s.near) {
		s.near[s.n] = open
	} else {
		s.far = append(s.far[:s.n-len(s.near)], open)
	}
	s.n++
}

// pop returns openNone when the stack is empty.
func (s *stack) pop() int64 {
	if s.n == 0 {
		return openNone
	}
	s.n--
	return s.at(s.n)
}

func (s *stack) at(i int) int64 {
	if i < len(s.near) {
		return s.near[i]
	}
	return s.far[i-len(s.near)]
}
