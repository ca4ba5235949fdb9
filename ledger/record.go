package ledger

import (
	"fmt"

	"github.com/ouronet/ouronet/internal/cbor"
)

// openRecord reads the head of a record of n fields, and closeRecord its end, given
// what openRecord returned. From Shelley on, the Haskell node reads most records of
// the ledger whether their length is definite or not, so a block with an indefinite
// one may be on the chain. Byron's are definite, see shape.
func openRecord(r *cbor.Reader, n int) (indefinite bool) {
	switch got := r.ArrayAny(); {
	case got == cbor.Indefinite:
		return true
	case got != n:
		r.Fail(fmt.Sprintf("array of %d", n))
	}
	return false
}

func closeRecord(r *cbor.Reader, indefinite bool) {
	if n := cbor.Indefinite; indefinite && r.More(&n) {
		r.Fail("end of array")
	}
}

func readHash(r *cbor.Reader) (h Hash) {
	copy(h[:], r.BytesLen(len(h)))
	return h
}

// taken returns what r has read since its rest was from.
func taken(r *cbor.Reader, from []byte) []byte {
	n := len(from) - len(r.Rest())
	return from[:n:n]
}
