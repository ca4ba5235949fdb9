package messagetest

import (
	"bytes"
	"context"
	"fmt"
	"reflect"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// faults are what is wrong with messages.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

// raw returns the bytes of a case.
func (f *faults) raw(name, digits string) (b []byte, ok bool) {
	b, err := raw(digits)
	if err != nil {
		f.add("%s: %q: %v", name, digits, err)
	}
	return b, err == nil
}

func (f *faults) decode(e Example, input []byte) {
	got, err := e.Msg.Decode(input)
	if err != nil || !reflect.DeepEqual(got, e.Msg) {
		f.add("%s: decoded %#v, %v; want %#v", e.Name, got, err, e.Msg)
		return
	}
	for i := range input {
		input[i] ^= 0xff
	}
	if !reflect.DeepEqual(got, e.Msg) {
		f.add("%s: changed with the bytes that it was decoded from: it must not keep them", e.Name)
	}
}

func (f *faults) encode(e Example, want []byte) {
	const there = "what is there"
	got, kept := bytes.CutPrefix(e.Msg.AppendCBOR([]byte(there)), []byte(there))
	if !kept || !bytes.Equal(got, want) {
		f.add("%s: AppendCBOR appends %x, want %x behind what is there", e.Name, got, want)
	}
	if m, ok := e.Msg.(interface {
		AppendHead(dst []byte) (head, body []byte)
	}); ok {
		if head, body := m.AppendHead(nil); !bytes.Equal(append(head, body...), want) {
			f.add("%s: AppendHead returns %x and a body of %d bytes, want %x in all", e.Name, head, len(body), want)
		}
	}
	r := cbor.NewReader(want)
	if r.ArrayAny(); r.Uint() != e.Msg.Tag() || r.Err() != nil {
		f.add("%s: %x is no array that begins with the tag %d", e.Name, want, e.Msg.Tag())
	}
}

func (f *faults) refused(name string, as protocol.Message, input []byte) {
	if got, err := as.Decode(input); err == nil {
		f.add("%s: decoded %x as %#v", name, input, got)
	}
}

func (f *faults) change(e Example, input []byte, kinds []kind) {
	for _, k := range kinds {
		if !k.is(e.Msg) {
			continue
		}
		for n := range places(len(input)) {
			for _, bits := range []byte{0x01, 0x20, 0x80, 0xff} {
				changed := bytes.Clone(input)
				changed[n] ^= bits
				if r := cbor.NewReader(changed); len(r.Raw()) != len(changed) || r.Err() != nil {
					continue
				}
				if _, err := k.stable(changed); err != nil {
					f.add("%s, changed: %w", e.Name, err)
				}
			}
		}
	}
}

// split receives the example in the first state of spec.
func (f *faults) split(e Example, want []byte, spec *protocol.Spec) {
	for n := range places(len(want)) {
		p := &pieces{unread: append(bytes.Clone(want), want...), first: n}
		if n == 0 {
			p.first, p.step = 1, 1 // byte by byte
		}
		session := protocol.NewSession[protocol.Message](spec, spec.States[0].Agency.Peer(), p)
		got, err := session.Recv(context.Background())
		switch {
		case err != nil || !reflect.DeepEqual(got, e.Msg):
			f.add("%s in %s, cut after byte %d: %#v, %v", e.Name, spec.States[0].Name, n, got, err)
		case !bytes.Equal(p.unread, want):
			f.add("%s in %s, cut after byte %d: %x is left of %x", e.Name, spec.States[0].Name, n, p.unread, want)
		}
	}
}
