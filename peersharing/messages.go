package peersharing

import (
	"math"
	"net/netip"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// Message is a message of peer-sharing.
type Message interface {
	protocol.Message
	peerSharing()
}

const (
	tagShareRequest = iota
	tagSharePeers
	tagDone
)

// ShareRequest asks for at most Amount addresses.
type ShareRequest struct {
	Amount uint8
}

// SharePeers gives addresses. Invalid ones are not sent.
type SharePeers struct {
	Peers []netip.AddrPort
}

// Done ends the conversation.
type Done struct{}

func (ShareRequest) peerSharing() {}
func (SharePeers) peerSharing()   {}
func (Done) peerSharing()         {}

// Label implements protocol.Message.
func (ShareRequest) Label() string { return "MsgShareRequest" }

// Label implements protocol.Message.
func (SharePeers) Label() string { return "MsgSharePeers" }

// Label implements protocol.Message.
func (Done) Label() string { return "MsgDone" }

// Tag implements protocol.Message.
func (ShareRequest) Tag() uint64 { return tagShareRequest }

// Tag implements protocol.Message.
func (SharePeers) Tag() uint64 { return tagSharePeers }

// Tag implements protocol.Message.
func (Done) Tag() uint64 { return tagDone }

// AppendCBOR implements protocol.Message.
func (m ShareRequest) AppendCBOR(dst []byte) []byte {
	return cbor.AppendUint(cbor.AppendMessage(dst, 2, tagShareRequest), uint64(m.Amount))
}

// AppendCBOR implements protocol.Message. The list of addresses is indefinite
// unless it is empty, as the Haskell node writes it. (miniprotocols, 5)
func (m SharePeers) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 2, tagSharePeers)
	if len(m.Peers) == 0 {
		return cbor.AppendArray(dst, 0)
	}
	dst = cbor.AppendArrayIndefinite(dst)
	for _, p := range m.Peers {
		if p.IsValid() {
			dst = appendAddress(dst, p)
		}
	}
	return cbor.AppendBreak(dst)
}

// sharePeersFrame is the most bytes of a SharePeers besides its addresses.
const sharePeersFrame = 4

// AppendCBOR implements protocol.Message.
func (Done) AppendCBOR(dst []byte) []byte {
	return cbor.AppendMessage(dst, 1, tagDone)
}

// Decode implements protocol.Message.
func (ShareRequest) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	readStart(&r, tagShareRequest)
	m := ShareRequest{uint8(r.UintMax(math.MaxUint8))}
	return m, r.Close()
}

// Decode implements protocol.Message. It keeps no more than one address above
// what can be asked for, enough to see that there were too many.
func (SharePeers) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	readStart(&r, tagSharePeers)
	var m SharePeers
	for n := r.ArrayAny(); r.More(&n); {
		p := readAddress(&r)
		if len(m.Peers) <= math.MaxUint8 {
			m.Peers = append(m.Peers, p)
		}
	}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (Done) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	readStart(&r, tagDone)
	return Done{}, r.Close()
}

// readStart reads the head of a message's array and its tag. Unlike in other
// mini-protocols the length is not compared, as the Haskell node does not.
// (miniprotocols, 0 and 5) It must still be the true one for the message's end
// to be found.
func readStart(r *cbor.Reader, tag uint64) {
	r.Array()
	if r.Uint() != tag {
		r.Fail("message of another tag")
	}
}
