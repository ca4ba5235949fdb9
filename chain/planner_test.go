package chain

import (
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// What is missing tells how to fetch: in bulk, or for the tip.
func TestPolicy(t *testing.T) {
	for _, test := range []struct {
		name       string
		lacking    int
		far        bool
		fetchPeers int
		want       policy
	}{
		{"bulk", 5000, true, 0, policy{peers: 4}},
		{"near the tip", 3, false, 0, policy{peers: 1}},
		{"at the tip", 2, false, 0, policy{peers: 1, urgent: true}},
		{"at the tip, after a pause of the chain", 1, true, 0, policy{peers: 4, urgent: true}},
		{"bulk, as configured", 5000, true, 2, policy{peers: 2}},
		{"at the tip, as configured", 1, false, 7, policy{peers: 7, urgent: true}},
	} {
		if got := choosePolicy(test.lacking, test.far, test.fetchPeers); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// fleet is a planner alone with a path of n blocks, which all its peers have; a block
// comes every 20 slots.
func fleet(t *testing.T, peers, n int) (*planner, *effects) {
	cfg := Config{K: 2160}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	grove := newTree(&cfg)
	at := grove.anchor
	for _, h := range line(n) {
		x, _, err := grove.extend(at, &h)
		if err != nil {
			t.Fatal(err)
		}
		at = x
	}
	out := new(effects)
	pl := &planner{cfg: &cfg, out: out, ghosts: map[ledger.Hash]*ghost{}}
	for id := range peers {
		p := &peer{id: PeerID(id), salt: uint64(id), phase: following, tip: at, limit: DefaultMaxInFlight}
		p.rate.sawRTT(100 * time.Millisecond)
		pl.peers = append(pl.peers, p)
		at.tips++
	}
	pl.setTarget(at)
	return pl, out
}

// fetches returns how many peers were asked, and for how many blocks.
func (e effects) fetches(t *testing.T) (peers, blocks int) {
	asked := map[PeerID]bool{}
	for _, e := range e {
		f, ok := e.(Fetch)
		if !ok {
			t.Fatalf("%T", e)
		}
		asked[f.Peer] = true
		blocks += len(f.Headers)
	}
	return len(asked), blocks
}

// The planner needs neither tree nor credits: it asks for the blocks of its path, of as
// many peers as the policy says, and in ranges of half a window.
func TestPlannerAlone(t *testing.T) {
	for _, test := range []struct {
		name             string
		blocks           int
		ours             ledger.Slot
		wantPeers, wants int
	}{
		// Two ranges of nine blocks of 20,876 bytes are in half of a window each.
		{"far", 1000, 0, 4, 4 * 2 * 9},
		{"just far", 1000, 20*999 - farSlots - 1, 4, 4 * 2 * 9},
		{"not quite far", 1000, 20*999 - farSlots, 1, 2 * 9},
		{"near", 1000, 20 * 999, 1, 2 * 9},
		{"at the tip", 1, 0, 1, 1},
	} {
		pl, out := fleet(t, 6, test.blocks)
		pl.run(test.ours, 0)
		if peers, blocks := out.fetches(t); peers != test.wantPeers || blocks != test.wants {
			t.Errorf("%s: %d peers for %d blocks, want %d for %d", test.name, peers, blocks, test.wantPeers, test.wants)
		}
		*out = nil
		if pl.run(test.ours, 0); len(*out) != 0 {
			t.Errorf("%s: asked again for %v", test.name, *out)
		}
	}
}

// Bytes that are held beside our chain, or handed over and not consumed, leave the less
// room for others.
func TestPlannerIsBounded(t *testing.T) {
	pl, out := fleet(t, 6, 1000)
	pl.cfg.MaxBytes = 1 << 20
	pl.backlog = 300_000
	pl.run(0, 400_000)
	if _, blocks := out.fetches(t); blocks == 0 || pl.flying > 1<<20-700_000 {
		t.Errorf("%d bytes of %d blocks asked for", pl.flying, blocks)
	}
	if flying := pl.flying; pl.spare != 0 || pl.twice != 0 {
		t.Errorf("of %d bytes %d are of no use, %d asked for twice", flying, pl.spare, pl.twice)
	}
}

// Of what is to come for a block, what is of no use is counted: all if its body is
// there, else all but one.
func TestClaimsAddUp(t *testing.T) {
	var pl planner
	b := &block{size: 100, onPath: true}
	pl.lacking = 1
	step := func(what string, do func(*block), spare, lacking int) {
		t.Helper()
		if do(b); pl.spare != spare || pl.lacking != lacking {
			t.Errorf("%s: %d bytes of no use, %d blocks lacking; want %d, %d", what, pl.spare, pl.lacking, spare, lacking)
		}
	}
	held := func(b *block) { b.held = true; pl.held(b) }
	unheld := func(b *block) { b.held = false; pl.unheld(b) }
	step("asked", pl.claim, 0, 1)
	step("asked twice", pl.claim, 100, 1)
	step("asked three times", pl.claim, 200, 1)
	step("one came", pl.disclaim, 100, 1)
	step("and is held", held, 200, 0)
	step("the second came", pl.disclaim, 100, 0)
	step("the body was let go", unheld, 0, 1)
	step("and came back", held, 100, 0)
	step("the third came", pl.disclaim, 0, 0)
}

// That no peer is there for a block holds until something changes which choose looks at:
// the block, path, a peer by an effect of the step, or a time that passes.
func TestNoPeerHolds(t *testing.T) {
	const before, now = time.Second, 2 * time.Second
	b := new(block)
	for _, test := range []struct {
		name   string
		b      *block
		path   uint64
		out    effects
		idle   time.Duration
		late   time.Duration
		before time.Duration
		want   bool
	}{
		{"nothing", b, 7, nil, 0, 0, before, true},
		{"another block", new(block), 7, nil, 0, 0, before, false},
		{"another path", b, 8, nil, 0, 0, before, false},
		{"an effect", b, 7, effects{CancelFetch{1, 2}}, 0, 0, before, false},
		{"idle until later", b, 7, nil, now + 1, 0, before, true},
		{"idle until now", b, 7, nil, now, 0, before, false},
		{"idle until after the last step", b, 7, nil, before + 1, 0, before, false},
		{"idle until the last step", b, 7, nil, before, 0, before, true},
		{"late until later", b, 7, nil, 0, now + 1, before, true},
		{"late until now", b, 7, nil, 0, now, before, false},
		{"late until after the last step", b, 7, nil, 0, before + 1, before, false},
		{"late until the last step", b, 7, nil, 0, before, before, true},
		{"no time passed", b, 7, nil, now, now, now, true},
	} {
		out := test.out
		pl := &planner{
			out: &out, now: now, before: test.before, pathNo: test.path,
			peers: []*peer{{}, {idleTill: test.idle, lateTill: test.late}},
		}
		if got := (noPeer{b, 7}).holds(pl, test.b); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

// When chain-sync with a peer ends, those in use are others, and it is looked again.
func TestNoPeerForgotten(t *testing.T) {
	hs := line(10)
	core, _ := connect(t, Config{K: 5}, ledger.Origin, hs[9].Tip())
	core.Step(0, Headers{1, hs, hs[9].Tip()})
	core.planner.noPeer.of = core.tree.tip
	core.endChainSync(core.byID[1], ErrCrowdedOut, time.Second)
	if core.planner.noPeer.of != nil {
		t.Error("nobody is said to be there for a block, as before")
	}
}
