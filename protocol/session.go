package protocol

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Session is one conversation: a [Machine] on a [Transport]. M is the
// interface that the mini-protocol's messages share.
//
// It works in the caller's goroutine and starts none. Methods must not overlap,
// [Session.Begin] and [Session.Ended] aside. A send or receive that ended because its
// context did may be repeated; after any other error the Session cannot be used any
// more.
type Session[M Message] struct {
	// Most, if not nil, returns a bound in bytes for the peer's next message that is
	// tighter than the state's limit, such as one that follows from the request. A
	// longer message is refused like one above the limit, before it is in memory. Most
	// is called before any byte of the message is consumed.
	Most func() int

	// Arriving, if not nil, is called while a message of the peer arrives, each time
	// more of it has come: begun are its bytes so far, and size is at least how many it
	// will have, exactly once the head of its last string has come. Use it for work
	// that need not wait for the last byte. It cannot refuse the message, and begun is
	// valid during the call only. It is not called for a message that arrives at once.
	// Every message is decoded when it is complete.
	Arriving func(begun []byte, size int)

	// Random draws timeouts that have a range; nil is math/rand/v2.
	Random func() float64

	busy, ended atomic.Bool // see Begin and Ended

	spec *Spec
	m    Machine
	t    Transport

	scan cbor.Scanner
	seen int // bytes of the current message that scan has looked at

	judged StateID // in which the last message was received

	timer  *time.Timer
	limit  time.Duration // drawn for the current message; 0 before its first wait
	waited time.Duration // how much of it has been spent waiting
	begun  time.Duration // how much of that with a part of the message there
}

// MessageTime bounds the time from the first byte of a message to its last, if the
// state's limit is not shorter. Without it, peers could make us hold unfinished
// messages for ever. It is twice the time of a segment; the largest request fits in it
// at 9 kbit/s.
const MessageTime = time.Minute

// NewSession starts a conversation in the first state of spec.
func NewSession[M Message](spec *Spec, role Role, t Transport) *Session[M] {
	return &Session[M]{spec: spec, m: NewMachine(spec, role), t: t}
}

// Begin reserves the session until [Session.End], or returns an error that is
// [ErrInUse] if it is reserved. It may be called from any goroutine. Initiators call it
// first in each method, so that a second goroutine gets an error and has no effect; the
// session's own methods do not call it.
func (s *Session[M]) Begin() error {
	if !s.busy.CompareAndSwap(false, true) {
		return fmt.Errorf("%s: %w", s.spec.Name, ErrInUse)
	}
	return nil
}

// End ends what [Session.Begin] began.
func (s *Session[M]) End() {
	if s.m.Done() {
		s.ended.Store(true)
	}
	s.busy.Store(false)
}

// Ended reports whether the conversation was over at the last [Session.End]. It
// may be called from any goroutine.
func (s *Session[M]) Ended() bool { return s.ended.Load() }

// Machine returns the state of the conversation, for reading.
func (s *Session[M]) Machine() *Machine { return &s.m }

// Spec returns the table of the conversation, for reading.
func (s *Session[M]) Spec() *Spec { return s.spec }

// Transport returns what the session runs on.
func (s *Session[M]) Transport() Transport { return s.t }

// Buffered reports whether unread bytes of the peer have arrived, so that the next
// receive is likely not to block.
func (s *Session[M]) Buffered() bool {
	unread, _ := s.t.Peek(s.seen)
	return len(unread) > s.seen
}

// Violation returns the error for a message that broke a rule outside the
// table, the one received last. Mini-protocols use it so that all violations
// look alike. An [errors.ErrUnsupported] becomes an [*UnsupportedError] instead.
func (s *Session[M]) Violation(msg M, err error) error {
	return s.violation(s.judged, msg.Label(), err)
}

func (s *Session[M]) violation(state StateID, message string, err error) error {
	name := s.spec.States[state].Name
	if errors.Is(err, errors.ErrUnsupported) {
		return &UnsupportedError{s.spec.Name, name, message, err}
	}
	return &ViolationError{s.spec.Name, name, message, err}
}

// Send sends a message of ours with nothing outstanding. It returns when the
// message is queued. [ErrAgency] and [ErrTooLarge] mean that nothing was sent.
func (s *Session[M]) Send(ctx context.Context, msg M) error {
	return s.send(ctx, msg, s.m.state, (*Machine).Send)
}

// Request sends a request of ours, pipelined if others are outstanding.
// [Session.Exchange] and [Session.Pipeline] are made of it.
func (s *Session[M]) Request(ctx context.Context, msg M) error {
	from := s.m.state
	if s.m.outstanding > 0 {
		from = s.m.home
	} else if s.m.Ours() {
		// Nothing is owed to us, so whatever is there came unasked.
		if unread, _ := s.t.Peek(0); len(unread) > 0 {
			return s.violation(s.m.state, "", ErrOutOfTurn)
		}
	}
	return s.send(ctx, msg, from, (*Machine).Pipeline)
}

func (s *Session[M]) send(ctx context.Context, msg M, from StateID, take func(*Machine, string) error) error {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	head, body := (*scratch)[:0], []byte(nil)
	if b, ok := any(msg).(Body); ok {
		head, body = b.AppendHead(head)
	} else {
		head = msg.AppendCBOR(head)
	}
	if cap(head) <= maxScratch {
		*scratch = head
	}
	before := s.m
	if err := take(&s.m, msg.Label()); err != nil {
		return err
	}
	if size, limit := len(head)+len(body), s.spec.States[from].Limit; size > limit {
		s.m = before
		return fmt.Errorf("protocol: send %s of %d bytes in %s of %s, limit %d: %w",
			msg.Label(), size, s.spec.States[from].Name, s.spec.Name, limit, ErrTooLarge)
	}
	if err := s.t.Send(ctx, head, body); err != nil {
		s.m = before
		return err
	}
	return nil
}

// Recv waits for the peer's next message. The time limit runs only while Recv waits, so
// the peer is never blamed for a slow caller. A message that has arrived is returned
// even if ctx has ended.
func (s *Session[M]) Recv(ctx context.Context) (M, error) {
	m, _, err := s.recv(ctx, nil)
	return m, err
}

// recv is Recv, cut short with woken set when wake receives.
func (s *Session[M]) recv(ctx context.Context, wake <-chan struct{}) (msg M, woken bool, err error) {
	state := &s.spec.States[s.m.state]
	if state.Agency != s.m.role.Peer() {
		return msg, false, agencyError(s.spec, s.m.state, "receive")
	}
	for {
		unread, err := s.t.Peek(s.seen)
		if len(unread) > s.seen {
			n, done, err := s.scan.Scan(unread[s.seen:])
			s.seen += n
			if err != nil {
				return msg, false, s.violation(s.m.state, "", fmt.Errorf("%w: %w", ErrMalformed, err))
			}
			limit := state.Limit
			if s.Most != nil {
				limit = min(limit, s.Most())
			}
			need := uint64(s.seen) + s.scan.Pending()
			if need > uint64(limit) {
				return msg, false, s.violation(s.m.state, "", fmt.Errorf("%w: at least %d bytes, limit %d", ErrTooLarge, need, limit))
			}
			if done {
				msg, err = s.accept(unread[:s.seen])
				return msg, false, err
			}
			if s.Arriving != nil {
				s.Arriving(unread, int(need))
			}
			continue
		}
		if err != nil {
			return msg, false, err
		}
		if woken, err = s.wait(ctx, wake, state.Timeout); woken || err != nil {
			return msg, woken, err
		}
	}
}

// accept decodes a complete message and takes its edge.
func (s *Session[M]) accept(raw []byte) (M, error) {
	s.judged = s.m.state
	msg, err := s.decode(raw)
	if err == nil && !s.m.Recv(msg.Label()) {
		err = s.violation(s.m.state, msg.Label(), ErrOutOfTurn)
	}
	s.t.Consume(len(raw))
	s.seen, s.limit, s.waited, s.begun = 0, 0, 0, 0
	return msg, err
}

func (s *Session[M]) decode(raw []byte) (none M, err error) {
	r := cbor.NewReader(raw)
	r.Array()
	tag := r.Uint()
	if r.Err() != nil {
		return none, s.violation(s.m.state, "", fmt.Errorf("%w: %w", ErrMalformed, r.Err()))
	}
	for i := range s.spec.States[s.m.state].Edges {
		proto := s.spec.States[s.m.state].Edges[i].Msg
		if proto.Tag() != tag {
			continue
		}
		msg, err := proto.Decode(raw)
		if err != nil {
			return none, s.violation(s.m.state, proto.Label(), fmt.Errorf("%w: %w", ErrMalformed, err))
		}
		if m, ok := msg.(M); ok {
			return m, nil
		}
		return none, fmt.Errorf("protocol: %s decodes %T in %s, which is not a message of the session", s.spec.Name, msg, proto.Label())
	}
	for _, state := range s.spec.States {
		for _, e := range state.Edges {
			if e.Msg.Tag() == tag {
				return none, s.violation(s.m.state, e.Msg.Label(), ErrOutOfTurn)
			}
		}
	}
	return none, s.violation(s.m.state, "", fmt.Errorf("%w: unknown tag %d", ErrMalformed, tag))
}

// wait blocks until the transport has news, wake receives, or time is up.
func (s *Session[M]) wait(ctx context.Context, wake <-chan struct{}, timeout Timeout) (woken bool, err error) {
	select { // without a timer if there is news already
	case <-s.t.Ready():
		return false, nil
	default:
	}
	var expired <-chan time.Time
	allowed, left := s.patience(timeout)
	if allowed > 0 {
		if s.timer == nil {
			s.timer = time.NewTimer(left)
		} else {
			s.timer.Reset(left)
		}
		expired = s.timer.C
		start, begun := time.Now(), s.seen > 0
		defer func() {
			s.timer.Stop()
			spent := time.Since(start)
			s.waited += spent
			if begun {
				s.begun += spent
			}
		}()
	}
	select {
	case <-s.t.Ready():
		return false, nil
	case <-wake:
		return true, nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-expired:
		err = s.violation(s.m.state, "", fmt.Errorf("%w: waited %v", ErrTimeout, allowed))
	}
	select { // news that came at the same time goes first
	case <-s.t.Ready():
		return false, nil
	default:
		return false, err
	}
}

// patience returns how long the peer may take for what we wait for, 0 if for
// ever, and how much of it is left.
func (s *Session[M]) patience(timeout Timeout) (allowed, left time.Duration) {
	if s.limit == 0 {
		random := s.Random
		if random == nil {
			random = rand.Float64
		}
		s.limit = timeout.Draw(random)
	}
	allowed, left = s.limit, s.limit-s.waited
	if s.seen > 0 && (allowed == 0 || MessageTime-s.begun < left) {
		allowed, left = MessageTime, MessageTime-s.begun
	}
	return allowed, left
}

// scratches hold messages while they are encoded; a Transport copies them.
var scratches = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// maxScratch keeps an unusually large message from staying in the pool.
const maxScratch = 1 << 16
