package lifecycle

// Protocol is a mini-protocol whose initiator a life cycle starts and ends.
type Protocol uint8

// The mini-protocols.
const (
	KeepAlive Protocol = iota
	PeerSharing
	ChainSync
	BlockFetch
	TxSubmission
	protocols
)

// String is the specification's name, without the number of tx-submission2.
func (p Protocol) String() string {
	return [...]string{"keep-alive", "peer-sharing", "chain-sync", "block-fetch", "tx-submission"}[p]
}

// Set is a set of mini-protocols.
type Set uint8

// SetOf returns the set of those protocols.
func SetOf(list ...Protocol) Set {
	var s Set
	for _, p := range list {
		s |= 1 << p
	}
	return s
}

// Has reports whether p is in the set.
func (s Set) Has(p Protocol) bool { return s&(1<<p) != 0 }

// Spell numbers what was started together: a warm spell or a hot one. No two of
// a connection have the same number, and none is 0.
type Spell uint32

// Event is what happens to a connection.
type Event interface{ event() }

type (
	// Want says what temperature the connection should have, from now on and
	// until the next Want. A hot mini-protocol that ends by itself makes it Warm
	// at most.
	Want struct{ Temperature }

	// Started says that a mini-protocol, of which there was a [Start], runs.
	Started struct {
		Protocol
		Spell
	}

	// Ended says that a mini-protocol does not run any more: in order if Err is
	// nil, that is after its Done was sent, or without ever having begun.
	Ended struct {
		Protocol
		Spell
		Err error
	}

	// Lost says that the connection has ended.
	Lost struct{}

	// Tick says that time has passed.
	Tick struct{}
)

func (Want) event()    {}
func (Started) event() {}
func (Ended) event()   {}
func (Lost) event()    {}
func (Tick) event()    {}

// Effect is what is to be done.
type Effect interface{ effect() }

type (
	// Start begins a mini-protocol in our role as initiator.
	Start struct {
		Protocol
		Spell
	}

	// Stop ends a mini-protocol in order: nothing more is asked, what is owed is
	// received, then Done is sent.
	Stop struct {
		Protocol
		Spell
	}

	// Close ends the connection because of Err: that of an [Ended], [ErrLate] or
	// [ErrEnded]. It is the last effect.
	Close struct{ Err error }
)

func (Start) effect() {}
func (Stop) effect()  {}
func (Close) effect() {}
