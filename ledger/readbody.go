package ledger

import (
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// txPieces are the parts of one transaction of a block.
type txPieces struct {
	body, witnesses, aux []byte
	invalid              bool
}

// readBody reads what follows the header in a block of Shelley to Conway, in the
// form that the reference's decoder takes:
//
//	bodies           array of maps
//	witnesses        array of maps, as many
//	auxiliary data   map of indices of transactions to what readAux reads; from
//	                 Conway on no index twice, before it the last one counts
//	invalid          from Alonzo on: array of indices of transactions, each above
//	                 the one before
//
// Arrays and maps may be indefinite, and heads wider than they need be. What
// transactions hold is not looked at; known may be nil. It returns the parts as they
// came, and appends the transactions' to pieces unless that is nil. (cardano-ledger:
// Shelley/BlockBody/Internal.hs and Alonzo/BlockBody/Internal.hs, DecCBOR of
// ShelleyBlockBody and AlonzoBlockBody; cardano-ledger-binary,
// Decoding/Decoder.hs, decodeIntMap)
func readBody(r *cbor.Reader, era Era, pieces *[]txPieces, known *known) (parts [4][]byte) {
	before, start := r.Rest(), r.Pos()
	end := func(part int) {
		parts[part] = before[:r.Pos()-start]
		before, start = r.Rest(), r.Pos()
	}
	txs := 0
	for n := r.ArrayAny(); r.More(&n); txs++ {
		if body := known.readMap(r); pieces != nil {
			*pieces = append(*pieces, txPieces{body: body})
		}
	}
	end(0)

	i := 0
	for n := r.ArrayAny(); r.More(&n); i++ {
		if witnesses := known.readMap(r); pieces != nil && i < txs {
			(*pieces)[i].witnesses = witnesses
		}
	}
	if i != txs {
		r.Fail("as many witness sets as transactions")
	}
	end(1)

	var few [8]uint64
	seen := few[:]
	if era >= Conway && txs > 64*len(few) {
		seen = make([]uint64, txs/64+1)
	}
	for n := r.MapAny(); r.More(&n); {
		i := readIndex(r, txs)
		if era >= Conway {
			if seen[i/64]>>(i%64)&1 == 1 {
				r.Fail("index of a transaction not before this")
			}
			seen[i/64] |= 1 << (i % 64)
		}
		if aux := readAux(r, era, known); pieces != nil && r.Err() == nil {
			(*pieces)[i].aux = aux
		}
	}
	end(2)

	if era < Alonzo {
		return parts
	}
	// The reference makes a sequence of flags by going from each index to the
	// next: one that is not above it is an error there. (alignedValidFlags)
	last := -1
	for n := r.ArrayAny(); r.More(&n); {
		i := readIndex(r, txs)
		if i <= last {
			r.Fail("index above the one before")
		}
		if last = i; pieces != nil && r.Err() == nil {
			(*pieces)[i].invalid = true
		}
	}
	end(3)
	return parts
}

// readIndex reads the index of one of n transactions.
func readIndex(r *cbor.Reader, n int) int {
	i := r.UintMax(math.MaxInt32)
	if i >= uint64(n) {
		r.Fail("index of a transaction before this")
		return 0
	}
	return int(i)
}

// readAux reads auxiliary data: Shelley's is a map of metadata; from Allegra on
// it may be an array of that and one of scripts; from Alonzo on also a map with
// the tag 259. (cardano-ledger: TxAuxData.hs of Shelley, Allegra, Alonzo)
func readAux(r *cbor.Reader, era Era, known *known) []byte {
	before, start := r.Rest(), r.Pos()
	switch {
	case era >= Allegra && next(r)>>5 == majorArray:
		indefinite := openRecord(r, 2)
		readMap(r)
		readOf(r, "array", majorArray) // scripts
		closeRecord(r, indefinite)
	case era >= Alonzo && next(r)>>5 == majorTag:
		r.Tag(auxTag)
		readMap(r)
	default:
		known.readMap(r)
	}
	return before[: r.Pos()-start : r.Pos()-start]
}

// auxTag is the tag of auxiliary data in Alonzo's form.
const auxTag = 259

// readMap reads a map, whatever is in it, and returns its bytes.
func readMap(r *cbor.Reader) []byte { return readOf(r, "map", majorMap) }
