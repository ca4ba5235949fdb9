package protocol_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// A mini-protocol of our own: the initiator asks for the squares of numbers.

type SquareMessage interface {
	protocol.Message
	square()
}

type (
	Number struct{ N uint64 } // asks
	Square struct{ N uint64 } // answers
	Bye    struct{}           // ends the conversation
)

func (Number) square() {}
func (Square) square() {}
func (Bye) square()    {}

func (Number) Label() string { return "MsgNumber" }
func (Square) Label() string { return "MsgSquare" }
func (Bye) Label() string    { return "MsgBye" }

func (Number) Tag() uint64 { return 0 }
func (Square) Tag() uint64 { return 1 }
func (Bye) Tag() uint64    { return 2 }

func (m Number) AppendCBOR(dst []byte) []byte {
	return cbor.AppendUint(cbor.AppendMessage(dst, 2, 0), m.N)
}

func (m Square) AppendCBOR(dst []byte) []byte {
	return cbor.AppendUint(cbor.AppendMessage(dst, 2, 1), m.N)
}

func (Bye) AppendCBOR(dst []byte) []byte { return cbor.AppendMessage(dst, 1, 2) }

func (Number) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, 0)
	return Number{r.Uint()}, r.Close()
}

func (Square) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, 1)
	return Square{r.Uint()}, r.Close()
}

func (Bye) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, 2)
	return Bye{}, r.Close()
}

var squares = &protocol.Spec{
	Name: "squares", ID: 1000, Ingress: 4096,
	States: []protocol.State{
		0: {Name: "StIdle", Agency: protocol.Initiator, Limit: 32,
			Edges: []protocol.Edge{{Msg: Number{}, To: 1}, {Msg: Bye{}, To: 2}}},
		1: {Name: "StBusy", Agency: protocol.Responder, Limit: 32, Timeout: protocol.After(time.Second),
			Edges: []protocol.Edge{{Msg: Square{}, To: 0}}},
		2: {Name: "StDone"},
	},
}

// A mini-protocol is messages and a table; both of its sides then run on the
// same drivers as every other.
func Example() {
	ctx := context.Background()
	a, b := pipe.New() // in earnest, channels of package mux

	served := make(chan error)
	go func() {
		s := protocol.NewSession[SquareMessage](squares, protocol.Responder, b)
		served <- protocol.Serve(ctx, s, func(_ context.Context, req SquareMessage, reply func(SquareMessage) error) error {
			n := req.(Number).N
			return reply(Square{n * n})
		})
	}()

	s := protocol.NewSession[SquareMessage](squares, protocol.Initiator, a)
	n := uint64(0)
	next := func(outstanding int) (SquareMessage, bool) {
		if n++; n > 4 {
			return nil, false
		}
		return Number{n}, true
	}
	for answer, err := range s.Pipeline(ctx, next, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.(Square).N)
	}
	fmt.Println(s.Send(ctx, Bye{}), <-served)
	// Output:
	// 1
	// 4
	// 9
	// 16
	// <nil> <nil>
}
