package chainsync

import (
	"bytes"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Message is a message of chain-sync.
type Message interface {
	protocol.Message
	chainSync()
}

// Update is how a chain changed: a [RollForward] or a [RollBackward].
type Update interface {
	Message
	update()
}

const (
	tagRequestNext = iota
	tagAwaitReply
	tagRollForward
	tagRollBackward
	tagFindIntersect
	tagIntersectFound
	tagIntersectNotFound
	tagDone
)

// RequestNext asks for the next update.
type RequestNext struct{}

// AwaitReply says that the initiator has all updates so far, and that the requested one
// will follow when there is one.
type AwaitReply struct{}

// RollForward extends the chain by a header. Tip is the end of the responder's
// chain when it sent the message.
type RollForward struct {
	Header ledger.RawHeader // the receiver's, not looked into
	Tip    ledger.Tip       // of the responder, a hint
}

// RollBackward drops everything after Point.
type RollBackward struct {
	Point ledger.Point // [ledger.Origin] drops all
	Tip   ledger.Tip   // of the responder, a hint
}

// FindIntersect offers points, best first.
type FindIntersect struct {
	Points []ledger.Point // at most [MaxPoints] are kept, and one more
}

// IntersectFound names the first of the offered points that is on the
// responder's chain.
type IntersectFound struct {
	Point ledger.Point
	Tip   ledger.Tip
}

// IntersectNotFound says that none of the points is.
type IntersectNotFound struct {
	Tip ledger.Tip
}

// Done ends the conversation.
type Done struct{}

func (RequestNext) chainSync()       {}
func (AwaitReply) chainSync()        {}
func (RollForward) chainSync()       {}
func (RollBackward) chainSync()      {}
func (FindIntersect) chainSync()     {}
func (IntersectFound) chainSync()    {}
func (IntersectNotFound) chainSync() {}
func (Done) chainSync()              {}

func (RollForward) update()  {}
func (RollBackward) update() {}

// Label implements protocol.Message.
func (RequestNext) Label() string { return "MsgRequestNext" }

// Label implements protocol.Message.
func (AwaitReply) Label() string { return "MsgAwaitReply" }

// Label implements protocol.Message.
func (RollForward) Label() string { return "MsgRollForward" }

// Label implements protocol.Message.
func (RollBackward) Label() string { return "MsgRollBackward" }

// Label implements protocol.Message.
func (FindIntersect) Label() string { return "MsgFindIntersect" }

// Label implements protocol.Message.
func (IntersectFound) Label() string { return "MsgIntersectFound" }

// Label implements protocol.Message.
func (IntersectNotFound) Label() string { return "MsgIntersectNotFound" }

// Label implements protocol.Message.
func (Done) Label() string { return "MsgDone" }

// Tag implements protocol.Message.
func (RequestNext) Tag() uint64 { return tagRequestNext }

// Tag implements protocol.Message.
func (AwaitReply) Tag() uint64 { return tagAwaitReply }

// Tag implements protocol.Message.
func (RollForward) Tag() uint64 { return tagRollForward }

// Tag implements protocol.Message.
func (RollBackward) Tag() uint64 { return tagRollBackward }

// Tag implements protocol.Message.
func (FindIntersect) Tag() uint64 { return tagFindIntersect }

// Tag implements protocol.Message.
func (IntersectFound) Tag() uint64 { return tagIntersectFound }

// Tag implements protocol.Message.
func (IntersectNotFound) Tag() uint64 { return tagIntersectNotFound }

// Tag implements protocol.Message.
func (Done) Tag() uint64 { return tagDone }

// AppendCBOR implements protocol.Message.
func (RequestNext) AppendCBOR(dst []byte) []byte {
	return cbor.AppendMessage(dst, 1, tagRequestNext)
}

// AppendCBOR implements protocol.Message.
func (AwaitReply) AppendCBOR(dst []byte) []byte {
	return cbor.AppendMessage(dst, 1, tagAwaitReply)
}

// AppendCBOR implements protocol.Message.
func (m RollForward) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 3, tagRollForward)
	return m.Tip.AppendCBOR(m.Header.AppendCBOR(dst))
}

// AppendCBOR implements protocol.Message.
func (m RollBackward) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 3, tagRollBackward)
	return m.Tip.AppendCBOR(m.Point.AppendCBOR(dst))
}

// AppendCBOR implements protocol.Message. The list of points is indefinite
// unless it is empty, as the Haskell node writes it. (miniprotocols, 1)
func (m FindIntersect) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 2, tagFindIntersect)
	if len(m.Points) == 0 {
		return cbor.AppendArray(dst, 0)
	}
	dst = cbor.AppendArrayIndefinite(dst)
	for _, p := range m.Points {
		dst = p.AppendCBOR(dst)
	}
	return cbor.AppendBreak(dst)
}

// AppendCBOR implements protocol.Message.
func (m IntersectFound) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 3, tagIntersectFound)
	return m.Tip.AppendCBOR(m.Point.AppendCBOR(dst))
}

// AppendCBOR implements protocol.Message.
func (m IntersectNotFound) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 2, tagIntersectNotFound)
	return m.Tip.AppendCBOR(dst)
}

// AppendCBOR implements protocol.Message.
func (Done) AppendCBOR(dst []byte) []byte {
	return cbor.AppendMessage(dst, 1, tagDone)
}

// Decode implements protocol.Message.
func (RequestNext) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagRequestNext)
	return RequestNext{}, r.Close()
}

// Decode implements protocol.Message.
func (AwaitReply) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagAwaitReply)
	return AwaitReply{}, r.Close()
}

// Decode implements protocol.Message. The header's bytes are a copy.
func (RollForward) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(3, tagRollForward)
	m := RollForward{
		Header: cbor.Read(&r, ledger.DecodeRawHeader),
		Tip:    cbor.Read(&r, ledger.DecodeTip),
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	m.Header.Bytes = bytes.Clone(m.Header.Bytes)
	return m, nil
}

// Decode implements protocol.Message.
func (RollBackward) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(3, tagRollBackward)
	m := RollBackward{cbor.Read(&r, ledger.DecodePoint), cbor.Read(&r, ledger.DecodeTip)}
	return m, r.Close()
}

// Decode implements protocol.Message. It keeps no more than one point above
// [MaxPoints], enough to see that there were too many.
func (FindIntersect) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagFindIntersect)
	var m FindIntersect
	for n := r.ArrayAny(); r.More(&n); {
		p := cbor.Read(&r, ledger.DecodePoint)
		if len(m.Points) <= MaxPoints {
			m.Points = append(m.Points, p)
		}
	}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (IntersectFound) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(3, tagIntersectFound)
	m := IntersectFound{cbor.Read(&r, ledger.DecodePoint), cbor.Read(&r, ledger.DecodeTip)}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (IntersectNotFound) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagIntersectNotFound)
	m := IntersectNotFound{cbor.Read(&r, ledger.DecodeTip)}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (Done) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagDone)
	return Done{}, r.Close()
}
