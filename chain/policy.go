package chain

// policy is how blocks are fetched.
type policy struct {
	peers  int  // to fetch from at once
	urgent bool // the next block counts alone
}

const (
	// More than farSlots behind the best candidate, farPeers send blocks at once.
	// Nearer, one peer is enough; hurry asks another if it is slow.
	farSlots = 1000
	farPeers = 4

	// With no more than tipBlocks missing, the next one is urgent. Many that are held
	// may come after it.
	tipBlocks = 2
)

// choosePolicy returns how to fetch, in bulk or for the tip. lacking is how many blocks
// are missing, far whether the best candidate is far ahead; fetchPeers is
// Config.FetchPeers, which fixes the number of peers if it is set.
func choosePolicy(lacking int, far bool, fetchPeers int) policy {
	p := policy{peers: 1, urgent: lacking <= tipBlocks}
	switch {
	case fetchPeers > 0:
		p.peers = fetchPeers
	case far:
		p.peers = farPeers
	}
	return p
}
