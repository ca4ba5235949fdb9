package blockfetch

import (
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Message is a message of block-fetch.
type Message interface {
	protocol.Message
	blockFetch()
}

const (
	tagRequestRange = iota
	tagClientDone
	tagStartBatch
	tagNoBlocks
	tagBlock
	tagBatchDone
)

// RequestRange asks for the blocks from one point to another, both included.
type RequestRange struct {
	From, To ledger.Point
}

// ClientDone ends the conversation.
type ClientDone struct{}

// StartBatch says that the blocks of the range follow.
type StartBatch struct{}

// NoBlocks says that the responder does not have the whole range.
type NoBlocks struct{}

// Block is one block of the range.
type Block struct {
	Raw ledger.RawBlock
}

// BatchDone says that the range is complete.
type BatchDone struct{}

func (RequestRange) blockFetch() {}
func (ClientDone) blockFetch()   {}
func (StartBatch) blockFetch()   {}
func (NoBlocks) blockFetch()     {}
func (Block) blockFetch()        {}
func (BatchDone) blockFetch()    {}

// Label implements protocol.Message.
func (RequestRange) Label() string { return "MsgRequestRange" }

// Label implements protocol.Message.
func (ClientDone) Label() string { return "MsgClientDone" }

// Label implements protocol.Message.
func (StartBatch) Label() string { return "MsgStartBatch" }

// Label implements protocol.Message.
func (NoBlocks) Label() string { return "MsgNoBlocks" }

// Label implements protocol.Message.
func (Block) Label() string { return "MsgBlock" }

// Label implements protocol.Message.
func (BatchDone) Label() string { return "MsgBatchDone" }

// Tag implements protocol.Message.
func (RequestRange) Tag() uint64 { return tagRequestRange }

// Tag implements protocol.Message.
func (ClientDone) Tag() uint64 { return tagClientDone }

// Tag implements protocol.Message.
func (StartBatch) Tag() uint64 { return tagStartBatch }

// Tag implements protocol.Message.
func (NoBlocks) Tag() uint64 { return tagNoBlocks }

// Tag implements protocol.Message.
func (Block) Tag() uint64 { return tagBlock }

// Tag implements protocol.Message.
func (BatchDone) Tag() uint64 { return tagBatchDone }

// AppendCBOR implements protocol.Message.
func (m RequestRange) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendMessage(dst, 3, tagRequestRange)
	return m.To.AppendCBOR(m.From.AppendCBOR(dst))
}

// AppendCBOR implements protocol.Message.
func (ClientDone) AppendCBOR(dst []byte) []byte { return cbor.AppendMessage(dst, 1, tagClientDone) }

// AppendCBOR implements protocol.Message.
func (StartBatch) AppendCBOR(dst []byte) []byte { return cbor.AppendMessage(dst, 1, tagStartBatch) }

// AppendCBOR implements protocol.Message.
func (NoBlocks) AppendCBOR(dst []byte) []byte { return cbor.AppendMessage(dst, 1, tagNoBlocks) }

// AppendCBOR implements protocol.Message.
func (m Block) AppendCBOR(dst []byte) []byte {
	head, body := m.AppendHead(dst)
	return append(head, body...)
}

// AppendHead implements protocol.Body: the block itself is not copied.
func (m Block) AppendHead(dst []byte) (head, body []byte) {
	dst = cbor.AppendMessage(dst, 2, tagBlock)
	dst = cbor.AppendTag(dst, cbor.TagEncoded)
	return cbor.AppendBytesHead(dst, len(m.Raw)), m.Raw
}

// AppendCBOR implements protocol.Message.
func (BatchDone) AppendCBOR(dst []byte) []byte { return cbor.AppendMessage(dst, 1, tagBatchDone) }

// Decode implements protocol.Message.
func (RequestRange) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(3, tagRequestRange)
	m := RequestRange{cbor.Read(&r, ledger.DecodePoint), cbor.Read(&r, ledger.DecodePoint)}
	return m, r.Close()
}

// Decode implements protocol.Message.
func (ClientDone) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagClientDone)
	return ClientDone{}, r.Close()
}

// Decode implements protocol.Message.
func (StartBatch) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagStartBatch)
	return StartBatch{}, r.Close()
}

// Decode implements protocol.Message.
func (NoBlocks) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagNoBlocks)
	return NoBlocks{}, r.Close()
}

// Decode implements protocol.Message. The block is a copy of exactly its size.
func (Block) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagBlock)
	content := r.Encoded()
	if err := r.Close(); err != nil {
		return nil, err
	}
	block := make([]byte, len(content))
	copy(block, content)
	return Block{block}, nil
}

// Decode implements protocol.Message.
func (BatchDone) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagBatchDone)
	return BatchDone{}, r.Close()
}
