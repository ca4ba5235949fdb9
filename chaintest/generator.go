package chaintest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Config describes a chain. The zero value is a chain of Conway blocks of
// mixed sizes.
type Config struct {
	Seed uint64

	// Network gives the share of slots with a block and the length of Byron
	// epochs; zero means [Network].
	Network ledger.Network

	// Eras are the eras of the chain in order, the last one without end; nil
	// means Conway only.
	Eras []Stretch

	// BlockSize is the size of each block in bytes, give or take 500, but at
	// least what a block without transactions has (1 kB). Zero means a mix of
	// sizes up to 90 kB as on mainnet. Byron blocks are always small.
	BlockSize int

	// Pools is how many pools take turns, zero means 5.
	Pools int

	// After is a slot that all blocks are after; zero means none.
	After ledger.Slot

	// Signed makes keys, certificates, proofs and signatures real, so that all
	// headers pass package ledger/praos from [praos.Origin] on. Eras must be
	// nil: they come when Network says so. It costs about 2 ms a block where f
	// is 1/20; without it a block takes some 50 µs.
	Signed bool
}

// Stretch is a part of a chain: so many blocks of an era, boundary blocks
// included.
type Stretch struct {
	Era    ledger.Era
	Blocks int
}

// AllEras returns a network of short epochs that is in each era from Byron to
// Conway for two of them, 240 slots, and then in Dijkstra. K is 4 and f is 1/2.
func AllEras() ledger.Network {
	const length, epochs = 120, 2
	n := Network()
	n.Name, n.Magic = "generated-eras", 43
	n.SecurityParam, n.ActiveSlots = 4, ledger.Ratio{Num: 1, Den: 2}
	n.SlotsPerKESPeriod = 100
	for e := range n.Eras {
		n.Eras[e].Start = ledger.Slot(e * epochs * length)
		n.Eras[e].StartEpoch = uint64(e * epochs)
		n.Eras[e].EpochLength = length
		n.Eras[e].SlotLength = n.Eras[ledger.Conway].SlotLength
	}
	return n
}

// Network returns a network that is in Conway from its first slot, with magic
// 42 and Preview's other parameters.
func Network() ledger.Network {
	n := ledger.Preview
	n.Name, n.Magic = "generated", 42
	n.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	n.Genesis, n.Bootstrap = ledger.GenesisHashes{}, nil
	for e := ledger.Shelley; e <= ledger.Conway; e++ {
		n.Eras[e].Start, n.Eras[e].StartEpoch = 0, 0
	}
	return n
}

// Generator makes the blocks of one chain. It is not safe for concurrent use.
type Generator struct {
	config Config
	seed   ledger.Hash // of this branch
	forks  uint64      // made from this branch
	pools  []pool
	signer *signer // nil if nothing is signed
	chain  []link  // all blocks so far; never changed, as forks share it
}

// link is what is kept of a block.
type link struct {
	tip ledger.Tip
	ebb bool

	signed *signed // nil if nothing is signed
}

// NewGenerator returns a generator at the start of a chain.
func NewGenerator(c Config) *Generator {
	if c.Network.ActiveSlots.Num == 0 {
		c.Network = Network()
	}
	if len(c.Eras) == 0 {
		c.Eras = []Stretch{{Era: ledger.Conway}}
	}
	if c.Pools <= 0 {
		c.Pools = 5
	}
	seed := sum256(binary.BigEndian.AppendUint64([]byte("chain"), c.Seed))
	g := &Generator{config: c, seed: seed, pools: newPools(seed, c.Pools)}
	if c.Signed {
		g.signer = newSigner(c.Network, g.pools)
	}
	return g
}

// Network returns the network of the chain.
func (g *Generator) Network() ledger.Network { return g.config.Network }

// Tip returns the block made last.
func (g *Generator) Tip() ledger.Tip { return g.last().tip }

func (g *Generator) last() link {
	if len(g.chain) == 0 {
		return link{}
	}
	return g.chain[len(g.chain)-1]
}

// Next makes the next block. It belongs to the caller.
func (g *Generator) Next() ledger.Block {
	raw := g.encode()
	b, err := g.config.Network.ParseBlock(raw)
	if err != nil {
		panic(fmt.Sprintf("chaintest: made a block that cannot be read: %v", err))
	}
	g.chain = append(g.chain, link{b.Header.Tip(), b.Header.Raw.EBB, g.next(&b.Header)})
	return b
}

// NextAfter is [Generator.Next] for a block after a slot, of a size as
// Config.BlockSize has it, in bytes. Where Config.Network has a block in each
// slot, and nothing is signed, the block's slot is the next one.
func (g *Generator) NextAfter(slot ledger.Slot, size int) ledger.Block {
	config := g.config
	g.config.After, g.config.BlockSize = slot, size
	defer func() { g.config = config }()
	return g.Next()
}

// Blocks makes the next n blocks.
func (g *Generator) Blocks(n int) []ledger.Block {
	blocks := make([]ledger.Block, n)
	for i := range blocks {
		blocks[i] = g.Next()
	}
	return blocks
}

// Txs returns the transactions of generated blocks, in order.
func Txs(blocks []ledger.Block) (all []ledger.Tx) {
	for _, b := range blocks {
		txs, err := b.Txs()
		if err != nil {
			panic(err) // a generator made it
		}
		all = append(all, txs...)
	}
	return all
}

// Fork returns a generator that continues from an earlier block, or from the
// start of the chain, with other blocks than g and than all forks before. g
// goes on as if nothing had happened.
func (g *Generator) Fork(at ledger.Point) (*Generator, error) {
	n := len(g.chain)
	for n > 0 && g.chain[n-1].tip.Point != at {
		n--
	}
	if n == 0 && !at.IsOrigin() {
		return nil, fmt.Errorf("chaintest: no block %v to fork from", at)
	}
	g.forks++
	fork := *g
	fork.forks = 0
	fork.chain = g.chain[:n:n]
	fork.seed = sum256(binary.BigEndian.AppendUint64(g.seed[:len(g.seed):len(g.seed)], g.forks))
	return &fork, nil
}

// random returns the source of all that is random in the next block. Blocks
// depend on the branch and on the block before, not on how the generator came
// there.
func (g *Generator) random() *rand.ChaCha8 {
	last := g.last()
	return rand.NewChaCha8(sum256(append(g.seed[:len(g.seed):len(g.seed)], last.tip.Point.Hash[:]...)))
}

// era returns the era of the next block.
func (g *Generator) era() ledger.Era {
	if g.signer != nil {
		return g.config.Network.EraAt(g.byronSlot())
	}
	n := len(g.chain)
	for i, s := range g.config.Eras {
		if n < s.Blocks || i == len(g.config.Eras)-1 {
			return s.Era
		}
		n -= s.Blocks
	}
	return ledger.Conway
}

// encode makes the bytes of the next block.
func (g *Generator) encode() ledger.RawBlock {
	r := g.random()
	if g.era() == ledger.Byron {
		return g.byronBlock(r)
	}
	return g.shelleyBlock(r, g.era())
}

// nextSlot draws the slot of the next block: each slot has one with
// probability f.
func (g *Generator) nextSlot(r *rand.Rand) ledger.Slot {
	slot := max(g.last().tip.Point.Slot, g.config.After)
	f := g.config.Network.ActiveSlots
	for slot++; r.Uint64N(f.Den) >= f.Num; {
		slot++
	}
	return slot
}

// nextBlockNo returns the number of the next block.
func (g *Generator) nextBlockNo(kind ledger.RawHeader) ledger.BlockNo {
	parent := g.last().parent()
	n, _ := parent.NextBlockNo(&ledger.Header{Raw: kind})
	return n
}

func (l link) parent() ledger.Parent { return ledger.Parent{Tip: l.tip, Boundary: l.ebb} }

// What is to follow a block, as nextBlockNo takes it.
var (
	regular  = ledger.RawHeader{Era: ledger.Byron}
	boundary = ledger.RawHeader{Era: ledger.Byron, EBB: true}
)
