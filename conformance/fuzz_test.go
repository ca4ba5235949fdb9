package conformance_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/protocol"
)

// model follows a table from testdata on one side, in the plainest way: it is
// what a protocol.Session is held against.
type model struct {
	table conformance.Table
	role  string
	state string   // of the oldest unfinished exchange
	home  string   // where requests are sent from, while some are outstanding
	owed  []string // labels of outstanding requests, the oldest first
}

func (m *model) in(state string) *conformance.TableState {
	i := slices.IndexFunc(m.table.States, func(s conformance.TableState) bool { return s.Name == state })
	return &m.table.States[i]
}

func (m *model) edge(state, label string) (to string, ok bool) {
	for _, e := range m.in(state).Edges {
		if e.Message == label {
			return e.To, true
		}
	}
	return "", false
}

func (m *model) ours() bool { return m.in(m.state).Agency == m.role }
func (m *model) over() bool { return m.in(m.state).Agency == "nobody" }

// theirs reports whether the other side sends the next message in a state.
func (m *model) theirs(state string) bool {
	agency := m.in(state).Agency
	return agency != m.role && agency != "nobody"
}

// send takes a message of ours that is sent with nothing outstanding.
func (m *model) send(label string) bool {
	to, ok := m.edge(m.state, label)
	if !ok || !m.ours() {
		return false
	}
	m.state = to
	return true
}

// request takes a request of ours.
func (m *model) request(label string) bool {
	if len(m.owed) == 0 {
		from := m.state
		if !m.send(label) {
			return false
		}
		if m.theirs(m.state) {
			m.home, m.owed = from, []string{label}
		}
		return true
	}
	_, ok := m.edge(m.home, label)
	may := func(label string) bool { return slices.Contains(m.table.Pipelined, label) }
	if !ok || !may(label) || !may(m.owed[len(m.owed)-1]) {
		return false
	}
	m.owed = append(m.owed, label)
	return true
}

// recv takes a message of the peer's: one of labels, as the state decides.
func (m *model) recv(labels []string) (label string, ok bool) {
	for _, label := range labels {
		to, ok := m.edge(m.state, label)
		if !ok || !m.theirs(m.state) {
			continue
		}
		m.state = to
		if len(m.owed) > 0 && (to == m.home || !m.theirs(to)) {
			if m.owed = m.owed[1:]; len(m.owed) > 0 {
				m.state, _ = m.edge(m.home, m.owed[0])
			}
		}
		return label, true
	}
	return "", false
}

// names are the mini-protocols in a fixed order.
var names = []string{"handshake", "chain-sync", "block-fetch", "tx-submission2", "keep-alive", "peer-sharing"}

// Either side of every mini-protocol does exactly what the independent table
// says, whatever messages come, and whatever our own program tries to send. The
// first two bytes choose mini-protocol and side; then a byte says who does
// what, and a byte with which message.
func FuzzSession(f *testing.F) {
	random := rand.NewChaCha8([32]byte{1})
	for n := range names {
		for role := range 2 {
			for range 20 {
				script := make([]byte, 200)
				random.Read(script)
				f.Add(append([]byte{byte(n), byte(role)}, script...))
			}
		}
	}
	tables, all := tables(f), samples(f)
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) < 2 {
			return
		}
		name, role := names[int(script[0])%len(names)], protocol.Initiator+protocol.Role(script[1]%2)
		var mine []sample
		for _, s := range all {
			if s.protocol == name {
				mine = append(mine, s)
			}
		}
		play(t, tables[name], role, mine, script[2:])
	})
}

// play runs a session beside the model until the script or the conversation
// ends.
func play(t *testing.T, table conformance.Table, role protocol.Role, samples []sample, script []byte) {
	spec := specs[table.Name]()
	end, peer := pipe.New()
	s := protocol.NewSession[protocol.Message](spec, role, end)
	m := &model{table: table, role: role.String(), state: table.States[0].Name}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing has to be waited for
	sending := t.Context()
	for ; len(script) > 1; script = script[2:] {
		end.Chunk = int(script[0] >> 5)
		switch act := script[0] % 32; {
		case act < 16: // we speak, mostly what we may
			from := m.state
			if len(m.owed) > 0 {
				from = m.home
			}
			msg := message(spec, choose(m, samples, script[1], from, act%4 > 0))
			take, do := m.request, s.Request
			if act < 4 {
				take, do = m.send, s.Send
			}
			if err := do(sending, msg); (err == nil) != take(msg.Label()) || err != nil && !errors.Is(err, protocol.ErrAgency) {
				t.Fatalf("%s %v in %s: our %s: %v", table.Name, role, m.state, msg.Label(), err)
			}
		case act < 30: // the peer speaks, what it may
			if !m.theirs(m.state) {
				continue
			}
			pick := choose(m, samples, script[1], m.state, true)
			peer.Send(sending, pick.raw, nil)
			got, err := s.Recv(ctx)
			label, _ := m.recv(pick.labels)
			if err != nil || got.Label() != label {
				t.Fatalf("%s %v: %s instead of %s: %v, %v", table.Name, role, pick.id, label, got, err)
			}
		case act == 30: // the peer says anything at all
			pick := choose(m, samples, script[1], m.state, false)
			peer.Send(sending, pick.raw, nil)
			if !m.theirs(m.state) {
				spoken(t, s, m, message(spec, pick))
				return
			}
			state := m.state
			got, err := s.Recv(ctx)
			label, legal := m.recv(pick.labels)
			switch {
			case legal && (err != nil || got.Label() != label):
				t.Fatalf("%s %v in %s: %s: %v, %v", table.Name, role, state, pick.id, got, err)
			case !legal && !(protocol.IsPeerFault(err) && errors.Is(err, protocol.ErrOutOfTurn)):
				t.Fatalf("%s %v in %s took %s: %v, %v", table.Name, role, state, pick.id, got, err)
			case !legal:
				return
			}
		default: // the peer sends what may be no message
			peer.Send(sending, script[1:], nil)
			if _, err := s.Recv(ctx); err == nil && !m.theirs(m.state) {
				t.Fatalf("%s %v received in %s", table.Name, role, m.state)
			}
			return
		}
		if got := spec.States[s.Machine().State()].Name; got != m.state {
			t.Fatalf("%s %v is in %s, want %s", table.Name, role, got, m.state)
		}
		if s.Machine().Outstanding() != len(m.owed) || s.Machine().Ours() != m.ours() || s.Machine().Done() != m.over() {
			t.Fatalf("%s %v in %s: %d outstanding, want %d", table.Name, role, m.state, s.Machine().Outstanding(), len(m.owed))
		}
	}
}

// choose picks a sample, if fits is set one that the table allows in state.
func choose(m *model, samples []sample, n byte, state string, fits bool) sample {
	if fits {
		var legal []sample
		for _, s := range samples {
			if _, ok := s.labelIn(*m.in(state)); ok {
				legal = append(legal, s)
			}
		}
		if len(legal) > 0 {
			samples = legal
		}
	}
	return samples[int(n)%len(samples)]
}

// spoken checks what becomes of a message that came while the peer had no
// agency: receiving it is our own mistake, and the next request finds it.
func spoken(t *testing.T, s *protocol.Session[protocol.Message], m *model, msg protocol.Message) {
	if _, err := s.Recv(t.Context()); !errors.Is(err, protocol.ErrAgency) {
		t.Fatalf("%s received in %s: %v", m.table.Name, m.state, err)
	}
	if !m.ours() {
		return
	}
	if err := s.Request(t.Context(), msg); !protocol.IsPeerFault(err) {
		t.Fatalf("%s in %s went on after the peer had spoken: %v", m.table.Name, m.state, err)
	}
}

// message returns a sample as a message.
func message(spec *protocol.Spec, s sample) protocol.Message {
	for _, state := range spec.States {
		for _, e := range state.Edges {
			if slices.Contains(s.labels, e.Msg.Label()) {
				if msg, err := e.Msg.Decode(s.raw); err == nil {
					return msg
				}
			}
		}
	}
	panic(s.id + " cannot be decoded")
}
