package ledger

import (
	"fmt"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Tx is a transaction of a block with its id.
type Tx struct {
	ID  TxID
	Raw RawTx

	// Invalid says that the transaction's scripts fail: it only pays the collateral.
	// From Alonzo to Conway Raw says so, too.
	Invalid bool
}

// Txs returns the block's transactions in order, each put together to a
// stand-alone one if the block keeps its parts apart; ids are those of the
// block's era. A Byron boundary block has none. Certificates, proposals and
// votes that Byron blocks hold besides transactions are left out.
//
// The bytes of all of them share one buffer, or for Byron and Dijkstra, whose
// blocks hold whole transactions, the block: keeping one keeps all. (points-headers-blocks, 5 and 6)
func (b Block) Txs() ([]Tx, error) {
	r := cbor.NewReader(b.body)
	var txs []Tx
	switch era := b.Header.Raw.Era; {
	case b.Header.Raw.EBB: // has none
	case era == Byron:
		txs = byronTxs(&r)
	case era >= Dijkstra:
		txs = dijkstraTxs(&r)
	default:
		txs = joinTxs(&r, era)
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("ledger: transactions of block %v: %w", b.Header.Point(), err)
	}
	return txs, nil
}

func byronTxs(r *cbor.Reader) (txs []Tx) {
	r.ArrayLen(4)
	for n := r.ArrayIndefinite(); r.More(&n); {
		from := r.Rest()
		r.ArrayLen(txParts(Byron))
		body := r.Raw()
		r.Raw() // witnesses
		txs = append(txs, Tx{
			ID:  TxID{Era: Byron, Kind: ByronTx, Hash: sum256(body)},
			Raw: RawTx{Era: Byron, Kind: ByronTx, Bytes: taken(r, from)},
		})
	}
	return txs
}

// joinTxs reads the parts of a block body and joins them.
func joinTxs(r *cbor.Reader, era Era) []Tx {
	var pieces []txPieces
	readBody(r, era, &pieces, nil)
	if r.Err() != nil {
		return nil
	}
	size := 0
	for _, p := range pieces {
		size += 3 + len(p.body) + len(p.witnesses) + max(1, len(p.aux)) // array, bool, null
	}
	buf := make([]byte, 0, size)
	txs := make([]Tx, len(pieces))
	for i, p := range pieces {
		start := len(buf)
		buf = p.append(buf, era)
		txs[i] = Tx{
			ID:      TxID{Era: era, Hash: sum256(p.body)},
			Raw:     RawTx{Era: era, Bytes: buf[start:len(buf):len(buf)]},
			Invalid: p.invalid,
		}
	}
	return txs
}

func (p txPieces) append(dst []byte, era Era) []byte {
	dst = cbor.AppendArray(dst, txParts(era))
	dst = append(dst, p.body...)
	dst = append(dst, p.witnesses...)
	if era >= Alonzo {
		dst = cbor.AppendBool(dst, !p.invalid)
	}
	if p.aux == nil {
		return cbor.AppendNull(dst)
	}
	return append(dst, p.aux...)
}
