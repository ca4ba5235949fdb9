package wake

import "sync"

// One is a channel of capacity 1, so that several wake-ups before the next receive
// become one. Whoever receives looks at all there is to do. Make it with [NewOne]; a
// select may receive from it.
type One chan struct{}

// NewOne returns a One.
func NewOne() One { return make(One, 1) }

// Wake makes the goroutine that receives from o, or the next one to, go on. It may be
// called from any goroutine.
func (o One) Wake() {
	select {
	case o <- struct{}{}:
	default: // a wake-up is there already, and says the same
	}
}

// All is a change that any number of goroutines wait for. The zero value is ready, and
// its methods may be called from any goroutine.
type All struct {
	mu   sync.Mutex
	next chan struct{} // nil while nobody has asked for it since the last change
}

// Next returns a channel that the next Wake closes. Call it before looking whether
// there is anything to wait for, or with the lock that those who change it hold: a
// change after the look is then not missed.
func (a *All) Next() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == nil {
		a.next = make(chan struct{})
	}
	return a.next
}

// Wake wakes everyone who waits for a channel of Next.
func (a *All) Wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next != nil {
		close(a.next)
		a.next = nil
	}
}
