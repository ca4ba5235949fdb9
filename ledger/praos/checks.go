package praos

import "strings"

// Checks is a set of checks of a header.
type Checks uint16

// The checks of a header. The comments name the data that each needs.
const (
	// Envelope is block number, slot, previous hash, era, sizes, protocol
	// version, checkpoints.
	Envelope Checks = 1 << iota

	// Certificate is the signature and the issue number of the operational
	// certificate.
	Certificate

	// KES is the signature of the header and its period.
	KES

	// VRF is the proof, or both, and the outputs: it takes the epoch nonce.
	VRF

	// Bound is that the output is below what the owner of all stake would
	// need: it takes the epoch nonce and is for Praos only.
	Bound

	// Leadership is that the issuer leads the slot, with the VRF key that it
	// registered: it takes stake, in TPraos the share of overlay slots, and for
	// overlay slots the genesis delegates.
	Leadership

	// Byron is the signatures of a Byron block and of its delegation
	// certificate. Boundary blocks have none.
	Byron

	// GenesisKey is that a Byron block is signed for a key of the genesis
	// file: it takes those keys.
	GenesisKey
)

var checkNames = []string{"envelope", "certificate", "KES", "VRF", "VRF bound", "leadership", "Byron signatures", "Byron genesis key"}

// String returns the names of the checks, with commas.
func (c Checks) String() string {
	var names []string
	for i, name := range checkNames {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
