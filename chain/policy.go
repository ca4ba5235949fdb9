package chain

// policy is how blocks are fetched.
type policy struct {
	peers  int  // to fetch from at once
	urgent bool // all that counts is how soon the next block is there
}

const (
	// farSlots behind the best candidate, blocks come from farPeers at once. Nearer,
	// one will do, and hurry sees to it that it does.
	farSlots = 1000
	farPeers = 4

	// With no more than tipBlocks missing, the next one is urgent. Many that are held
	// may come after it.
	tipBlocks = 2
)

// choosePolicy returns how to fetch when so many blocks are lacking, and the best
// candidate is far or not: in bulk, or for the tip. Config.FetchPeers, if it is set, is
// the number of peers.
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
