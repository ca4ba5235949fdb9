package blockfetch

import (
	"slices"

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
	From, To ledger.Point // of blocks: never [ledger.Origin]
}

// ClientDone ends the conversation.
type ClientDone struct{}

// StartBatch says that the blocks of the range follow.
type StartBatch struct{}

// NoBlocks says that the responder does not have the whole range.
type NoBlocks struct{}

// Block is one block of the range.
type Block struct {
	Raw ledger.RawBlock // the receiver's
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
	block, err := decodeBlock(raw)
	if err != nil {
		return nil, err
	}
	return Block{block}, nil
}

func decodeBlock(raw []byte) (ledger.RawBlock, error) {
	r := cbor.NewReader(raw)
	r.Message(2, tagBlock)
	content := r.Encoded()
	if err := r.Close(); err != nil {
		return nil, err
	}
	block := make([]byte, len(content))
	copy(block, content)
	return block, nil
}

// received is the Block that an initiator got last: one for all blocks costs none of
// them an allocation. Raw is a new copy each time.
type received struct{ Block }

// Decode implements protocol.Message; it returns m.
func (m *received) Decode(raw []byte) (_ protocol.Message, err error) {
	m.Raw, err = decodeBlock(raw)
	return m, err
}

// into returns a table that is spec but for the blocks received, which are decoded
// into m.
func into(spec *protocol.Spec, m *received) *protocol.Spec {
	own := *spec
	own.States = slices.Clone(spec.States)
	for i := range own.States {
		own.States[i].Edges = slices.Clone(own.States[i].Edges)
		for j, e := range own.States[i].Edges {
			if _, ok := e.Msg.(Block); ok {
				own.States[i].Edges[j].Msg = m
			}
		}
	}
	return &own
}

// Decode implements protocol.Message.
func (BatchDone) Decode(raw []byte) (protocol.Message, error) {
	r := cbor.NewReader(raw)
	r.Message(1, tagBatchDone)
	return BatchDone{}, r.Close()
}
