package genpeer

import (
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
)

// shaker is either side of the handshake.
type shaker struct {
	*World
	asks     bool
	proposed handshake.Table
}

func (a *shaker) data() handshake.Data {
	return handshake.Data{Magic: a.Magic, InitiatorOnly: !a.Honest && a.chance(2), PeerSharing: a.Honest || a.chance(2)}
}

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
		return handshake.ProposeVersions{Table: handshake.Versions(d)}
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

func (a *shaker) Heard(m protocol.Message) {
	if m, ok := m.(handshake.ProposeVersions); ok {
		a.proposed = m.Table
	}
}

// pinger is either side of keep-alive.
type pinger struct {
	*World
	cookies []uint16 // not answered, oldest first
}

func (a *pinger) Compose(label, _ string) protocol.Message {
	switch label {
	case "MsgKeepAlive":
		return keepalive.KeepAlive{Cookie: uint16(a.values().number())}
	case "MsgKeepAliveResponse":
		c := a.cookies[0]
		a.cookies = a.cookies[1:]
		return keepalive.KeepAliveResponse{Cookie: c}
	}
	return keepalive.Done{}
}

func (a *pinger) Heard(m protocol.Message) {
	if m, ok := m.(keepalive.KeepAlive); ok {
		a.cookies = append(a.cookies, m.Cookie)
	}
}

// sharer is either side of peer-sharing.
type sharer struct {
	*World
	amounts []uint8 // not answered, oldest first
}

func (a *sharer) Compose(label, _ string) protocol.Message {
	switch label {
	case "MsgShareRequest":
		return peersharing.ShareRequest{Amount: uint8(a.Rand.IntN(20))}
	case "MsgSharePeers":
		peers := list(a.values(), 20, a.values().address)
		most := int(a.amounts[0])
		a.amounts = a.amounts[1:]
		return peersharing.SharePeers{Peers: peers[:min(len(peers), most)]}
	}
	return peersharing.Done{}
}

func (a *sharer) Heard(m protocol.Message) {
	if m, ok := m.(peersharing.ShareRequest); ok {
		a.amounts = append(a.amounts, m.Amount)
	}
}
