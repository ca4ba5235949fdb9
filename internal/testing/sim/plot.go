package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// Plot is what happens in a run from outside, all of it drawn from the seed
// before anything starts: which blocks there are and who has them when, who
// follows whom, what users submit and what goes wrong. [Run] plays it with
// decision cores and a model of connections; it can as well be played with real
// nodes over real connections. What depends on how nodes behave is not in it:
// delays, and what a peer of a given [Manner] does about a given request.
//
// Participants are numbered: first Scenario.Nodes nodes, then the scripted peers.
// All times count from the start, and each list is in order of time.
type Plot struct {
	Scenario Scenario // with the numbers that were drawn, if they are
	Seed     uint64

	Blocks  []Block  // in order of making, so after their parents; the first is the start of all chains
	Manners []Manner // by participant

	Start       int // block where the scripted peers' chains end at the start
	Moves       []Move
	Follows     []Follow
	Faults      []PlannedFault
	Submissions []Submission // the n-th is of transaction n

	// Quiet is when the last block is made. Nothing goes wrong any more then,
	// and the first scripted peer has it soon.
	Quiet time.Duration

	// Best is the last block, but for some that are not valid. Its chain is longer than
	// any other that is valid, and its slot later, so that all nodes must come to have it.
	Best int

	limits limits
}

// Block is one that somebody makes. Siblings may be alike in all that is said
// here and are nevertheless two.
type Block struct {
	Parent int // its place in Plot.Blocks
	Height int // blocks up to here; 0 for the start of all chains
	Slot   ledger.Slot
	Body   int // bytes
	Flaw   Flaw
}

// Flaw is what a judge finds wrong with a block.
type Flaw uint8

// The flaws of blocks.
const (
	Sound  Flaw = iota
	Unfit       // it may not follow the block before it
	Absurd      // it may follow no block
)

// Move has a scripted peer go over to the chain that ends with a block, whatever
// it had before.
type Move struct {
	At    time.Duration // virtual, since the start
	Node  int           // participant
	Block int           // its place in Plot.Blocks
}

// Follow has a node take a participant for one to connect to from then on, again
// and again. Nodes are connected to nothing else.
type Follow struct {
	At         time.Duration // virtual, since the start
	Node, Peer int           // participants
}

// PlannedFault is what goes wrong around a node. Chance decides what is open: Cut
// and Delay are of connection Chance modulo their number, in the order in which
// the node opened them, and Part lasts Chance modulo 30 seconds.
type PlannedFault struct {
	At     time.Duration // virtual, since the start
	Kind   Fault
	Node   int // participant
	Chance int // 0 or more
}

// Submission has a user give a new transaction to a node.
type Submission struct {
	At   time.Duration // virtual, since the start
	Node int           // participant
}

// NewPlot draws a plot. Equal arguments give equal plots.
func NewPlot(sc Scenario, seed uint64) *Plot {
	// Each kind of chance has a source of its own, so that less of one leaves
	// the others as they are.
	source := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	if sc.Drawn && len(sc.Kinds) > 0 {
		sc = sc.drawn(source(8))
	}
	sc.Nodes, sc.Peers = max(sc.Nodes, 1), max(sc.Peers, 1)
	p := &Plot{Scenario: sc, Seed: seed, limits: drawLimits(source(5), &sc)}
	p.Manners = make([]Manner, sc.Nodes+sc.Peers)
	for i := range p.Manners[sc.Nodes:] {
		manner := Honest
		if i > 0 && len(sc.Manners) > 0 {
			manner = sc.Manners[(i-1)%len(sc.Manners)]
		}
		p.Manners[sc.Nodes+i] = manner
	}
	p.write(source(2))
	if sc.Judged {
		p.poison(source(9))
	}
	p.join(source(6))
	p.spoil(source(7))
	return p
}

const (
	stallTimeout = 5 * time.Second
	maxGap       = 10_000 // slots, more than any plot has between blocks
)

// Config returns the bounds that a node is to keep to; they are tight, unless
// Scenario.Roomy. It starts at the beginning of all chains. Config.Prefer goes
// by the hashes of headers alone, so that any kind will do.
func (p *Plot) Config(node int) chain.Config {
	l := &p.limits
	return chain.Config{
		K: l.k, MaxLead: l.lead, MaxSideHeaders: l.side, MaxBytes: l.bytes, MaxRangeBlocks: l.rangeBlocks,
		MaxRanges: l.ranges, FetchPeers: l.fetchPeers, StallTimeout: stallTimeout,
		MaxGap: maxGap, Salt: mix(uint64(node)), Prefer: prefer, Judge: p.Scenario.Judged,
	}
}

// MaxInFlight returns the most bytes of blocks that a node may have asked one
// participant for.
func (p *Plot) MaxInFlight() int { return p.limits.inFlight }

// write makes all blocks, and says what producers and users do.
func (p *Plot) write(r *rand.Rand) {
	sc := &p.Scenario
	b := producer{p: p, r: r}
	p.Blocks = append(p.Blocks, Block{})
	b.extend(sc.Blocks - sc.Blocks/2)
	p.Start = b.main
	at := 5 * time.Second
	for range sc.Blocks / 2 {
		at += time.Duration(500+r.IntN(6000)) * time.Millisecond
		b.produce(at, false)
	}
	p.Quiet = at + 5*time.Second
	b.produce(p.Quiet, true)
	p.Best = b.main
	for range sc.Txs {
		p.Submissions = append(p.Submissions, Submission{time.Duration(r.Int64N(int64(p.Quiet))), r.IntN(sc.Nodes)})
	}
	slices.SortStableFunc(p.Moves, func(a, b Move) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(p.Submissions, func(a, b Submission) int { return cmp.Compare(a.At, b.At) })
}

// join has every node follow the honest peer or a node before it, and others.
func (p *Plot) join(r *rand.Rand) {
	follow := func(n, up int) {
		for _, f := range p.Follows {
			if f.Node == n && f.Peer == up {
				return
			}
		}
		at := time.Duration(r.IntN(2000)) * time.Millisecond
		if r.IntN(4) == 0 { // until then others have to do
			at *= 30
		}
		p.Follows = append(p.Follows, Follow{at, n, up})
	}
	nodes := p.Scenario.Nodes
	for n := range nodes {
		if n == 0 || r.IntN(2) == 0 {
			follow(n, nodes)
		} else {
			follow(n, r.IntN(n))
		}
		for range 1 + r.IntN(2) {
			if up := r.IntN(nodes); up != n {
				follow(n, up)
			}
		}
	}
	for up := nodes; up < len(p.Manners); up++ {
		for range 1 + r.IntN(2) {
			follow(r.IntN(nodes), up)
		}
	}
	slices.SortStableFunc(p.Follows, func(a, b Follow) int { return cmp.Compare(a.At, b.At) })
}

// spoil spreads faults over the time in which blocks are made.
func (p *Plot) spoil(r *rand.Rand) {
	sc := &p.Scenario
	if len(sc.Kinds) == 0 {
		return
	}
	for range sc.Faults {
		p.Faults = append(p.Faults, PlannedFault{
			At: time.Duration(r.Int64N(int64(p.Quiet))), Kind: sc.Kinds[r.IntN(len(sc.Kinds))],
			Node: r.IntN(sc.Nodes), Chance: int(r.Int32()),
		})
	}
	slices.SortStableFunc(p.Faults, func(a, b PlannedFault) int { return cmp.Compare(a.At, b.At) })
}
