package trace

import "github.com/ouronet/ouronet/handshake"

// peerSharing is the number of the mini-protocol that is not always used. (mux, 1)
const peerSharing = 10

// agreement is what the handshake of a connection came to.
type agreement struct {
	handshake.Agreement

	handshaking bool // there is none yet
	none        bool // the handshake ended without one
	unknown     bool // it cannot be read here, such as that of a later version
	proposed    [2]handshake.Table
}

// message takes a message of the handshake.
func (a *agreement) message(from side, m message) {
	a.unknown = a.unknown || m.fault != nil
	switch m := m.msg.(type) {
	case handshake.ProposeVersions:
		a.propose(from, m.Table)
	case handshake.ReplyVersions:
		a.propose(from, m.Table)
	case handshake.AcceptVersion:
		data, err := handshake.DecodeData(m.Entry.Raw, m.Entry.Version)
		a.end(handshake.Agreement{Version: m.Entry.Version, Data: data}, err == nil)
		a.unknown = a.unknown || err != nil
	case handshake.Refuse, handshake.QueryReply:
		a.end(handshake.Agreement{}, false)
	}
}

// propose keeps a proposal. Where both sides make one, at a simultaneous open,
// nothing more is said. (handshake, 7)
func (a *agreement) propose(from side, t handshake.Table) {
	a.proposed[from] = t
	if other := a.proposed[from.other()]; a.handshaking && other != nil {
		agreed, refusal := handshake.Negotiate(other, t)
		a.end(agreed, refusal == nil)
	}
}

func (a *agreement) end(agreed handshake.Agreement, ok bool) {
	a.Agreement, a.handshaking, a.none = agreed, false, !ok
}

// uses reports whether a mini-protocol may be used. known are those of the
// versions up to 15; later ones have more.
func (a *agreement) uses(id uint16, known bool) bool {
	switch {
	case a.none:
		return false
	case id == peerSharing:
		return a.Data.PeerSharing
	}
	return known || a.Version > handshake.V15
}
