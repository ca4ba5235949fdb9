package handshake

import (
	"bytes"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/protocol"
)

// Message is a message of the handshake.
type Message interface {
	protocol.Message
	handshake()
}

const (
	tagProposeVersions = iota
	tagAcceptVersion
	tagRefuse
	tagQueryReply
)

// ProposeVersions offers versions.
type ProposeVersions struct{ Table Table }

// ReplyVersions is the ProposeVersions of the peer at a TCP simultaneous open.
type ReplyVersions struct{ Table Table }

// AcceptVersion names the version to use, with the data both sides agreed on
// as it was encoded.
type AcceptVersion struct{ Entry Entry }

// Refuse ends the connection, with a reason.
type Refuse struct{ Refusal Refusal }

// QueryReply answers a query with the versions of the answering side.
type QueryReply struct{ Table Table }

func (ProposeVersions) handshake() {}
func (ReplyVersions) handshake()   {}
func (AcceptVersion) handshake()   {}
func (Refuse) handshake()          {}
func (QueryReply) handshake()      {}

// Label implements protocol.Message.
func (ProposeVersions) Label() string { return "MsgProposeVersions" }

// Label implements protocol.Message.
func (ReplyVersions) Label() string { return "MsgReplyVersions" }

// Label implements protocol.Message.
func (AcceptVersion) Label() string { return "MsgAcceptVersion" }

// Label implements protocol.Message.
func (Refuse) Label() string { return "MsgRefuse" }

// Label implements protocol.Message.
func (QueryReply) Label() string { return "MsgQueryReply" }

// Tag implements protocol.Message.
func (ProposeVersions) Tag() uint64 { return tagProposeVersions }

// Tag implements protocol.Message.
func (ReplyVersions) Tag() uint64 { return tagProposeVersions }

// Tag implements protocol.Message.
func (AcceptVersion) Tag() uint64 { return tagAcceptVersion }

// Tag implements protocol.Message.
func (Refuse) Tag() uint64 { return tagRefuse }

// Tag implements protocol.Message.
func (QueryReply) Tag() uint64 { return tagQueryReply }

// AppendCBOR implements protocol.Message.
func (m ProposeVersions) AppendCBOR(dst []byte) []byte {
	return m.Table.appendCBOR(cbor.AppendMessage(dst, 2, tagProposeVersions))
}

// AppendCBOR implements protocol.Message.
func (m ReplyVersions) AppendCBOR(dst []byte) []byte {
	return m.Table.appendCBOR(cbor.AppendMessage(dst, 2, tagProposeVersions))
}

// AppendCBOR implements protocol.Message.
func (m AcceptVersion) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 3, tagAcceptVersion)
	dst = cbor.AppendUint(dst, uint64(m.Entry.Version))
	return append(dst, m.Entry.Raw...)
}

// AppendCBOR implements protocol.Message.
func (m Refuse) AppendCBOR(dst []byte) []byte {
	return m.Refusal.appendCBOR(cbor.AppendMessage(dst, 2, tagRefuse))
}

// AppendCBOR implements protocol.Message.
func (m QueryReply) AppendCBOR(dst []byte) []byte {
	return m.Table.appendCBOR(cbor.AppendMessage(dst, 2, tagQueryReply))
}

// Decode implements protocol.Message.
func (ProposeVersions) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagProposeVersions)
	m := ProposeVersions{readTable(&r)}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (ReplyVersions) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagProposeVersions)
	m := ReplyVersions{readTable(&r)}
	return m, r.Close()
}

// Decode implements protocol.Message. An unknown version is malformed.
// (handshake, 5)
func (AcceptVersion) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(3, tagAcceptVersion)
	v := readVersion(&r)
	m := AcceptVersion{Entry{v, bytes.Clone(r.Raw())}}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (Refuse) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagRefuse)
	m := Refuse{readRefusal(&r)}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (QueryReply) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagQueryReply)
	m := QueryReply{readTable(&r)}
	return m, r.Close()
}

func readVersion(r *cbor.Reader) Version {
	v := Version(r.UintMax(0xffff))
	if v.fields() == 0 {
		r.Fail("known version")
	}
	return v
}
