package trace

import (
	"errors"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// maxEarly bounds the requests that wait to be judged.
const maxEarly = 1000

// message is a message as the observer of a conversation sees it.
type message struct {
	at      time.Time
	from    protocol.Role
	state   string // in which it was judged
	label   string
	size    int
	msg     protocol.Message // nil if it could not be decoded
	took    time.Duration    // since its sender had the turn
	timed   bool             // took means something
	early   bool             // sent before it was its turn, see conversation.early
	pending int              // exchanges that are unfinished after it
	fault   error
}

// conversation follows one mini-protocol between its two sides with the
// Machine of the side that asks, whose requests may run ahead of the answers.
// It sees messages in the order in which they pass one point of the way, and
// a request always passes before its answer does.
type conversation struct {
	spec    *protocol.Spec
	asker   protocol.Role
	machine protocol.Machine
	half    [2]stretch // by role: initiator, responder
	early   []message  // requests that the Machine does not take yet
	since   time.Time  // when the turn changed last
	fault   error      // after which nothing is judged any more
}

// stretch is what one side has sent of its next message.
type stretch struct {
	buf  []byte
	seen int
	scan cbor.Scanner
}

func newConversation(spec *protocol.Spec) *conversation {
	c := &conversation{spec: spec, asker: asks(spec)}
	c.machine = protocol.NewMachine(spec, c.asker)
	return c
}

// asks returns the side whose requests may be pipelined, or the initiator.
func asks(spec *protocol.Spec) protocol.Role {
	for i := range spec.States {
		for _, e := range spec.States[i].Edges {
			if spec.Pipelines(protocol.StateID(i), e.To) {
				return spec.States[i].Agency
			}
		}
	}
	return protocol.Initiator
}

// feed takes bytes that role sent and emits what they complete.
func (c *conversation) feed(at time.Time, role protocol.Role, b []byte, emit func(message)) {
	h := &c.half[role-protocol.Initiator]
	if c.fault != nil {
		return
	}
	h.buf = append(h.buf, b...)
	for h.seen < len(h.buf) && c.fault == nil {
		n, done, err := h.scan.Scan(h.buf[h.seen:])
		h.seen += n
		need := uint64(h.seen) + h.scan.Pending()
		limit := c.spec.Limit(role.Peer())
		switch {
		case err != nil:
			c.fail(message{at: at, from: role, size: h.seen, fault: fmt.Errorf("%w: %w", protocol.ErrMalformed, err)}, emit)
		case need > uint64(limit):
			c.fail(message{at: at, from: role, size: h.seen, fault: fmt.Errorf("%w: at least %d bytes, limit %d", protocol.ErrTooLarge, need, limit)}, emit)
		case done:
			raw := h.buf[:h.seen]
			c.complete(at, role, raw, emit)
			h.buf = h.buf[:copy(h.buf, h.buf[h.seen:])]
			h.seen = 0
		}
	}
	if c.fault != nil {
		c.half = [2]stretch{}
		c.early = nil
	} else if len(h.buf) == 0 && cap(h.buf) > 1<<16 {
		h.buf = nil
	}
}

// fail emits a message that ends the judging.
func (c *conversation) fail(m message, emit func(message)) {
	c.fault = m.fault
	if m.state == "" {
		m.state = c.state()
	}
	emit(m)
}

func (c *conversation) state() string { return c.spec.States[c.machine.State()].Name }

func (c *conversation) complete(at time.Time, role protocol.Role, raw []byte, emit func(message)) {
	if c.machine.Done() { // and begun anew (mux, 7)
		c.machine = protocol.NewMachine(c.spec, c.asker)
		c.since = time.Time{}
	}
	m := c.decode(at, role, raw)
	if m.fault != nil && m.msg == nil {
		c.fail(m, emit)
		return
	}
	c.judge(m, emit)
	for len(c.early) > 0 && c.fault == nil && c.machine.Outstanding() == 0 && c.machine.Ours() {
		m := c.early[0]
		c.early = c.early[1:]
		c.judge(m, emit)
	}
}

func (c *conversation) judge(m message, emit func(message)) {
	before := c.machine.State()
	m.state = c.spec.States[before].Name
	m.timed = !c.since.IsZero() && !m.early && (m.from != c.asker || c.machine.Outstanding() == 0)
	if m.timed {
		m.took = m.at.Sub(c.since)
	}
	if m.from == c.asker && c.machine.Outstanding() > 0 {
		m.state = "pipelined"
	}
	if m.from == c.asker {
		if err := c.machine.Pipeline(m.label); err != nil {
			if c.machine.Outstanding() > 0 && len(c.early) < maxEarly {
				m.early = true
				c.early = append(c.early, m)
				return
			}
			m.fault = fmt.Errorf("%w: %w", protocol.ErrOutOfTurn, errNotAccepted)
		}
	} else if !c.machine.Recv(m.label) {
		m.fault = fmt.Errorf("%w: %w", protocol.ErrOutOfTurn, errNotAccepted)
	}
	if m.fault != nil {
		c.fail(m, emit)
		return
	}
	s := &c.spec.States[before]
	switch {
	case s.Agency == m.from && m.size > s.Limit:
		m.fault = fmt.Errorf("%w: limit %d", protocol.ErrTooLarge, s.Limit)
	case m.timed && s.Timeout.Max > 0 && m.took > s.Timeout.Max:
		m.fault = fmt.Errorf("%w: limit %v", protocol.ErrTimeout, s.Timeout.Max)
	}
	if m.pending = c.machine.Outstanding(); m.state != "pipelined" {
		c.since = m.at
	}
	emit(m)
}

var errNotAccepted = errors.New("the state does not accept it")

// decode reads a message with the prototype that fits its tag, best one of the
// state, since a tag may have two meanings.
func (c *conversation) decode(at time.Time, role protocol.Role, raw []byte) message {
	m := message{at: at, from: role, size: len(raw)}
	r := cbor.NewReader(raw)
	r.Array()
	tag := r.Uint()
	if r.Err() != nil {
		m.fault = fmt.Errorf("%w: %w", protocol.ErrMalformed, r.Err())
		return m
	}
	now := int(c.machine.State())
	for i := range c.spec.States {
		// The current state first, then the others.
		state := (now + i) % len(c.spec.States)
		for _, e := range c.spec.States[state].Edges {
			if e.Msg.Tag() != tag || c.spec.States[state].Agency != role {
				continue
			}
			msg, err := e.Msg.Decode(raw)
			if m.label = e.Msg.Label(); err != nil {
				m.fault = err // of a later era: it is we who cannot read it
				if !errors.Is(err, errors.ErrUnsupported) {
					m.fault = fmt.Errorf("%w: %w", protocol.ErrMalformed, err)
				}
				return m
			}
			m.msg, m.label = msg, msg.Label()
			return m
		}
	}
	m.fault = fmt.Errorf("%w: tag %d is no message of the %s", protocol.ErrMalformed, tag, role)
	return m
}
