package node_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// A mini-protocol for tests: the initiator counts, and the responder says the
// same number.
type count interface{ protocol.Message }

type (
	say  struct{ n uint64 }
	echo struct{ n uint64 }
	stop struct{}
)

func (say) Label() string  { return "MsgSay" }
func (echo) Label() string { return "MsgEcho" }
func (stop) Label() string { return "MsgStop" }
func (say) Tag() uint64    { return 0 }
func (echo) Tag() uint64   { return 1 }
func (stop) Tag() uint64   { return 2 }
func (m say) AppendCBOR(dst []byte) []byte {
	return cbor.AppendUint(cbor.AppendMessage(dst, 2, 0), m.n)
}
func (m echo) AppendCBOR(dst []byte) []byte {
	return cbor.AppendUint(cbor.AppendMessage(dst, 2, 1), m.n)
}
func (stop) AppendCBOR(dst []byte) []byte { return cbor.AppendMessage(dst, 1, 2) }

func (say) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, 0)
	return say{r.Uint()}, r.Close()
}

func (echo) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, 1)
	return echo{r.Uint()}, r.Close()
}

func (stop) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, 2)
	return stop{}, r.Close()
}

var counting = &protocol.Spec{
	Name: "counting", ID: 900, Ingress: 100,
	States: []protocol.State{
		{Name: "StIdle", Agency: protocol.Initiator, Limit: 20, Edges: []protocol.Edge{{Msg: say{}, To: 1}, {Msg: stop{}, To: 2}}},
		{Name: "StBusy", Agency: protocol.Responder, Limit: 20, Timeout: protocol.After(time.Minute), Edges: []protocol.Edge{{Msg: echo{}, To: 0}}},
		{Name: "StDone"},
	},
}

// counts is a Protocol that counts conversations that it answered to the end.
func counts(ended *int) node.Protocol {
	return node.Protocol{
		Spec: counting, Initiate: true,
		Respond: func(ctx context.Context, _ *node.Conn, t protocol.Transport) error {
			s := protocol.NewSession[count](counting, protocol.Responder, t)
			err := protocol.Serve(ctx, s, func(_ context.Context, req count, reply func(count) error) error {
				return reply(echo{req.(say).n})
			})
			if err == nil {
				*ended++
			}
			return err
		},
	}
}

// ask has one conversation.
func ask(ctx context.Context, c *node.Conn) error {
	s := protocol.NewSession[count](counting, protocol.Initiator, c.Transport(counting.ID))
	for n := range uint64(3) {
		m, err := s.Ask(ctx, say{n})
		if err != nil {
			return err
		}
		if m != (echo{n}) {
			return errors.New("another number")
		}
	}
	return s.Send(ctx, stop{})
}

// A mini-protocol of one's own runs beside the others, from both sides, and again
// and again.
func TestOwnProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		c := nodetest.NewChain().Grow(50)
		with := node.Config{Network: nodetest.Network(), Sources: c.Sources(), Protocols: []node.Protocol{counts(&ended)}}
		a, b := nodetest.Pair(t, with, with)
		cool, cooled := spelled(a, busy(a, c))
		time.Sleep(time.Minute)
		for range 3 {
			for _, side := range []*node.Conn{a, b} {
				if err := ask(t.Context(), side); err != nil {
					t.Fatal(err)
				}
			}
		}
		cool()
		time.Sleep(time.Second)
		c.Grow(1) // what chain-sync waits for, at the tip
		if err := <-cooled; err != nil {
			t.Error(err)
		}
		if synctest.Wait(); ended != 6 || a.Err() != nil || b.Err() != nil {
			t.Error(ended, a.Err(), b.Err())
		}
	})
}

// On a connection that does not have it, asking says why; and what the peer does
// not expect ends the connection.
func TestOwnProtocolIsNotThere(t *testing.T) {
	var ended int
	plain := node.Config{Network: nodetest.Network(), Sources: nodetest.NewChain().Sources()}
	with := func(change func(*node.Protocol)) node.Config {
		cfg, p := plain, counts(&ended)
		change(&p)
		cfg.Protocols = []node.Protocol{p}
		return cfg
	}
	whole := with(func(*node.Protocol) {})
	asking := whole
	asking.Sources = nil // so that the other side may not ask
	for _, test := range []struct {
		name                string
		dialling, accepting node.Config
		a, b                error // of nodetest.Asking; nil is that it works
	}{
		{"not configured", plain, plain, node.ErrNotAgreed, node.ErrNotAgreed},
		{"another version", with(func(p *node.Protocol) { p.Versions = []handshake.Version{handshake.V16} }), plain, node.ErrNotAgreed, node.ErrNotAgreed},
		{"the versions that are agreed on", with(func(p *node.Protocol) { p.Versions = []handshake.Version{handshake.V14, handshake.V15} }), whole, nil, nil},
		{"answered alone", with(func(p *node.Protocol) { p.Initiate = false }), whole, node.ErrNotAgreed, nil},
		{"asked alone", with(func(p *node.Protocol) { p.Respond = nil }), with(func(p *node.Protocol) { p.Initiate = false }), nil, node.ErrNotAgreed},
		{"may not ask", asking, whole, nil, node.ErrMayNotAsk},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := nodetest.Pair(t, test.dialling, test.accepting)
				if err := ask(t.Context(), a); !errors.Is(err, test.a) {
					t.Error(err)
				}
				if err := ask(t.Context(), b); !errors.Is(err, test.b) {
					t.Error(err)
				}
				if a.Err() != nil || b.Err() != nil {
					t.Error(a.Err(), b.Err())
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := nodetest.Pair(t, whole, plain)
		if err := ask(t.Context(), a); err == nil {
			t.Error("asked a peer that does not have it")
		}
		<-b.Done()
		if err := b.Err(); !node.Blame(err) {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // its limits count
		narrow := *counting
		narrow.Ingress = 10
		small := whole
		small.Protocols = []node.Protocol{{Spec: &narrow, Respond: func(ctx context.Context, _ *node.Conn, t protocol.Transport) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}}}
		a, b := nodetest.Pair(t, whole, small)
		for range 10 {
			a.Transport(counting.ID).Send(t.Context(), say{1}.AppendCBOR(nil), nil)
		}
		<-b.Done()
		if err := b.Err(); !errors.Is(err, protocol.ErrOverrun) || !strings.Contains(err.Error(), "counting") {
			t.Error(err)
		}
	})
}

// What cannot be on one connection is refused before there is one.
func TestOwnProtocolConfig(t *testing.T) {
	numbered := func(n uint16) node.Protocol {
		return node.Protocol{Spec: &protocol.Spec{Name: "x", ID: n, States: counting.States}}
	}
	for _, test := range []struct {
		list []node.Protocol
		want string
	}{
		{[]node.Protocol{{}}, "Protocols[0] has no table"},
		{[]node.Protocol{numbered(900), numbered(2)}, "Protocols[1]: x has number 2, which is that of chain-sync"},
		{[]node.Protocol{numbered(10)}, "that of peer-sharing"},
		{[]node.Protocol{numbered(0)}, "that of handshake"},
		{[]node.Protocol{numbered(900), numbered(900)}, "that of x"},
		{[]node.Protocol{numbered(1 << 15)}, "below 32,768"},
	} {
		_, err := node.Dial(t.Context(), "nowhere", node.Config{Network: ledger.Preview, Protocols: test.list})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
