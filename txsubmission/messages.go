package txsubmission

import (
	"bytes"
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Message is a message of tx-submission.
type Message interface {
	protocol.Message
	txSubmission()
}

const (
	tagRequestTxIDs = 0
	tagReplyTxIDs   = 1
	tagRequestTxs   = 2
	tagReplyTxs     = 3
	tagDone         = 4
	tagInit         = 6
)

// Init starts the conversation.
type Init struct{}

// RequestTxIDs acknowledges the Ack oldest ids and asks for up to Req new ones.
// A blocking request is answered when there is at least one. It is one message
// on the wire and two in the table.
type RequestTxIDs struct {
	Blocking bool   // wait until there is one
	Ack, Req uint16 // numbers of ids
}

// Announced is the id of a transaction that can be asked for, and the size of
// the transaction as ReplyTxs carries it, see [ledger.RawTx.WireSize].
type Announced struct {
	ID   ledger.TxID
	Size uint32 // bytes
}

// ReplyTxIDs announces transactions.
type ReplyTxIDs struct {
	IDs []Announced // oldest first
}

// RequestTxs asks for transactions that were announced.
type RequestTxs struct {
	IDs []ledger.TxID
}

// ReplyTxs carries the requested transactions that the initiator still has.
type ReplyTxs struct {
	Txs []ledger.RawTx
}

// Done ends the conversation.
type Done struct{}

func (Init) txSubmission()         {}
func (RequestTxIDs) txSubmission() {}
func (ReplyTxIDs) txSubmission()   {}
func (RequestTxs) txSubmission()   {}
func (ReplyTxs) txSubmission()     {}
func (Done) txSubmission()         {}

// Label implements protocol.Message.
func (Init) Label() string { return "MsgInit" }

// Label implements protocol.Message.
func (m RequestTxIDs) Label() string {
	if m.Blocking {
		return "MsgRequestTxIdsBlocking"
	}
	return "MsgRequestTxIdsNonBlocking"
}

// Label implements protocol.Message.
func (ReplyTxIDs) Label() string { return "MsgReplyTxIds" }

// Label implements protocol.Message.
func (RequestTxs) Label() string { return "MsgRequestTxs" }

// Label implements protocol.Message.
func (ReplyTxs) Label() string { return "MsgReplyTxs" }

// Label implements protocol.Message.
func (Done) Label() string { return "MsgDone" }

// Tag implements protocol.Message.
func (Init) Tag() uint64 { return tagInit }

// Tag implements protocol.Message.
func (RequestTxIDs) Tag() uint64 { return tagRequestTxIDs }

// Tag implements protocol.Message.
func (ReplyTxIDs) Tag() uint64 { return tagReplyTxIDs }

// Tag implements protocol.Message.
func (RequestTxs) Tag() uint64 { return tagRequestTxs }

// Tag implements protocol.Message.
func (ReplyTxs) Tag() uint64 { return tagReplyTxs }

// Tag implements protocol.Message.
func (Done) Tag() uint64 { return tagDone }

// AppendCBOR implements protocol.Message.
func (Init) AppendCBOR(dst []byte) []byte {
	return cbor.AppendMessage(dst, 1, tagInit)
}

// AppendCBOR implements protocol.Message.
func (m RequestTxIDs) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 4, tagRequestTxIDs)
	dst = cbor.AppendBool(dst, m.Blocking)
	dst = cbor.AppendUint(dst, uint64(m.Ack))
	return cbor.AppendUint(dst, uint64(m.Req))
}

// The three lists below are indefinite even when empty; the Haskell node takes
// no other form, and neither does Decode. (miniprotocols, 3)

// AppendCBOR implements protocol.Message.
func (m ReplyTxIDs) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 2, tagReplyTxIDs)
	dst = cbor.AppendArrayIndefinite(dst)
	for _, a := range m.IDs {
		dst = a.ID.AppendCBOR(cbor.AppendArray(dst, 2))
		dst = cbor.AppendUint(dst, uint64(a.Size))
	}
	return cbor.AppendBreak(dst)
}

// AppendCBOR implements protocol.Message.
func (m RequestTxs) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 2, tagRequestTxs)
	dst = cbor.AppendArrayIndefinite(dst)
	for _, id := range m.IDs {
		dst = id.AppendCBOR(dst)
	}
	return cbor.AppendBreak(dst)
}

// AppendCBOR implements protocol.Message.
func (m ReplyTxs) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 2, tagReplyTxs)
	dst = cbor.AppendArrayIndefinite(dst)
	for _, tx := range m.Txs {
		dst = tx.AppendCBOR(dst)
	}
	return cbor.AppendBreak(dst)
}

// replyTxsFrame is the size of a ReplyTxs besides its transactions.
const replyTxsFrame = 4

// AppendCBOR implements protocol.Message.
func (Done) AppendCBOR(dst []byte) []byte {
	return cbor.AppendMessage(dst, 1, tagDone)
}

// Decode implements protocol.Message.
func (Init) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagInit)
	return Init{}, r.Close()
}

// Decode implements protocol.Message.
func (RequestTxIDs) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(4, tagRequestTxIDs)
	m := RequestTxIDs{
		Blocking: r.Bool(),
		Ack:      uint16(r.UintMax(math.MaxUint16)),
		Req:      uint16(r.UintMax(math.MaxUint16)),
	}
	return m, r.Close()
}

// Decode implements protocol.Message. It keeps no more than one id above
// [MaxUnacknowledged], enough to see that there were too many.
func (ReplyTxIDs) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagReplyTxIDs)
	var m ReplyTxIDs
	for n := r.ArrayIndefinite(); r.More(&n); {
		r.ArrayLen(2)
		a := Announced{cbor.Read(&r, ledger.DecodeTxID), uint32(r.UintMax(math.MaxUint32))}
		if len(m.IDs) <= MaxUnacknowledged {
			m.IDs = append(m.IDs, a)
		}
	}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (RequestTxs) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagRequestTxs)
	var m RequestTxs
	for n := r.ArrayIndefinite(); r.More(&n); {
		m.IDs = append(m.IDs, cbor.Read(&r, ledger.DecodeTxID))
	}
	return m, r.Close()
}

// Decode implements protocol.Message. Each transaction's bytes are a copy of
// their own. It keeps no more than one transaction above [MaxUnacknowledged],
// enough to see that there were too many.
func (ReplyTxs) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagReplyTxs)
	var m ReplyTxs
	for n := r.ArrayIndefinite(); r.More(&n); {
		tx := cbor.Read(&r, ledger.DecodeRawTx)
		if len(m.Txs) <= MaxUnacknowledged {
			m.Txs = append(m.Txs, tx)
		}
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	for i := range m.Txs {
		m.Txs[i].Bytes = bytes.Clone(m.Txs[i].Bytes)
	}
	return m, nil
}

// Decode implements protocol.Message.
func (Done) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagDone)
	return Done{}, r.Close()
}
