package ledger

import "fmt"

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

	// NumEras is the number of eras above.
	NumEras = int(Conway) + 1
)

var eraNames = [NumEras]string{"Byron", "Shelley", "Allegra", "Mary", "Alonzo", "Babbage", "Conway"}

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
