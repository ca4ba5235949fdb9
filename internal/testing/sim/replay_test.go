package sim

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// Steps that a core might take and must not: each is found by the oracle that it
// is for. They all follow the same beginning: a chain of three blocks, k is 2,
// and peer 1 has a candidate that ends with the third; with a judge, only the
// first block is adopted.
func TestReplayOracles(t *testing.T) {
	tree := &tree{blocks: make([]block, 1), raw: make([]byte, 84)}
	var at []blockID // a line of blocks; at[0] is the start of all chains
	at = append(at, 0)
	for i := range 6 {
		at = append(at, tree.grow(at[i], 1, 100))
	}
	other := tree.grow(at[2], 1, 100) // beside at[3]
	header := func(id blockID) *ledger.Header { return &tree.blocks[id].h }
	adopt := func(id blockID) chain.Effect { return chain.Adopt{Header: header(id), Bytes: 10} }
	fetched := func(id blockID) chain.Event { return chain.BlockFetched{Peer: 1, Point: tree.point(id)} }
	headers := func(ids ...blockID) chain.Event {
		var hs []ledger.Header
		for _, id := range ids {
			hs = append(hs, *header(id))
		}
		return chain.Headers{Peer: 1, Headers: hs}
	}
	backTo := func(id blockID) chain.Effect { return chain.RollBack{Tip: tree.tip(id)} }
	judge := func(id, after blockID) chain.Effect {
		return chain.Judge{Header: header(id), After: tree.tip(after)}
	}
	judged := func(id blockID, v chain.Verdict) chain.Event {
		return chain.Judged{Point: tree.point(id), Verdict: v}
	}
	settled := func(id blockID) chain.Effect { return chain.Immutable{Tip: tree.tip(id)} }
	gone := chain.Disconnect{Peer: 1, Err: errors.New("sim: test")}

	type step struct {
		event   chain.Event
		effects []chain.Effect
	}
	happens := func(ev chain.Event, effects ...chain.Effect) step { return step{ev, effects} }
	begin := []step{
		happens(chain.PeerConnected{Peer: 1}, chain.FindIntersect{Peer: 1}),
		happens(chain.Intersected{Peer: 1}, chain.RequestHeaders{Peer: 1, N: 5}),
		happens(headers(at[1:4]...)),
		happens(fetched(at[1]), adopt(at[1])),
		happens(fetched(at[2]), adopt(at[2])),
		happens(fetched(at[3]), adopt(at[3]), settled(at[1])),
	}
	beginJudged := append(slices.Clone(begin[:3]),
		happens(fetched(at[1]), judge(at[1], at[0])),
		happens(judged(at[1], chain.Valid), adopt(at[1])),
	)
	for _, test := range []struct {
		name  string
		want  string // oracle, "" for none
		judge bool
		steps []step
	}{
		{name: "nothing"},
		{name: "the next block", steps: []step{happens(headers(at[4])), happens(fetched(at[4]), adopt(at[4]), settled(at[2]))}},
		{name: "a fork whose last body is not held", steps: []step{
			happens(fetched(other)),
			happens(fetched(at[4]), backTo(at[2]), adopt(other), adopt(tree.grow(other, 1, 1))),
		}, want: "ledger"},
		{name: "twice", want: "ledger", steps: []step{happens(chain.Tick{}, adopt(at[3]))}},
		{name: "a gap", want: "ledger", steps: []step{happens(fetched(at[5]), adopt(at[5]))}},
		{name: "no body", want: "ledger", steps: []step{happens(chain.Tick{}, adopt(at[4]))}},
		{name: "body forgotten", want: "ledger", steps: []step{
			happens(fetched(at[4])), happens(chain.Tick{}, chain.Forget{Point: tree.point(at[4])}), happens(chain.Tick{}, adopt(at[4])),
		}},
		{name: "rollback to nowhere", want: "ledger", steps: []step{happens(chain.Tick{}, backTo(at[5]))}},
		{name: "rollback beyond k", want: "ledger", steps: []step{happens(chain.Tick{}, backTo(at[0]))}},
		{name: "rollback for nothing", want: "ledger", steps: []step{happens(chain.Tick{}, backTo(at[2]))}},
		{name: "rollback to where it was", want: "ledger", steps: []step{happens(chain.Tick{}, backTo(at[2]), adopt(at[3]))}},
		{name: "rollback for a better one", steps: []step{
			happens(fetched(other)), happens(fetched(at[4]), backTo(at[2]), adopt(at[3]), adopt(at[4]), settled(at[2])),
		}},
		{name: "settled too early", want: "ledger", steps: []step{happens(chain.Tick{}, settled(at[2]))}},
		{name: "settled nowhere", want: "ledger", steps: []step{happens(chain.Tick{}, settled(other))}},
		{name: "own block forgotten", want: "ledger", steps: []step{happens(chain.Tick{}, chain.Forget{Point: tree.point(at[3])})}},
		{name: "a header that fits", steps: []step{happens(headers(at[4]))}},
		{name: "one that does not", steps: []step{happens(headers(at[5]), gone)}},
		{name: "and nobody minds", want: "blame", steps: []step{happens(headers(at[4], at[6]))}},
		{name: "after a rollback", want: "blame", steps: []step{happens(chain.RolledBack{Peer: 1, Point: tree.point(at[2])}), happens(headers(at[4]))}},
		{name: "one that is not valid", steps: []step{happens(chain.BadHeader{Peer: 1}, gone)}},
		{name: "nobody minds that", want: "blame", steps: []step{happens(chain.BadHeader{Peer: 1})}},
		{name: "nor of a stranger", steps: []step{happens(chain.BadHeader{Peer: 2})}},
		{name: "a late one", steps: []step{
			happens(chain.RolledBack{Peer: 1}, chain.StopChainSync{Peer: 1}), happens(headers(at[6])),
		}},
		{name: "the wrong peer", want: "blame", steps: []step{happens(chain.NoBlocks{Peer: 2}, gone)}},
		{name: "out of the blue", want: "blame", steps: []step{happens(chain.Tick{}, gone)}},
		{name: "for no blocks", steps: []step{happens(chain.NoBlocks{Peer: 1}, gone), happens(chain.PeerGone{Peer: 1})}},
		{name: "the next one is valid", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])), happens(judged(at[2], chain.Valid), adopt(at[2])),
		}},
		{name: "found valid when it was forgotten, and came again", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])),
			happens(chain.PeerGone{Peer: 1}, chain.Forget{Point: tree.point(at[2])}),
			happens(judged(at[2], chain.Valid)),
			happens(fetched(at[2]), adopt(at[2])),
		}},
		{name: "found invalid then", want: "valid", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])),
			happens(chain.PeerGone{Peer: 1}, chain.Forget{Point: tree.point(at[2])}),
			happens(judged(at[2], chain.Invalid)),
			happens(fetched(at[2]), adopt(at[2])),
		}},
		{name: "judged again later", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])), happens(judged(at[2], chain.Later)),
			happens(chain.Tick{}, judge(at[2], at[1])), happens(judged(at[2], chain.Valid), adopt(at[2])),
		}},
		{name: "not judged", want: "valid", judge: true, steps: []step{happens(fetched(at[2]), adopt(at[2]))}},
		{name: "cannot be judged yet", want: "valid", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])), happens(judged(at[2], chain.Later), adopt(at[2])),
		}},
		{name: "invalid", want: "valid", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])), happens(judged(at[2], chain.Invalid), adopt(at[2])),
		}},
		{name: "the one after a valid one", want: "valid", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])), happens(fetched(at[3])),
			happens(judged(at[2], chain.Valid), adopt(at[2]), adopt(at[3])),
		}},
		{name: "two at once", want: "valid", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])), happens(fetched(at[3]), judge(at[3], at[2])),
		}},
		{name: "judged without a body", want: "valid", judge: true, steps: []step{happens(chain.Tick{}, judge(at[2], at[1]))}},
		{name: "judged after another block", want: "valid", judge: true, steps: []step{happens(fetched(at[2]), judge(at[2], at[0]))}},
		{name: "no judge", want: "valid", steps: []step{happens(fetched(at[4]), judge(at[4], at[3]))}},
		{name: "an answer to no question", want: "valid", judge: true, steps: []step{happens(judged(at[2], chain.Valid))}},
		{name: "an answer to another", want: "valid", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])), happens(judged(at[3], chain.Valid)),
		}},
		{name: "the sender of an impossible one", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])),
			happens(judged(at[2], chain.Impossible), chain.Disconnect{Peer: 1, Err: new(chain.InvalidBlockError)}),
		}},
		{name: "that of an invalid one", want: "blame", judge: true, steps: []step{
			happens(fetched(at[2]), judge(at[2], at[1])),
			happens(judged(at[2], chain.Invalid), chain.Disconnect{Peer: 1, Err: new(chain.InvalidBlockError)}),
		}},
	} {
		begin := begin
		if test.judge {
			begin = beginJudged
		}
		r := replayed{prefer: prefer}
		r.begin(&chain.Config{K: 2, Judge: test.judge})
		got := ""
		for i, s := range slices.Concat(begin, test.steps) {
			if f := r.step(s.event, s.effects); f != nil {
				if got = f.oracle; i < len(begin) {
					t.Fatalf("step %d: %s", i, f.text)
				}
				break
			}
		}
		if got != test.want {
			t.Errorf("%s: oracle %q, want %q", test.name, got, test.want)
		}
	}
}

// A core that goes on from points or blocks is replayed from there, one after
// another in a recording; where effects are not those recorded, it says so.
func TestReplay(t *testing.T) {
	tree := &tree{blocks: make([]block, 1), raw: make([]byte, 84)}
	line := []blockID{0}
	for i := range 8 {
		line = append(line, tree.grow(line[i], 1, 100))
	}
	var steps []Step
	record := func(input []byte, effects []chain.Effect) {
		steps = append(steps, Step{input, sha256.Sum256(chain.AppendEffects(nil, effects))})
	}
	run := func(cfg chain.Config, from int) {
		cfg.K, cfg.Prefer = 3, prefer
		record(chain.AppendConfig(nil, &cfg), nil)
		core, err := chain.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Duration(0)
		var tell func(chain.Event)
		tell = func(ev chain.Event) {
			now += time.Second
			effects := slices.Clone(core.Step(now, ev))
			record(chain.AppendEvent(nil, now, ev), effects)
			for _, e := range effects {
				switch e := e.(type) {
				case chain.Fetch:
					for _, h := range e.Headers {
						tell(chain.BlockFetched{Peer: 7, Range: e.Range, Point: h.Point(), Bytes: h.BlockSize()})
					}
					tell(chain.RangeDone{Peer: 7, Range: e.Range})
				case chain.Adopt:
					tell(chain.Consumed{Bytes: e.Bytes})
				}
			}
		}
		tip := tree.tip(line[8])
		tell(chain.PeerConnected{Peer: 7})
		tell(chain.Intersected{Peer: 7, Point: tree.point(line[from]), Tip: tip})
		tell(chain.RolledBack{Peer: 7, Point: tree.point(line[from]), Tip: tip})
		for _, id := range line[from+1:] {
			tell(chain.Headers{Peer: 7, Headers: []ledger.Header{tree.blocks[id].h}, Tip: tip})
		}
		tell(chain.PeerGone{Peer: 7})
	}
	run(chain.Config{}, 0)
	run(chain.Config{Anchor: tree.tip(line[1]), Adopted: []ledger.Header{tree.blocks[line[2]].h, tree.blocks[line[3]].h}}, 3)
	run(chain.Config{Points: []ledger.Point{tree.point(line[6]), tree.point(line[4]), ledger.Origin}}, 6)
	told, err := Replay(steps, prefer)
	if err != nil || told.Cores != 3 || told.Steps != len(steps) || told.Adopted != 8+5+2 {
		t.Errorf("%v, %v: want %d steps", told, err, len(steps))
	}

	// What a later version adds is left out, and told.
	later := slices.Clone(steps)
	later[0].Input = slices.Concat([]byte{later[0].Input[0] + 2}, later[0].Input[1:], []byte{0xf4, 5}) // Judge first, which may be left out
	later = slices.Insert(later, 9, Step{Input: []byte{0x82, 0x18, 200, 7}})
	told.Unknown = 2
	if again, err := Replay(later, prefer); err != nil || again != told || !strings.Contains(again.String(), "2 inputs not known") {
		t.Errorf("%v, %v, want %v", again, err, told)
	}

	steps[30].Effects[0]++
	var wrong *ReplayError
	if _, err := Replay(steps, prefer); !errors.As(err, &wrong) || wrong.Step != 30 || wrong.Oracle != "effects" {
		t.Errorf("an effect changed: %v", err)
	}
	steps[30].Input = []byte{0xff}
	if _, err := Replay(steps, prefer); !errors.As(err, &wrong) || wrong.Step != 30 {
		t.Errorf("no input: %v", err)
	}
	if _, err := Replay(steps[1:], nil); !errors.As(err, &wrong) || wrong.Step != 0 {
		t.Errorf("no beginning: %v", err)
	}
}
