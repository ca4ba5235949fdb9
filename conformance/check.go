package conformance

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/ouronet/ouronet/protocol"
)

// maxStates is how many a [protocol.StateID] can tell apart.
const maxStates = 256

// Check returns all faults of a table, joined, or nil:
//
//   - every state is reached from the first one and leads to a terminal one;
//   - a state in which a side has agency has a limit and messages, a terminal one has
//     none;
//   - the labels of a state differ, and so do the tags of its messages, unless
//     one message on the wire is two transitions;
//   - a label has one tag and one sender in the whole table;
//   - names differ, and timeouts and the ingress limit make sense.
//
// That a state has one sender needs no check: [protocol.State] cannot say
// anything else.
func Check(spec *protocol.Spec) error {
	c := checker{spec: spec}
	if spec.Name == "" {
		c.fault("the mini-protocol has no name")
	}
	if spec.Ingress <= 0 {
		c.fault("ingress limit is %d bytes", spec.Ingress)
	}
	if n := len(spec.States); n == 0 || n > maxStates {
		c.fault("%d states, want 1 to %d", n, maxStates)
		return c.err()
	}
	for i := range spec.States {
		c.state(&spec.States[i])
	}
	if len(c.faults) == 0 { // or edges may lead nowhere
		c.names()
		c.labels()
		c.paths()
	}
	return c.err()
}

type checker struct {
	spec   *protocol.Spec
	faults []error
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s: "+format, append([]any{c.spec.Name}, args...)...))
}

func (c *checker) err() error { return errors.Join(c.faults...) }

// state looks at one row.
func (c *checker) state(s *protocol.State) {
	switch s.Agency {
	case protocol.Nobody:
		if len(s.Edges) > 0 {
			c.fault("%s is terminal and has messages", s.Name)
		}
	case protocol.Initiator, protocol.Responder:
		if len(s.Edges) == 0 {
			c.fault("%s has no messages, although the %v has agency", s.Name, s.Agency)
		}
		if s.Limit <= 0 {
			c.fault("%s has a limit of %d bytes", s.Name, s.Limit)
		}
	default:
		c.fault("%s has unknown agency %d", s.Name, s.Agency)
	}
	if s.Timeout.Min < 0 || s.Timeout.Max < s.Timeout.Min {
		c.fault("%s has a timeout between %v and %v", s.Name, s.Timeout.Min, s.Timeout.Max)
	}
	for _, e := range s.Edges {
		switch {
		case e.Msg == nil:
			c.fault("%s has an edge without a message", s.Name)
		case int(e.To) >= len(c.spec.States):
			c.fault("%s in %s leads to state %d, which does not exist", e.Msg.Label(), s.Name, e.To)
		}
	}
}

// names checks that states can be told apart.
func (c *checker) names() {
	seen := make(map[string]bool)
	for _, s := range c.spec.States {
		if s.Name == "" || seen[s.Name] {
			c.fault("state name %q is empty or not unique", s.Name)
		}
		seen[s.Name] = true
	}
}

// labels checks that a message can be told from its label, and on the wire.
func (c *checker) labels() {
	type use struct {
		tag    uint64
		sender protocol.Role
	}
	uses := make(map[string]use)
	for _, s := range c.spec.States {
		for i, e := range s.Edges {
			label := e.Msg.Label()
			u := use{e.Msg.Tag(), s.Agency}
			if before, ok := uses[label]; !ok {
				uses[label] = u
			} else if u != before {
				c.fault("%s has tag %d from the %v, and tag %d from the %v", label, u.tag, u.sender, before.tag, before.sender)
			}
			for _, other := range s.Edges[:i] {
				switch {
				case other.Msg.Label() == label:
					c.fault("%s has two edges %s", s.Name, label)
				case other.Msg.Tag() == u.tag && reflect.TypeOf(other.Msg) != reflect.TypeOf(e.Msg):
					c.fault("%s and %s in %s have the same tag %d", other.Msg.Label(), label, s.Name, u.tag)
				}
			}
		}
	}
}

// paths checks that every state is between the first and a terminal one.
func (c *checker) paths() {
	n := len(c.spec.States)
	reached, ends := make([]bool, n), make([]bool, n)
	reached[0] = true
	for i, s := range c.spec.States {
		ends[i] = s.Agency == protocol.Nobody
	}
	for range n { // as long as the longest path
		for i, s := range c.spec.States {
			for _, e := range s.Edges {
				reached[e.To] = reached[e.To] || reached[i]
				ends[i] = ends[i] || ends[e.To]
			}
		}
	}
	for i, s := range c.spec.States {
		if !reached[i] {
			c.fault("%s is never reached", s.Name)
		}
		if !ends[i] {
			c.fault("%s leads to no terminal state", s.Name)
		}
	}
}
