package ledger

import (
	"math"
	"slices"

	"github.com/ouronet/ouronet/internal/cbor"
)

// A Dijkstra block is its header and one body:
//
//	[invalid transactions / null, [* transaction], Leios certificate / null, Peras certificate / null]
//
// The invalid ones are a set of indices. A transaction is [body, witnesses,
// auxiliary data / null]. Certificates are [signers, signature] and a byte string.
// Every array may be definite or not, and the set have its tag or not.
// (cardano-ledger: eras/dijkstra, Dijkstra/BlockBody/Internal.hs, Dijkstra/Tx.hs;
// dijkstra.cddl)

// tagSet marks a set.
const tagSet = 258

// leiosSignatureSize is the length in bytes of a certificate's signature.
const leiosSignatureSize = 48

// checkDijkstraBody checks size and hash, which are over the bytes of the body,
// and its shape down to the parts of transactions: the Haskell node takes no
// block of another one, whatever its header promises. That a certificate's
// signature is a point of its curve is not checked.
func (b Block) checkDijkstraBody(r *cbor.Reader, known known) error {
	before, start := r.Rest(), r.Pos()
	readDijkstraBody(r, nil)
	body := before[:r.Pos()-start]
	if err := b.close(r); err != nil {
		return err
	}
	return b.compareBody(len(body), known.sum(0, body))
}

func dijkstraTxs(r *cbor.Reader) (txs []Tx) {
	invalid := readDijkstraBody(r, func(raw, body []byte) {
		txs = append(txs, Tx{ID: TxID{Era: Dijkstra, Hash: sum256(body)}, Raw: RawTx{Era: Dijkstra, Bytes: raw}})
	})
	if r.Err() != nil {
		return nil
	}
	for _, i := range invalid {
		txs[i].Invalid = true
	}
	return txs
}

// readDijkstraBody reads a block body and hands each transaction to take, if
// that is not nil. It returns the sorted indices of the invalid ones.
func readDijkstraBody(r *cbor.Reader, take func(raw, body []byte)) (invalid []uint16) {
	outer := openRecord(r, 4)
	invalid = readInvalid(r)
	n := 0
	for left := r.ArrayAny(); r.More(&left); n++ {
		before, start := r.Rest(), r.Pos()
		body := readDijkstraTx(r, false)
		if size := r.Pos() - start; take != nil {
			take(before[:size:size], body)
		}
	}
	if len(invalid) > 0 && int(invalid[len(invalid)-1]) >= n {
		r.Fail("index of a transaction before this")
	}
	if !r.Null() {
		indefinite := openRecord(r, 2)
		r.BytesAny() // one bit for each signer
		readFixed(r, leiosSignatureSize, Dijkstra)
		closeRecord(r, indefinite)
	}
	if !r.Null() {
		r.BytesAny()
	}
	closeRecord(r, outer)
	return invalid
}

// readInvalid reads the indices of invalid transactions, null if there are none,
// and sorts them.
func readInvalid(r *cbor.Reader) (invalid []uint16) {
	if r.Null() {
		return nil
	}
	if next(r)>>5 == majorTag {
		r.Tag(tagSet)
	}
	for n := r.ArrayAny(); r.More(&n); {
		invalid = append(invalid, uint16(r.UintMax(math.MaxUint16)))
	}
	slices.Sort(invalid)
	if n := len(invalid); n == 0 || len(slices.Compact(invalid)) != n {
		r.Fail("set of indices before this, not empty and without repeats")
	}
	return invalid
}

// readDijkstraTx reads a transaction and returns its body. One that comes alone
// may say that its scripts succeed, as transactions of the eras before do.
func readDijkstraTx(r *cbor.Reader, alone bool) (body []byte) {
	n := r.ArrayAny()
	size := txParts(Dijkstra)
	body = readOf(r, "map", majorMap)
	readOf(r, "map", majorMap) // witnesses
	if alone && next(r)&^1 == 0xf4 {
		size++
		if !r.Bool() {
			r.Fail("no false before this")
		}
	}
	if !r.Null() {
		readAux(r, Dijkstra, nil)
	}
	if n != cbor.Indefinite && n != size {
		r.Fail("end of transaction")
	}
	closeRecord(r, n == cbor.Indefinite)
	return body
}

// Major types of CBOR.
const (
	majorArray = 4
	majorMap   = 5
	majorTag   = 6
)

// readOf reads an item of one of the major types and returns its bytes.
func readOf(r *cbor.Reader, want string, majors ...byte) []byte {
	if !slices.Contains(majors, next(r)>>5) {
		r.Fail(want)
	}
	return r.Raw()
}

// next returns the next byte without reading it, at the end a break.
func next(r *cbor.Reader) byte {
	if rest := r.Rest(); len(rest) > 0 {
		return rest[0]
	}
	return 0xff
}
