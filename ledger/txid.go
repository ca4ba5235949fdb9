package ledger

import (
	"fmt"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Kinds of Byron transactions. (points-headers-blocks, 6)
const (
	ByronTx             = 0
	ByronDelegation     = 1
	ByronUpdateProposal = 2
	ByronUpdateVote     = 3
)

// TxID names a transaction on tx-submission. The era is part of the id: the same
// transaction has another id in another era. TxIDs are comparable.
type TxID struct {
	Era  Era
	Kind uint8 // Byron only
	Hash Hash
}

// String returns the hash in hex and the era.
func (id TxID) String() string { return fmt.Sprintf("%v (%v)", id.Hash, id.Era) }

// AppendCBOR appends the id's encoding: [era, hash] or, for Byron,
// [0, [kind, hash]].
func (id TxID) AppendCBOR(dst []byte) []byte {
	dst = cbor.AppendArray(dst, 2)
	dst = cbor.AppendUint(dst, uint64(id.Era))
	if id.Era == Byron {
		dst = cbor.AppendArray(dst, 2)
		dst = cbor.AppendUint(dst, uint64(id.Kind))
	}
	return cbor.AppendBytes(dst, id.Hash[:])
}

// DecodeTxID reads an id and returns the bytes after it.
func DecodeTxID(b []byte) (id TxID, rest []byte, err error) {
	r := cbor.NewReader(b)
	r.ArrayLen(2)
	id.Era = readEra(&r, "transaction id")
	if id.Era == Byron {
		r.ArrayLen(2)
		id.Kind = uint8(r.UintMax(ByronUpdateVote))
	}
	id.Hash = readHash(&r)
	if err := r.Err(); err != nil {
		return TxID{}, nil, err
	}
	return id, r.Rest(), nil
}
