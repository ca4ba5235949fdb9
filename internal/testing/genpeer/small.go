package genpeer

import (
	"errors"
	"fmt"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
)

// shaker is either side of the handshake.
type shaker struct {
	*World
	asks     bool
	sent     handshake.Table // by us
	proposed handshake.Table // to us
}

func (a *shaker) data() handshake.Data {
	return handshake.Data{Magic: a.Magic, InitiatorOnly: !a.Honest && a.chance(2), PeerSharing: a.Honest || a.chance(2)}
}

// Compose changes the version data so that the answer is the one that hope names.
func (a *shaker) Compose(label, hope string) protocol.Message {
	d := a.data()
	switch label {
	case "MsgProposeVersions":
		switch hope {
		case "MsgRefuse":
			d.Magic++
		case "MsgQueryReply":
			d.Query = true
		}
		a.sent = handshake.Versions(d)
		return handshake.ProposeVersions{Table: a.sent}
	case "MsgReplyVersions":
		return handshake.ReplyVersions{Table: handshake.Versions(d)}
	case "MsgAcceptVersion":
		agreed, refusal := handshake.Negotiate(handshake.Versions(d), a.proposed)
		if refusal != nil || agreed.Data.Query {
			return nil
		}
		return handshake.AcceptVersion{Entry: handshake.Versions(agreed.Data, agreed.Version)[0]}
	case "MsgRefuse":
		return handshake.Refuse{Refusal: a.values().refusal()}
	case "MsgQueryReply":
		return handshake.QueryReply{Table: handshake.Versions(d)}
	}
	return nil
}

// Heard checks that what was accepted was proposed, and that both sides ended up
// with the same. (handshake, 6)
func (a *shaker) Heard(m protocol.Message) error {
	switch m := m.(type) {
	case handshake.ProposeVersions:
		a.proposed = m.Table
	case handshake.AcceptVersion:
		agreed, refusal := handshake.Negotiate(a.sent, handshake.Table{m.Entry})
		if refusal != nil {
			return fmt.Errorf("version %d was accepted, proposed were %v (%s)", m.Entry.Version, a.sent, refusal.Text)
		}
		data, err := handshake.DecodeData(m.Entry.Raw, m.Entry.Version)
		if err != nil {
			return err
		}
		if data != agreed.Data {
			return fmt.Errorf("%w: %+v, both sides together have %+v", ErrNotCombined, data, agreed.Data)
		}
	}
	return nil
}

// ErrNotCombined means that a node accepted a version with data other than what
// both sides want.
var ErrNotCombined = errors.New("accepted with data that is not the combination of both sides'")

// pinger is either side of keep-alive.
type pinger struct {
	*World
	cookies []uint16 // not answered, oldest first
}

func (a *pinger) pop() uint16 {
	c := a.cookies[0]
	a.cookies = a.cookies[1:]
	return c
}

// Compose answers with the oldest cookie that is not answered.
func (a *pinger) Compose(label, _ string) protocol.Message {
	switch label {
	case "MsgKeepAlive":
		c := uint16(a.values().number())
		a.cookies = append(a.cookies, c)
		return keepalive.KeepAlive{Cookie: c}
	case "MsgKeepAliveResponse":
		return keepalive.KeepAliveResponse{Cookie: a.pop()}
	}
	return keepalive.Done{}
}

// Heard reports an answer with another cookie than the one sent.
func (a *pinger) Heard(m protocol.Message) error {
	switch m := m.(type) {
	case keepalive.KeepAlive:
		a.cookies = append(a.cookies, m.Cookie)
	case keepalive.KeepAliveResponse:
		if c := a.pop(); c != m.Cookie {
			return fmt.Errorf("cookie %d for %d", m.Cookie, c)
		}
	}
	return nil
}

// sharer is either side of peer-sharing.
type sharer struct {
	*World
	amounts []uint8 // not answered, oldest first
}

func (a *sharer) pop() int {
	n := a.amounts[0]
	a.amounts = a.amounts[1:]
	return int(n)
}

// Compose answers with no more addresses than were asked for.
func (a *sharer) Compose(label, _ string) protocol.Message {
	switch label {
	case "MsgShareRequest":
		n := uint8(a.Rand.IntN(20))
		a.amounts = append(a.amounts, n)
		return peersharing.ShareRequest{Amount: n}
	case "MsgSharePeers":
		peers := list(a.values(), 20, a.values().address)
		return peersharing.SharePeers{Peers: peers[:min(len(peers), a.pop())]}
	}
	return peersharing.Done{}
}

// Heard reports an answer with more addresses than were asked for.
func (a *sharer) Heard(m protocol.Message) error {
	switch m := m.(type) {
	case peersharing.ShareRequest:
		a.amounts = append(a.amounts, m.Amount)
	case peersharing.SharePeers:
		if n := a.pop(); len(m.Peers) > n {
			return fmt.Errorf("%d addresses for %d", len(m.Peers), n)
		}
	}
	return nil
}
