package ledger

import (
	"fmt"

	"github.com/ouronet/ouronet/internal/cbor"
)

// RawTx is a stand-alone transaction as tx-submission carries it.
// (points-headers-blocks, 6)
type RawTx struct {
	Era  Era
	Kind uint8 // Byron only

	// Bytes is the transaction: the content of tag 24, or Byron's payload.
	Bytes []byte
}

// AppendCBOR appends the transaction's encoding: [era, 24(bytes)] or, for
// Byron, [0, [kind, payload]].
func (tx RawTx) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendArray(dst, 2)
	dst = cbor.AppendUint(dst, uint64(tx.Era))
	if tx.Era == Byron {
		dst = cbor.AppendArray(dst, 2)
		dst = cbor.AppendUint(dst, uint64(tx.Kind))
		return append(dst, tx.Bytes...)
	}
	dst = cbor.AppendTag(dst, cbor.TagEncoded)
	return cbor.AppendBytes(dst, tx.Bytes)
}

// DecodeRawTx reads a transaction and returns the bytes after it. tx.Bytes is part of
// b. The transaction itself is not read, except to find the end of a Byron one.
func DecodeRawTx(b []byte) (tx RawTx, rest []byte, err error) {
	r := cbor.NewReader(b)
	r.ArrayLen(2)
	tx.Era = readEra(&r, "transaction")
	if tx.Era == Byron {
		r.ArrayLen(2)
		tx.Kind = uint8(r.UintMax(ByronUpdateVote))
		tx.Bytes = r.Raw()
	} else {
		tx.Bytes = r.Encoded()
	}
	if err := r.Err(); err != nil {
		return RawTx{}, nil, err
	}
	return tx, r.Rest(), nil
}

// WireSize returns the size in bytes to announce in MsgReplyTxIds, which is
// that of the encoding. (points-headers-blocks, 6)
func (tx RawTx) WireSize() uint32 {
	n := len(tx.Bytes) + 2 // array, era
	if tx.Era == Byron {
		return uint32(n + 2) // array, kind
	}
	return uint32(n + cbor.HeadLen(uint64(len(tx.Bytes))) + 2) // tag 24
}

// ID computes the transaction's id: the hash of its body as it came. Bytes must
// be one item of the era's layout, down to the body; in Byron of the shape that the
// Haskell node reads, as in a block.
func (tx RawTx) ID() (TxID, error) {
	id := TxID{Era: tx.Era, Kind: tx.Kind}
	r := cbor.NewReader(tx.Bytes)
	var body []byte
	switch {
	case !tx.Era.Known():
		checkEra(&r, tx.Era, "transaction")
		return TxID{}, r.Err()
	case tx.Era == Byron:
		body = readByronTx(&r, tx.Kind)
	default:
		body = readTxBody(&r, tx.Era)
	}
	if err := r.Close(); err != nil {
		return TxID{}, fmt.Errorf("ledger: %v transaction: %w", tx.Era, err)
	}
	id.Hash = sum256(body)
	return id, nil
}

// readTxBody reads a stand-alone transaction, in the form that the reference's
// decoder takes, without looking into it, and returns its body. From Alonzo on,
// newer nodes read one without the flag that says whether scripts succeed.
// (cardano-ledger: Shelley/Tx.hs, Alonzo/Tx.hs)
func readTxBody(r *cbor.Reader, e Era) []byte {
	if e >= Dijkstra {
		return readDijkstraTx(r, true)
	}
	items, got := r.ArrayAny(), 3
	body := readMap(r)
	readMap(r)
	if e >= Alonzo && next(r)&^1 == 0xf4 {
		r.Bool()
		got = 4
	}
	if !r.Null() {
		readAux(r, e, nil)
	}
	closeRecord(r, items == cbor.Indefinite)
	if items != cbor.Indefinite && items != got {
		r.Fail(fmt.Sprintf("end of a transaction of %d items", items))
	}
	return body
}

func txParts(e Era) int {
	switch {
	case e == Byron:
		return 2 // transaction, witnesses
	case e < Alonzo, e >= Dijkstra:
		return 3 // body, witnesses, auxiliary data
	}
	return 4 // body, witnesses, whether scripts succeed, auxiliary data
}
