package node_test

import (
	"context"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// The messages of a mini-protocol that asks a node what it is. Each is an array
// that begins with its tag.
type (
	whatMessage interface{ protocol.Message }

	askWhat struct {
		_ struct{} `cbor:",toarray"`
		T uint64
	}
	answerWhat struct {
		_    struct{} `cbor:",toarray"`
		T    uint64
		Name string
		Up   uint64 // seconds
	}
	doneWhat struct {
		_ struct{} `cbor:",toarray"`
		T uint64
	}
)

func (askWhat) Label() string    { return "MsgAsk" }
func (answerWhat) Label() string { return "MsgAnswer" }
func (doneWhat) Label() string   { return "MsgDone" }

func (askWhat) Tag() uint64    { return 0 }
func (answerWhat) Tag() uint64 { return 1 }
func (doneWhat) Tag() uint64   { return 2 }

func (m askWhat) AppendCBOR(dst []byte) []byte    { return encode(dst, m) }
func (m answerWhat) AppendCBOR(dst []byte) []byte { m.T = m.Tag(); return encode(dst, m) }
func (m doneWhat) AppendCBOR(dst []byte) []byte   { m.T = m.Tag(); return encode(dst, m) }

func (askWhat) Decode(raw []byte) (protocol.Message, error)    { return decode[askWhat](raw) }
func (answerWhat) Decode(raw []byte) (protocol.Message, error) { return decode[answerWhat](raw) }
func (doneWhat) Decode(raw []byte) (protocol.Message, error)   { return decode[doneWhat](raw) }

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

// what is the table: who may say what when, how much, and how long the other side
// waits for it.
var what = &protocol.Spec{
	Name: "what-are-you", ID: 1000, Ingress: 1000,
	States: []protocol.State{
		0: {Name: "StIdle", Agency: protocol.Initiator, Limit: 10,
			Edges: []protocol.Edge{{Msg: askWhat{}, To: 1}, {Msg: doneWhat{}, To: 2}}},
		1: {Name: "StBusy", Agency: protocol.Responder, Limit: 100, Timeout: protocol.After(10 * time.Second),
			Edges: []protocol.Edge{{Msg: answerWhat{}, To: 0}}},
		2: {Name: "StDone"},
	},
}

// A mini-protocol of one's own runs beside the standard ones, on the same
// connections.
func ExampleProtocol() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	net := vnet.New(vnet.Config{})

	// The node that answers.
	l, err := net.Host("relay").Listen(3001)
	if err != nil {
		fmt.Println(err)
		return
	}
	answering := node.Config{Network: ledger.Preview, Sources: chaintest.New(chaintest.Config{Network: ledger.Preview}).Grow(10).Sources(), Protocols: []node.Protocol{{
		Spec: what,
		Respond: func(ctx context.Context, conn *node.Conn, t protocol.Transport) error {
			s := protocol.NewSession[whatMessage](what, protocol.Responder, t)
			return protocol.Serve(ctx, s, func(_ context.Context, _ whatMessage, reply func(whatMessage) error) error {
				return reply(answerWhat{Name: "a relay", Up: 86400})
			})
		},
	}}}
	served := make(chan error)
	go func() { served <- node.Serve(ctx, l, answering) }()

	// The node that asks.
	conn, err := node.Dial(ctx, "relay:3001", node.Config{
		Network: ledger.Preview, Dial: net.Host("wallet").Dial,
		Protocols: []node.Protocol{{Spec: what, Initiate: true}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := protocol.NewSession[whatMessage](what, protocol.Initiator, conn.Transport(what.ID))
	answer, err := s.Ask(ctx, askWhat{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, tip, err := conn.ChainSync().Intersect(ctx, ledger.Origin)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s, up for %v s, with %d blocks\n", answer.(answerWhat).Name, answer.(answerWhat).Up, tip.BlockNo+1)
	s.Send(ctx, doneWhat{})
	conn.Close()
	cancel()
	fmt.Println(<-served)
	// Output:
	// a relay, up for 86400 s, with 10 blocks
	// <nil>
}
