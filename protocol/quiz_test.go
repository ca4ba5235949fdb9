package protocol_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// The quiz is a mini-protocol with all that a table can have: one message in
// several states, replies of several messages, two kinds of requests that may
// be pipelined, one that may not, and states without a timeout.
const (
	stIdle protocol.StateID = iota
	stBusy
	stLate
	stShort
	stAway
	stThere
	stDone
)

// msg is every message of the quiz.
type msg struct {
	kind kind
	b    []byte
}

type kind uint64

const (
	ask   kind = iota // answered by any number of parts and an end
	brief             // answered by an end
	leave             // leads elsewhere
	part
	wait
	end
	arrived
	back
	stop
)

var labels = [...]string{"Ask", "Brief", "Leave", "Part", "Wait", "End", "Arrived", "Back", "Stop"}

func (m msg) Label() string { return labels[m.kind] }
func (m msg) Tag() uint64   { return uint64(m.kind) }

func (m msg) AppendCBOR(dst []byte) []byte {
	return cbor.AppendBytes(cbor.AppendMessage(dst, 2, uint64(m.kind)), m.b)
}

func (m msg) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, uint64(m.kind))
	got := msg{m.kind, append([]byte(nil), r.Bytes()...)}
	return got, r.Close()
}

const quizLimit = 1000 // bytes

func quiz() *protocol.Spec {
	edges := func(to ...any) (edges []protocol.Edge) {
		for i := 0; i < len(to); i += 2 {
			edges = append(edges, protocol.Edge{Msg: msg{kind: to[i].(kind)}, To: to[i+1].(protocol.StateID)})
		}
		return edges
	}
	ten, long := protocol.After(10*time.Second), protocol.Between(20*time.Second, 40*time.Second)
	return &protocol.Spec{Name: "quiz", ID: 99, Ingress: 1 << 16, States: []protocol.State{
		stIdle: {Name: "StIdle", Agency: protocol.Initiator, Limit: quizLimit,
			Edges: edges(ask, stBusy, brief, stShort, leave, stAway, stop, stDone)},
		stBusy: {Name: "StBusy", Agency: protocol.Responder, Limit: quizLimit, Timeout: ten,
			Edges: edges(part, stBusy, wait, stLate, end, stIdle)},
		stLate: {Name: "StLate", Agency: protocol.Responder, Limit: quizLimit, Timeout: long,
			Edges: edges(end, stIdle)},
		stShort: {Name: "StShort", Agency: protocol.Responder, Limit: quizLimit, Timeout: ten,
			Edges: edges(end, stIdle)},
		stAway: {Name: "StAway", Agency: protocol.Responder, Limit: quizLimit,
			Edges: edges(arrived, stThere)},
		stThere: {Name: "StThere", Agency: protocol.Initiator, Limit: quizLimit,
			Edges: edges(back, stIdle)},
		stDone: {Name: "StDone"},
	}}
}

// sized returns a message of n bytes on the wire.
func sized(k kind, n int) msg {
	m := msg{kind: k}
	for len(m.AppendCBOR(nil)) < n {
		m.b = append(m.b, 'x')
	}
	return m
}

// wantViolation fails t unless err blames the peer for what, in state.
func wantViolation(t testing.TB, err, what error, state, message string) {
	t.Helper()
	var v *protocol.ViolationError
	if !errors.As(err, &v) || !errors.Is(err, what) || v.State != state || v.Message != message {
		t.Errorf("got %v, want a violation in %s with %q: %v", err, state, message, what)
	}
}
