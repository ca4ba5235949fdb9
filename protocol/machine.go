package protocol

// Machine follows a [Spec] from one side. It is pure: it knows the state and the
// outstanding requests, and nothing of bytes, time or connections.
//
// Pipelining lives beside the state. Requests are sent from one state, their
// home; the state itself is that of the oldest unfinished exchange, and the
// states that later requests entered wait in a ring.
type Machine struct {
	spec  *Spec
	role  Role
	state StateID

	home        StateID
	outstanding int       // exchanges begun by Pipeline and not finished
	ring        []StateID // states entered by all but the oldest of them
	first       int       // index of the ring's oldest state
	pipelines   []bool    // whether requests may be pipelined, by the state they enter
}

// NewMachine returns a Machine in the first state of spec.
func NewMachine(spec *Spec, role Role) Machine {
	return Machine{spec: spec, role: role}
}

// State returns the state of the oldest unfinished exchange, or the state the
// conversation is in when there is none.
func (m *Machine) State() StateID { return m.state }

// Outstanding returns how many requests have not been answered completely.
func (m *Machine) Outstanding() int { return m.outstanding }

// Ours reports whether our side sends the next message. With requests
// outstanding it does not, although it may pipeline more.
func (m *Machine) Ours() bool { return m.spec.States[m.state].Agency == m.role }

// Done reports whether the conversation is over.
func (m *Machine) Done() bool { return m.spec.States[m.state].Agency == Nobody }

// Send takes the edge of a message of ours. It returns an error that is
// [ErrAgency], and changes nothing, if there is none.
func (m *Machine) Send(label string) error {
	to, ok := m.spec.edge(m.state, label)
	if !ok || !m.Ours() {
		return agencyError(m.spec, m.state, "send "+label)
	}
	m.state = to
	return nil
}

// Pipeline takes the edge of a request of ours, whether or not earlier ones
// are answered. It returns an error that is [ErrAgency], and changes nothing,
// if the request may not be sent now.
func (m *Machine) Pipeline(label string) error {
	if m.outstanding == 0 {
		from := m.state
		if err := m.Send(label); err != nil {
			return err
		}
		if m.spec.States[m.state].Agency == m.role.Peer() {
			m.setHome(from)
			m.outstanding = 1
		}
		return nil
	}
	to, ok := m.spec.edge(m.home, label)
	if !ok || !m.mayPipeline(to) || !m.mayPipeline(m.last()) {
		return agencyError(m.spec, m.state, "pipeline "+label)
	}
	m.push(to)
	m.outstanding++
	return nil
}

// Recv takes the edge of a message of the peer's. It reports whether there was
// one; if not, the peer is to blame and nothing has changed.
func (m *Machine) Recv(label string) bool {
	if m.spec.States[m.state].Agency != m.role.Peer() {
		return false
	}
	to, ok := m.spec.edge(m.state, label)
	if !ok {
		return false
	}
	m.state = to
	if m.outstanding == 0 || m.spec.States[to].Agency == m.role.Peer() {
		return true
	}
	// The exchange is over: home again or, for a request that may not be
	// pipelined, in another state.
	m.outstanding--
	if m.outstanding > 0 {
		m.state = m.ring[m.first]
		m.first = (m.first + 1) % len(m.ring)
	}
	return true
}

// last returns the state that the newest outstanding request entered. The
// oldest one may have moved on since, but only to states that lead home if the
// one it entered did.
func (m *Machine) last() StateID {
	if m.outstanding == 1 {
		return m.state
	}
	return m.ring[(m.first+m.outstanding-2)%len(m.ring)]
}

func (m *Machine) mayPipeline(entered StateID) bool { return m.pipelines[entered] }

func (m *Machine) setHome(home StateID) {
	if m.pipelines != nil && m.home == home {
		return
	}
	// A new slice: copies of the Machine share the old one.
	m.home, m.pipelines = home, make([]bool, len(m.spec.States))
	for entered := range m.pipelines {
		m.pipelines[entered] = m.spec.Pipelines(home, StateID(entered))
	}
}

// push appends to the ring, which holds all outstanding exchanges but one.
func (m *Machine) push(state StateID) {
	queued := m.outstanding - 1
	if queued == len(m.ring) {
		ring := make([]StateID, max(8, 2*len(m.ring)))
		for i := range queued {
			ring[i] = m.ring[(m.first+i)%len(m.ring)]
		}
		m.ring, m.first = ring, 0
	}
	m.ring[(m.first+queued)%len(m.ring)] = state
}
