package sim

import "fmt"

// Ledger is the oracle of that name: it knows the chain that a node has handed over to its
// application, and what the node may do with it. B names blocks: in the simulator a number,
// where blocks come from outside whatever is the same for the same block.
//
// Each method records its event, also when it returns an error.
type Ledger[B comparable] struct {
	K    int  // most blocks of a rollback
	Bare bool // it goes on from points: nothing is known of what lies between them

	// Owed is how many bytes were handed over and not consumed.
	Owed int

	// Where returns the only place that a block can have on a chain. nil: the chain is
	// searched, from its end.
	Where func(B) int

	line  []B // the chain, oldest first
	fixed int // place of the last block that cannot change
	left  B   // tip at the last Step
	back  bool
}

// Begin starts with a chain, of which the block at place fixed cannot change any more.
func (l *Ledger[B]) Begin(line []B, fixed int) {
	l.line, l.fixed, l.Owed = append(l.line[:0], line...), fixed, 0
}

// Tip returns the last block of the chain.
func (l *Ledger[B]) Tip() B { return l.line[len(l.line)-1] }

// find returns the place of a block on the chain.
func (l *Ledger[B]) find(b B) (at int, ok bool) {
	if l.Where != nil {
		at = l.Where(b)
		return at, at < len(l.line) && l.line[at] == b
	}
	for at = len(l.line) - 1; at >= 0 && l.line[at] != b; at-- {
	}
	return at, at >= 0
}

// has reports whether a block is on the chain.
func (l *Ledger[B]) has(b B) bool {
	_, ok := l.find(b)
	return ok
}

// stored reports whether a block is part of what cannot change.
func (l *Ledger[B]) stored(b B) bool {
	at, ok := l.find(b)
	return ok && at <= l.fixed
}

// loose reports whether a block is on the chain and can still be rolled back.
func (l *Ledger[B]) loose(b B) bool {
	at, ok := l.find(b)
	return ok && at > l.fixed
}

// Adopt records that the node handed over a block. fits: the block names the tip as the
// block before it; held: the node has its body; bytes: what the application has to consume.
func (l *Ledger[B]) Adopt(b B, fits, held bool, bytes int) (err error) {
	switch {
	case l.has(b):
		err = fmt.Errorf("block %v handed over twice", b)
	case !fits:
		err = fmt.Errorf("block %v does not fit on %v", b, l.Tip())
	case !held:
		err = fmt.Errorf("block %v adopted without a sound body", b)
	}
	l.line = append(l.line, b)
	l.Owed += bytes
	return err
}

// RollBack records a rollback of the application. It returns the blocks that the chain
// loses, valid until the next call.
func (l *Ledger[B]) RollBack(to B) (lost []B, err error) {
	at, ok := l.find(to)
	if !ok {
		return nil, fmt.Errorf("rollback to %v, which is not on the chain", to)
	}
	if deep := len(l.line) - 1 - at; at < l.fixed || deep > l.K && !l.Bare {
		err = fmt.Errorf("rollback by %d blocks to %v: more than k, which is %d, or behind what cannot change, which is %d of %d", deep, to, l.K, l.fixed, len(l.line))
	}
	lost, l.line, l.back = l.line[at+1:], l.line[:at+1], true
	return lost, err
}

// Immutable records the last block that cannot change any more: k blocks before the tip.
func (l *Ledger[B]) Immutable(b B) (err error) {
	at, ok := l.find(b)
	if !ok || at < l.fixed {
		return fmt.Errorf("block %v immutable, which is not on the chain after what is", b)
	}
	if want := len(l.line) - 1 - l.K; !l.Bare && at != want {
		err = fmt.Errorf("block %v immutable, at place %d, want %d", b, at, want)
	}
	l.fixed = at
	return err
}

// Drop forgets what lies before the last block that cannot change, and returns it, until
// the next call. Places change with it: there must be no Where.
func (l *Ledger[B]) Drop() (stored []B) {
	stored, l.line, l.fixed = l.line[:l.fixed], l.line[l.fixed:], 0
	return stored
}

// Step begins a step of the node.
func (l *Ledger[B]) Step() { l.left, l.back = l.Tip(), false }

// Done ends a step: a chain may be left only for a better one.
func (l *Ledger[B]) Done(better func(old, now B) bool) error {
	if l.back && !l.Bare && !better(l.left, l.Tip()) {
		return fmt.Errorf("left %v for %v, which is not better", l.left, l.Tip())
	}
	return nil
}
