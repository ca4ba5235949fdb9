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
)

var eraNames = [...]string{"Byron", "Shelley", "Allegra", "Mary", "Alonzo", "Babbage", "Conway"}

// String returns the era's name.
func (e Era) String() string {
	if e.Known() {
		return eraNames[e]
	}
	return fmt.Sprintf("Era(%d)", uint8(e))
}

// Known reports whether e is one of the eras above.
func (e Era) Known() bool { return int(e) < len(eraNames) }
