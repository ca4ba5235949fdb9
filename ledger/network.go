package ledger

import (
	"math"
	"time"
)

// Network has the parameters of a Cardano network: [Mainnet], [Preprod], [Preview] or
// one read by [LoadNetwork].
type Network struct {
	Name  string // for people
	Magic uint32 // by which nodes tell networks apart in the handshake

	// Start is the time of slot 0.
	Start time.Time

	// SecurityParam is k: a chain is never rolled back by more than k blocks.
	SecurityParam uint64

	// ActiveSlots is f, the share of slots that have a leader.
	ActiveSlots Ratio

	// Eras holds, for each era, when it starts and how long slots and epochs
	// are in it.
	Eras [NumEras]EraParams

	Genesis GenesisHashes

	// SlotsPerKESPeriod and MaxKESEvolutions say how long a hot key may sign.
	SlotsPerKESPeriod uint64
	MaxKESEvolutions  uint64

	// MaxHeaderSize and MaxBodySize are the limits in bytes of the Shelley
	// genesis. They are protocol parameters that may have changed since.
	MaxHeaderSize uint32
	MaxBodySize   uint32

	// Bootstrap are peers to start from, as host:port.
	Bootstrap []string
}

// Ratio is an exact fraction.
type Ratio struct{ Num, Den uint64 }

// GenesisHashes are the hashes of a network's genesis files. Dijkstra's is zero
// where there is none yet.
type GenesisHashes struct{ Byron, Shelley, Alonzo, Conway, Dijkstra Hash }

// EraParams says when an era starts and how time passes in it. An era that the
// network skips starts where the next one does. One whose start is not known, as
// it comes by protocol version, may lie between others: see
// [Network.EraPossible].
type EraParams struct {
	Start       Slot   // first slot, [Never] if it is not known
	StartEpoch  uint64 // epoch that begins with Start
	EpochLength uint64 // slots
	SlotLength  time.Duration
}

// Never is the start of an era for which no epoch is set.
const Never Slot = math.MaxUint64
