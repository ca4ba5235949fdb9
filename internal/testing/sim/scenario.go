package sim

import (
	"fmt"
	"math/rand/v2"

	"github.com/ouronet/ouronet/chain"
)

// Manner is how a scripted peer behaves.
type Manner uint8

// The manners of peers. All but Silent, Withholding and Lying keep the rules, but
// Dripping and Hoarding are of no use.
const (
	Node        Manner = iota // runs a core, is not scripted
	Honest                    // follows the best chain, now and then a fork for a while
	Slow                      // the same with a bad line
	Forking                   // goes from fork to fork
	Resetting                 // ends its connections
	Silent                    // announces blocks, and after a while sends no header any more
	Withholding               // announces blocks and does not deliver all of them
	Lying                     // sends what is wrong, in any message
	Dripping                  // is near, and sends bodies at 200 to 2,000 bytes a second
	Hoarding                  // is near, and sends most bodies 1 to 20 s late, or hangs up before
	Credulous                 // as Honest, but goes over blocks that are not valid, for it does not judge any
	Poisoning                 // the same with blocks that can be valid nowhere, which is its fault
)

var manners = []string{"node", "honest", "slow", "forking", "resetting", "silent", "withholding", "lying", "dripping", "hoarding", "credulous", "poisoning"}

// String returns the manner in a word.
func (m Manner) String() string { return manners[m] }

// Fault is a kind of thing that goes wrong around nodes.
type Fault uint8

// The kinds of faults.
const (
	Cut         Fault = iota // a connection ends
	Delay                    // a connection becomes 20 times slower for a while
	Part                     // a node loses all connections for up to 30 s
	Restart                  // a node resumes from the blocks it saved
	RestartBare              // a node resumes from points it saved
)

// Scenario is what happens, but for what is drawn from the seed. Numbers are at
// the most of use in the hundreds; zero of any is fine but for Nodes and Peers,
// which are 1 at least.
type Scenario struct {
	Name  string
	About string // one sentence

	Nodes   int      // with cores
	Peers   int      // scripted; the first is honest
	Manners []Manner // of the other peers, in turn
	Blocks  int      // of the best chain at the end; half of them are there at the start
	Reorgs  int      // percent of new blocks that go to another branch
	Txs     int      // transactions that users submit
	Faults  int
	Kinds   []Fault // of faults
	Drawn   bool    // the numbers are bounds of what is drawn, as are all manners and kinds
	Roomy   bool    // the bounds are those of a node; else drawn, and tight
	Heavy   bool    // blocks are as large as on mainnet; else small
	Judged  bool    // nodes have judges, and peers that are Credulous or Poisoning what these are to refuse
	Alone   bool    // also without peers that are Dripping or Hoarding, to compare
}

// Scenarios returns the scenarios there are, in order.
func Scenarios() []Scenario {
	all := []Manner{Lying, Forking, Withholding, Slow, Silent, Resetting, Honest, Hoarding, Dripping}
	return []Scenario{
		{Name: "sync", About: "Nodes catch up with honest peers.",
			Nodes: 3, Peers: 3, Manners: []Manner{Honest, Slow}, Blocks: 200, Reorgs: 5},
		{Name: "bulk", About: "Nodes catch up with large blocks, and as much in flight as the line takes.",
			Nodes: 2, Peers: 4, Manners: []Manner{Slow, Honest, Withholding}, Blocks: 300, Reorgs: 5, Roomy: true, Heavy: true},
		{Name: "forks", About: "The best chain changes its branch again and again.",
			Nodes: 3, Peers: 5, Manners: []Manner{Forking, Honest, Slow}, Blocks: 120, Reorgs: 40},
		{Name: "liars", About: "Most peers break rules, keep blocks back or fall silent.",
			Nodes: 3, Peers: 7, Manners: []Manner{Lying, Withholding, Lying, Silent, Forking}, Blocks: 100, Reorgs: 15},
		{Name: "churn", About: "Connections come and go.",
			Nodes: 4, Peers: 4, Manners: []Manner{Resetting, Slow, Honest}, Blocks: 120, Reorgs: 15,
			Faults: 30, Kinds: []Fault{Cut, Cut, Delay, Part}},
		{Name: "restart", About: "Nodes crash and resume from what they saved.",
			Nodes: 4, Peers: 4, Manners: []Manner{Forking, Honest}, Blocks: 120, Reorgs: 25,
			Faults: 12, Kinds: []Fault{Restart, Restart, RestartBare, Cut}},
		{Name: "resume", About: "Followers that saved only points of their chain come back to other chains.",
			Nodes: 4, Peers: 6, Manners: []Manner{Withholding, Forking, Slow}, Blocks: 120, Reorgs: 30,
			Faults: 60, Kinds: []Fault{RestartBare}},
		{Name: "txs", About: "Users submit transactions, which reach every node.",
			Nodes: 5, Peers: 4, Manners: []Manner{Withholding, Lying, Resetting}, Blocks: 20, Reorgs: 10, Txs: 60,
			Faults: 10, Kinds: []Fault{Cut, Delay, Part}},
		{Name: "drip", About: "Nodes catch up beside near peers that send bodies drop by drop or late.",
			Nodes: 2, Peers: 6, Manners: []Manner{Dripping, Hoarding, Honest, Dripping}, Blocks: 700, Reorgs: 5, Alone: true},
		{Name: "race", About: "Near peers announce each block first and send it late.",
			Nodes: 2, Peers: 7, Manners: []Manner{Hoarding, Dripping, Honest, Hoarding}, Blocks: 80, Reorgs: 15, Roomy: true, Alone: true},
		{Name: "all", About: "All of it together.",
			Nodes: 5, Peers: 8, Manners: all, Blocks: 100, Reorgs: 20, Txs: 30,
			Faults: 20, Kinds: []Fault{Cut, Delay, Part, Restart, RestartBare}},
		{Name: "wild", About: "What happens is drawn as well.", Drawn: true,
			Nodes: 7, Peers: 9, Manners: all, Blocks: 160, Reorgs: 70, Txs: 30,
			Faults: 50, Kinds: []Fault{Cut, Delay, Part, Restart, RestartBare}},
		{Name: "judged", About: "Nodes judge blocks, and peers have longer chains over blocks that are not valid.", Judged: true,
			Nodes: 3, Peers: 7, Manners: []Manner{Credulous, Poisoning, Honest, Credulous, Forking, Slow}, Blocks: 100, Reorgs: 20,
			Faults: 8, Kinds: []Fault{Cut, Delay, Restart, RestartBare}},
	}
}

// drawn returns a scenario within the bounds of sc.
func (sc Scenario) drawn(r *rand.Rand) Scenario {
	for _, n := range []*int{&sc.Nodes, &sc.Peers, &sc.Blocks, &sc.Reorgs, &sc.Txs, &sc.Faults} {
		*n = r.IntN(*n + 1)
	}
	manners, kinds := sc.Manners, sc.Kinds
	sc.Manners, sc.Kinds = nil, nil
	for range manners {
		sc.Manners = append(sc.Manners, manners[r.IntN(len(manners))])
	}
	for range 1 + r.IntN(len(kinds)) {
		sc.Kinds = append(sc.Kinds, kinds[r.IntN(len(kinds))])
	}
	return sc
}

// ByName returns a scenario.
func ByName(name string) (Scenario, error) {
	var known []string
	for _, sc := range Scenarios() {
		if sc.Name == name {
			return sc, nil
		}
		known = append(known, sc.Name)
	}
	return Scenario{}, fmt.Errorf("sim: no scenario %q: take one of %v", name, known)
}

// Command returns what a user types to run the scenario with a seed, which must
// be one of [Scenarios] but for its numbers: flags beyond those two are for what
// differs from the scenario of the same name.
func (sc *Scenario) Command(seed uint64) string {
	s := fmt.Sprintf("go run ./cmd/ouronet sim -seed %d -scenario %s", seed, sc.Name)
	base, _ := ByName(sc.Name)
	for _, f := range []struct {
		name      string
		got, want int
	}{
		{"nodes", sc.Nodes, base.Nodes}, {"peers", sc.Peers, base.Peers}, {"blocks", sc.Blocks, base.Blocks},
		{"reorgs", sc.Reorgs, base.Reorgs}, {"txs", sc.Txs, base.Txs}, {"faults", sc.Faults, base.Faults},
	} {
		if f.got != f.want {
			s += fmt.Sprintf(" -%s %d", f.name, f.got)
		}
	}
	return s
}

// limits are the bounds of all nodes of a run.
type limits struct {
	k, lead, side, bytes, rangeBlocks, ranges, fetchPeers, inFlight int

	body, spread int // the least bytes of a body, and how many more it may have
}

// block returns the bytes that the largest block may have.
func (l *limits) block() int { return l.body + l.spread + 100 }

func drawLimits(r *rand.Rand, sc *Scenario) limits {
	l := limits{body: 200, spread: 1800}
	if sc.Heavy {
		l.body, l.spread = 4000, 84_000
	}
	if sc.Roomy {
		l.k, l.lead, l.side, l.bytes = 2160, chain.DefaultMaxLead, chain.DefaultMaxSideHeaders, chain.DefaultMaxBytes
		l.rangeBlocks, l.ranges, l.inFlight = 1000, 16, chain.DefaultMaxInFlight
		return l
	}
	l.k, l.lead = 4+r.IntN(12), 30+r.IntN(100)
	l.side, l.bytes = 4*l.lead+r.IntN(300), 15_000+r.IntN(80_000)
	l.rangeBlocks, l.ranges, l.fetchPeers, l.inFlight = 1+r.IntN(20), 1+r.IntN(6), r.IntN(4), 5_000+r.IntN(20_000)
	return l
}
