package messagetest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/protocol"
)

// Cases are what is known of the messages of a mini-protocol. Messages are compared with
// reflect.DeepEqual.
type Cases struct {
	Spec *protocol.Spec

	// Examples are messages and their only encoding. There is one at least for each
	// message of the table, and for each label of one that has several.
	Examples []Example

	// Readings are bytes that we never send, and the message that they mean.
	Readings []Example

	// Refused are bytes, each one item of CBOR, that are no message of a type.
	Refused []Refused
}

// Example is a message and its bytes in hexadecimal digits. Spaces between them are for
// the reader. Being an alias, it needs no names of fields, also for go vet.
type Example = struct {
	Name, Hex string
	Msg       protocol.Message
}

// Refused are bytes that Decode of a message must refuse.
type Refused = struct {
	Name, Hex string
	As        protocol.Message // any value of the type
}

// Check returns what is wrong with the messages, all of it, or nil:
//
//   - each example is encoded to its bytes, which begin with its tag, and fits the limit of
//     each state of the table that allows it;
//   - examples and readings mean their messages, which keep none of the bytes;
//   - what is to be refused is, and so is each example that is cut off, or has a byte more;
//   - a session receives each example in each state that allows it, however the bytes are
//     cut, and leaves what follows alone;
//   - an example with a changed byte is refused, or is a message that means the same when
//     it is encoded and decoded again;
//   - no message of the table lacks an example.
func (c Cases) Check() error {
	var found faults
	for _, e := range slices.Concat(c.Examples, c.Readings) {
		if input, ok := found.raw(e.Name, e.Hex); ok {
			found.decode(e, input)
		}
	}
	for _, r := range c.Refused {
		if input, ok := found.raw(r.Name, r.Hex); ok {
			found.refused(r.Name, r.As, input)
		}
	}
	for _, e := range c.Examples {
		input, err := raw(e.Hex)
		if err != nil {
			continue
		}
		found.encode(e, input)
		for n := range places(len(input)) {
			found.refused(e.Name+", cut off", e.Msg, input[:n:n])
		}
		found.refused(e.Name+" and a byte", e.Msg, append(bytes.Clone(input), 0))
		found.change(e, input, c.kinds())
		for _, s := range c.allowing(e.Msg) {
			if state := c.Spec.States[s]; len(input) > state.Limit {
				found.add("%s: %d bytes, the limit of %s is %d", e.Name, len(input), state.Name, state.Limit)
			} else {
				found.split(e, input, startingIn(c.Spec, s))
			}
		}
	}
	for _, k := range c.kinds() {
		for _, label := range k.labels {
			if !slices.ContainsFunc(c.Examples, func(e Example) bool { return k.is(e.Msg) && e.Msg.Label() == label }) {
				found.add("there is no example of %s (%T)", label, k.prototype)
			}
		}
	}
	return errors.Join(found...)
}

// Fuzz decodes inputs as each message of the table, with the bytes of all cases as seeds.
// A decoded message must have a label that the table has for its type, and mean the same
// when it is encoded and decoded again. Then check, if not nil, looks at it.
func (c Cases) Fuzz(f *testing.F, check func(*testing.T, protocol.Message)) {
	add := func(digits string) {
		seed, err := raw(digits)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	for _, e := range slices.Concat(c.Examples, c.Readings) {
		add(e.Hex)
	}
	for _, r := range c.Refused {
		add(r.Hex)
	}
	kinds := c.kinds()
	f.Fuzz(func(t *testing.T, input []byte) {
		for _, k := range kinds {
			msg, err := k.stable(input)
			if err != nil {
				t.Error(err)
			}
			if msg != nil && check != nil {
				check(t, msg)
			}
		}
	})
}

func raw(digits string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(digits, " ", "")) }

// kind is a type of message, with the labels that the table has for it.
type kind struct {
	prototype protocol.Message
	labels    []string
}

func (k kind) is(msg protocol.Message) bool {
	return reflect.TypeOf(k.prototype) == reflect.TypeOf(msg)
}

// kinds returns the messages of the table, in its order.
func (c Cases) kinds() (list []kind) {
	for _, state := range c.Spec.States {
		for _, edge := range state.Edges {
			i := slices.IndexFunc(list, func(k kind) bool { return k.is(edge.Msg) })
			if i < 0 {
				i, list = len(list), append(list, kind{prototype: edge.Msg})
			}
			if !slices.Contains(list[i].labels, edge.Msg.Label()) {
				list[i].labels = append(list[i].labels, edge.Msg.Label())
			}
		}
	}
	return list
}

// stable decodes input. The message is nil if it is refused.
func (k kind) stable(input []byte) (msg protocol.Message, err error) {
	msg, refused := k.prototype.Decode(input)
	if refused != nil {
		return nil, nil
	}
	again, err := k.prototype.Decode(msg.AppendCBOR(nil))
	switch {
	case err != nil || !reflect.DeepEqual(again, msg):
		return msg, fmt.Errorf("%x is %#v; encoded and decoded again, it is %#v, %v", input, msg, again, err)
	case !slices.Contains(k.labels, msg.Label()):
		return msg, fmt.Errorf("%x is a %s, the table has %q for its type", input, msg.Label(), k.labels)
	}
	return msg, nil
}

// allowing returns the states of the table that allow a message.
func (c Cases) allowing(msg protocol.Message) (states []protocol.StateID) {
	for s := range c.Spec.States {
		for _, edge := range c.Spec.States[s].Edges {
			if (kind{prototype: edge.Msg}).is(msg) && edge.Msg.Label() == msg.Label() {
				states = append(states, protocol.StateID(s))
			}
		}
	}
	return states
}

// places yields the numbers below n; of a large n, some of them.
func places(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i += 1 + i/500 {
		}
	}
}
