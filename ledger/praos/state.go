package praos

import "github.com/ouronet/ouronet/ledger"

// Knowledge says which nonces of a [State] are known.
type Knowledge uint8

// From nothing to all.
const (
	// NoNonces: VRF proofs are not checked.
	NoNonces Knowledge = iota

	// EpochNonce: only Nonces.Active is known, so VRF proofs are checked until
	// the end of [State.Epoch] and never after it: what the next epoch's nonce
	// is made of goes back to the chain's start.
	EpochNonce

	// AllNonces: VRF proofs of all later epochs are checked, too.
	AllNonces
)

// State has the data for checking the header after Tip. It is a value: the state before
// a header stays good after the header was checked, and rolling back is taking the
// state of the header rolled back to.
//
// [Origin] returns the state at the start of a chain. To start elsewhere, fill
// in what is known, at the least Tip, and with it as much of Epoch, Nonces and
// Known as there is; or decode a state that was saved.
type State struct {
	// Tip is the last header, the zero Tip at the start of the chain.
	Tip ledger.Tip

	// EBB says that Tip is a Byron boundary block.
	EBB bool

	// Epoch is the one that Nonces are of, which is Tip's once there is a
	// header of Shelley or later.
	Epoch  uint64
	Nonces Nonces
	Known  Knowledge

	// Counters are the last issue numbers of operational certificates; nil
	// means none. AllCounters says that they go back to the start of the chain,
	// so that an issuer who is not there has issued no block. Otherwise the
	// first number that an issuer comes with is taken as it is.
	Counters    Counters
	AllCounters bool
}

// Origin returns the state before the first header of a network. All that is
// needed later follows from it and from the headers, save the extra entropy
// that was mixed into one epoch nonce of mainnet, which [Config] has.
//
// Byron headers leave the nonces alone, so this is also what is known at the
// step from Byron to Shelley, but for Tip. (header-validation, 10)
func Origin(n ledger.Network) State {
	genesis := NonceOf(n.Genesis.Shelley)
	return State{
		Nonces:      Nonces{Active: genesis, Evolving: genesis, Candidate: genesis},
		Known:       AllNonces,
		Counters:    CounterMap{},
		AllCounters: true,
	}
}

// NonceAt returns the epoch nonce under which a header at a slot after s.Tip is
// checked if it is the next one; ok is false if it is not known.
func (v *Verifier) NonceAt(s State, slot ledger.Slot) (epoch Nonce, ok bool) {
	n := &v.config.Network
	s = v.enterEpoch(s, n.EraAt(slot), n.Epoch(slot))
	return s.Nonces.Active, s.Known != NoNonces
}

// enterEpoch returns the state at the first header of an epoch.
func (v *Verifier) enterEpoch(s State, era ledger.Era, epoch uint64) State {
	if epoch == s.Epoch {
		return s
	}
	s.Epoch = epoch
	if s.Known != AllNonces {
		s.Nonces, s.Known = Nonces{}, NoNonces
		return s
	}
	var extra Nonce
	if tpraos(era) {
		if hash, ok := v.config.ExtraEntropy[epoch]; ok {
			extra = NonceOf(hash)
		}
	}
	s.Nonces = s.Nonces.nextEpoch(extra)
	return s
}
