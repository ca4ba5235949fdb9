package protocol_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

// A mini-protocol of our own: the initiator asks for the squares of numbers.

type SquareMessage interface {
	protocol.Message
	square()
}

// Each message is an array that begins with its tag.
type (
	Number struct { // asks
		_    struct{} `cbor:",toarray"`
		T, N uint64
	}
	Square struct { // answers
		_    struct{} `cbor:",toarray"`
		T, N uint64
	}
	Bye struct { // ends the conversation
		_ struct{} `cbor:",toarray"`
		T uint64
	}
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

func (m Number) AppendCBOR(dst []byte) []byte { m.T = 0; return encode(dst, m) }
func (m Square) AppendCBOR(dst []byte) []byte { m.T = 1; return encode(dst, m) }
func (m Bye) AppendCBOR(dst []byte) []byte    { m.T = 2; return encode(dst, m) }

func (Number) Decode(raw []byte) (protocol.Message, error) { return decode[Number](raw) }
func (Square) Decode(raw []byte) (protocol.Message, error) { return decode[Square](raw) }
func (Bye) Decode(raw []byte) (protocol.Message, error)    { return decode[Bye](raw) }

func encode(dst []byte, m any) []byte {
	b, err := cbor.Marshal(m)
	if err != nil {
		panic(err) // of types that cannot be encoded
	}
	return append(dst, b...)
}

func decode[M protocol.Message](raw []byte) (protocol.Message, error) {
	var m M
	err := cbor.Unmarshal(raw, &m)
	return m, err
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
	a, b := net.Pipe()
	us, peer := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
	served := make(chan error, 1)
	peer.Respond(squares, mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
		s := protocol.NewSession[SquareMessage](squares, protocol.Responder, c)
		err := protocol.Serve(ctx, s, func(_ context.Context, req SquareMessage, reply func(SquareMessage) error) error {
			n := req.(Number).N
			return reply(Square{N: n * n})
		})
		served <- err
		return err
	})
	channel := us.Channel(squares, protocol.Initiator)
	peer.Start()
	us.Start()

	s := protocol.NewSession[SquareMessage](squares, protocol.Initiator, channel)
	n := uint64(0)
	next := func(outstanding int) (SquareMessage, bool) {
		if n++; n > 4 {
			return nil, false
		}
		return Number{N: n}, true
	}
	for answer, err := range s.Pipeline(ctx, next, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.(Square).N)
	}
	fmt.Println(s.Send(ctx, Bye{}), <-served)
	us.Close(ctx)
	peer.Close(ctx)
	// Output:
	// 1
	// 4
	// 9
	// 16
	// <nil> <nil>
}
