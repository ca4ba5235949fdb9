package keepalive

import (
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// Message is a message of keep-alive.
type Message interface {
	protocol.Message
	keepAlive()
}

const (
	tagKeepAlive = iota
	tagKeepAliveResponse
	tagDone
)

// KeepAlive asks for a sign of life.
type KeepAlive struct {
	Cookie uint16
}

// KeepAliveResponse is the sign of life. It repeats the cookie.
type KeepAliveResponse struct {
	Cookie uint16
}

// Done ends the conversation.
type Done struct{}

func (KeepAlive) keepAlive()         {}
func (KeepAliveResponse) keepAlive() {}
func (Done) keepAlive()              {}

// Label implements protocol.Message.
func (KeepAlive) Label() string { return "MsgKeepAlive" }

// Label implements protocol.Message.
func (KeepAliveResponse) Label() string { return "MsgKeepAliveResponse" }

// Label implements protocol.Message.
func (Done) Label() string { return "MsgDone" }

// Tag implements protocol.Message.
func (KeepAlive) Tag() uint64 { return tagKeepAlive }

// Tag implements protocol.Message.
func (KeepAliveResponse) Tag() uint64 { return tagKeepAliveResponse }

// Tag implements protocol.Message.
func (Done) Tag() uint64 { return tagDone }

// AppendCBOR implements protocol.Message.
func (m KeepAlive) AppendCBOR(dst []byte) []byte {
	return cbor.AppendUint(cbor.AppendMessage(dst, 2, tagKeepAlive), uint64(m.Cookie))
}

// AppendCBOR implements protocol.Message.
func (m KeepAliveResponse) AppendCBOR(dst []byte) []byte {
	return cbor.AppendUint(cbor.AppendMessage(dst, 2, tagKeepAliveResponse), uint64(m.Cookie))
}

// AppendCBOR implements protocol.Message.
func (Done) AppendCBOR(dst []byte) []byte {
	return cbor.AppendMessage(dst, 1, tagDone)
}

// Decode implements protocol.Message.
func (KeepAlive) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagKeepAlive)
	m := KeepAlive{uint16(r.UintMax(math.MaxUint16))}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (KeepAliveResponse) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagKeepAliveResponse)
	m := KeepAliveResponse{uint16(r.UintMax(math.MaxUint16))}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (Done) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagDone)
	return Done{}, r.Close()
}
