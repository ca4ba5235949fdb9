package ledger

import (
	"errors"
	"fmt"
	"math"

	"github.com/ouronet/ouronet/internal/cbor"
)

// Era is a ledger era, numbered as on node-to-node chain-sync and
// tx-submission. Blocks carry another number, see [Era.BlockTag].
// (points-headers-blocks, 2)
type Era uint8

// The eras, in order.
const (
	Byron Era = iota
	Shelley
	Allegra
	Mary
	Alonzo
	Babbage
	Conway
	Dijkstra

	// NumEras is the number of eras above; the last one is NumEras-1.
	NumEras = int(Dijkstra) + 1
)

var eraNames = [NumEras]string{"Byron", "Shelley", "Allegra", "Mary", "Alonzo", "Babbage", "Conway", "Dijkstra"}

// String returns the era's name.
func (e Era) String() string {
	if e.Known() {
		return eraNames[e]
	}
	return fmt.Sprintf("Era(%d)", uint8(e))
}

// Known reports whether e is one of the eras above.
func (e Era) Known() bool { return int(e) < len(eraNames) }

// boundaryTag is the tag of a Byron epoch boundary block.
const boundaryTag = 0

// BlockTag returns the number that e's blocks carry on block-fetch and on
// disk: one more than e itself. A Byron boundary block carries 0 instead.
// (points-headers-blocks, 2)
func (e Era) BlockTag() uint64 { return uint64(e) + 1 }

// UnknownEraError says that data is of an era later than all that this version knows.
// The peer may be right, and the network ahead of us; asking the same peer again does
// not help. It is an [errors.ErrUnsupported].
type UnknownEraError struct {
	What string // "header", "block", "transaction" or "transaction id"
	Era  Era
}

// Error names the data, its era, and the known eras.
func (e *UnknownEraError) Error() string {
	return fmt.Sprintf("ledger: %s of era %d, and this version of ouronet knows eras up to %d (%v): a newer version is needed",
		e.What, uint8(e.Era), NumEras-1, Era(NumEras-1))
}

// Is reports whether target is [errors.ErrUnsupported].
func (e *UnknownEraError) Is(target error) bool { return target == errors.ErrUnsupported }

// readEra reads the era of a header, transaction or id. The Haskell node's is a
// number of 8 bits. (ouroboros-consensus: HardFork/Combinator/AcrossEras.hs,
// decodeNS)
func readEra(r *cbor.Reader, what string) Era {
	return checkEra(r, Era(r.UintMax(math.MaxUint8)), what)
}

// checkEra makes r fail if e is not known.
func checkEra(r *cbor.Reader, e Era, what string) Era {
	if !e.Known() {
		r.Abort(&UnknownEraError{what, e})
	}
	return e
}

// EraOfBlockTag is the inverse of [Era.BlockTag]: ebb tells a Byron boundary
// block from a regular one, and ok is false if no known era has the tag.
func EraOfBlockTag(tag uint64) (e Era, ebb, ok bool) {
	if tag == boundaryTag {
		return Byron, true, true
	}
	if tag > uint64(NumEras) {
		return 0, false, false
	}
	return Era(tag - 1), false, true
}
