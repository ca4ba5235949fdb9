package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

func tip(block, slot uint64) ledger.Tip {
	return ledger.Tip{Point: ledger.Point{Slot: ledger.Slot(slot), Hash: ledger.Hash{byte(block)}}, BlockNo: ledger.BlockNo(block)}
}

func TestStatusLine(t *testing.T) {
	now := ledger.Preview.Start.Add(100 * time.Hour)
	refused := &node.PeerError{Peer: "a:1", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}
	for _, test := range []struct {
		name   string
		status relay.Status
		want   string
	}{
		{"at the start", relay.Status{Upstream: []follow.PeerStatus{{Address: "a:1"}}},
			"0/1 peers | no blocks yet | connecting"},
		{"nobody there", relay.Status{Upstream: []follow.PeerStatus{{Address: "a:1", Err: refused}}},
			"0/1 peers | no blocks yet | cannot reach a:1"},
		{"lost", relay.Status{Tip: tip(5, 3600), Upstream: []follow.PeerStatus{{Address: "a:1", Err: &node.PeerError{Peer: "a:1", Err: errors.New("EOF")}}}},
			"0/1 peers | block 5 | lost a:1 | slot 3,600, 4d 3h behind"},
		{"syncing", relay.Status{Tip: tip(1000, 20000), Blocks: 1000, Bytes: 2e6, Downstream: 3,
			Upstream: []follow.PeerStatus{{Address: "a:1", Connected: true, Announced: true, Tip: tip(61000, 359990)}, {Address: "b:1", Err: refused}}},
			"1/2 peers | block 1,000/61,000 | 1,000 blocks/s, 2.0 MB/s, 1m 0s left | slot 20,000, 3d 22h behind | serving 3 | headers not verified"},
		{"verified", relay.Status{Tip: tip(70, 359990), Blocks: 1, Checks: praos.Envelope | praos.Certificate | praos.KES | praos.VRF | praos.Bound,
			Upstream: []follow.PeerStatus{{Address: "a:1", Connected: true, Announced: true, Tip: tip(70, 359990)}}},
			"1/1 peers | block 70 | at the tip | slot 359,990, 10s behind | verified certificate, KES, VRF, not stake"},
		{"at the tip", relay.Status{Tip: tip(70, 359990), Upstream: []follow.PeerStatus{{Address: "a:1", Connected: true, Announced: true, Tip: tip(70, 359990)}}},
			"1/1 peers | block 70 | at the tip | slot 359,990, 10s behind"},
		{"another chain", relay.Status{Tip: tip(70, 359990), Upstream: []follow.PeerStatus{{Address: "a:1", Connected: true, Announced: true, Stopped: errors.New("no intersection"), Tip: tip(80, 359995)}}},
			"1/1 peers | block 70/80 | cannot follow a:1 | slot 359,990, 10s behind"},
		{"unknown era", relay.Status{Tip: tip(70, 359990), Upstream: []follow.PeerStatus{{Address: "a:1", Err: &node.PeerError{Peer: "a:1", Err: &ledger.UnknownEraError{What: "header", Era: 8}}}}},
			"0/1 peers | block 70 | cannot follow a:1 | slot 359,990, 10s behind"},
		{"transactions", relay.Status{Tip: tip(70, 359990), Txs: relay.TxStatus{Received: 1204, Passed: 1200, Waiting: 3}, Upstream: []follow.PeerStatus{{Address: "a:1", Connected: true, Announced: true, Tip: tip(70, 359990)}}},
			"1/1 peers | block 70 | at the tip | slot 359,990, 10s behind | 1,200 transactions passed on, 3 waiting"},
		{"only serving", relay.Status{Tip: tip(70, 359990), Downstream: 2},
			"block 70 | slot 359,990, 10s behind | serving 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var m meter
			m.add(now.Add(-time.Second), 0, 0)
			if got := statusOf(test.status, ledger.Preview, &m, now).String(); got != test.want {
				t.Errorf("got\n%s, want\n%s", got, test.want)
			}
		})
	}
}

// That a peer has hung up is said in words.
func TestHungUp(t *testing.T) {
	what, reason := why(follow.PeerStatus{Address: "a:1", Err: &node.PeerError{Peer: "a:1", Err: io.EOF}})
	if what != "lost a:1" || reason != "the peer closed the connection" {
		t.Errorf("%s: %s", what, reason)
	}
}

func TestUnreachable(t *testing.T) {
	s := relay.Status{Upstream: []follow.PeerStatus{
		{Address: "a:1", Err: &node.PeerError{Peer: "a:1", Err: errors.New("EOF")}},
		{Address: "b:1"},
		{Address: "c:1", Connected: true, Stopped: errors.New("no intersection")},
	}}
	want := "no peer to follow: lost a:1, no answer yet from b:1, cannot follow c:1: check -peer, -network and the connection"
	if got := unreachable(s).Error(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if tried(s) || followed(s) || refused(s) {
		t.Error("tried, followed or refused")
	}
}

func TestReach(t *testing.T) {
	start := time.Unix(0, 0)
	lost := follow.PeerStatus{Address: "a:1", Err: errors.New("EOF")}
	refused := follow.PeerStatus{Address: "a:1", Err: &handshake.RefusedError{}}
	good := follow.PeerStatus{Address: "b:1", Connected: true}
	r := reach{start}
	for i, test := range []struct {
		at    time.Duration
		peers []follow.PeerStatus
		end   bool
	}{
		{0, []follow.PeerStatus{{}}, false},
		{59 * time.Second, []follow.PeerStatus{lost}, false},
		{59 * time.Second, []follow.PeerStatus{lost, good}, false},
		{118 * time.Second, []follow.PeerStatus{lost, refused}, false},
		{119 * time.Second, []follow.PeerStatus{lost, refused}, true},
	} {
		err := r.check(relay.Status{Upstream: test.peers}, start.Add(test.at))
		if (err != nil) != test.end {
			t.Errorf("%d: %v", i, err)
		}
	}
	if r := (reach{start}); r.check(relay.Status{Upstream: []follow.PeerStatus{refused, refused}}, start) == nil {
		t.Error("goes on although all peers refuse")
	}
}

// The status is an event when something changed, but not more often than once a
// second, and once a minute in any case. Time that passes is no change.
func TestStatusEvents(t *testing.T) {
	start := ledger.Preview.Start.Add(100 * time.Hour)
	var m meter
	var p pacer
	var told []time.Duration
	s := relay.Status{Tip: tip(70, 359990), Upstream: []follow.PeerStatus{{Address: "a:1", Connected: true, Announced: true, Tip: tip(80, 359995)}}}
	changes := map[time.Duration]func(){
		10 * time.Second:                       func() { s.Tip = tip(71, 359991); s.Blocks++ }, // and 5 s later there is no rate any more
		20 * time.Second:                       func() { s.Downstream++ },
		20*time.Second + 300*time.Millisecond:  func() { s.Downstream++ },
		30 * time.Second:                       func() { s.Txs.Received++; s.Txs.Waiting++ },
		40 * time.Second:                       func() { s.Upstream[0].Tip = tip(81, 359996) },
		130*time.Second + 500*time.Millisecond: func() { s.Upstream[0].Connected = false },
	}
	for at := time.Duration(0); at < 200*time.Second; at += refresh {
		if change := changes[at]; change != nil {
			change()
		}
		if p.due(start.Add(at), statusOf(s, ledger.Preview, &m, start.Add(at))) {
			told = append(told, at.Truncate(time.Second/10))
		}
	}
	want := "[0s 10s 15s 20s 21s 30s 40s 1m40s 2m10.5s 3m10.5s]"
	if got := fmt.Sprint(told); got != want {
		t.Errorf("told at %v\nwant    %v", got, want)
	}
}

// What time alone changes is no fact, nor is how long a keep-alive took.
func TestStatusFacts(t *testing.T) {
	number := func(x float64) *float64 { return &x }
	one := status{Behind: number(1), BlockRate: 3, ByteRate: 100, ETA: number(7), Upstream: []peer{{Address: "a:1", RTT: number(0.1)}}}
	two := status{Behind: number(2), BlockRate: 4, ByteRate: 101, ETA: number(6), Upstream: []peer{{Address: "a:1", RTT: number(0.2)}}}
	if one.facts() != two.facts() {
		t.Errorf("%s\n%s", one.facts(), two.facts())
	}
	for _, other := range []status{{}, {BlockRate: 3}, {BlockRate: 3, Upstream: []peer{{Address: "a:1", Bytes: 1}}}} {
		if other.facts() == one.facts() {
			t.Errorf("the same: %s", other.facts())
		}
	}
	if *one.Upstream[0].RTT != 0.1 || one.BlockRate != 3 {
		t.Errorf("changed to %+v", one)
	}
}

// Each block that comes once the tip was reached is an event, also if a status came
// between its header and itself.
func TestNewBlocks(t *testing.T) {
	chain := newChain(1).Grow(4)
	var told strings.Builder
	p := &program{o: new(options), out: &jsonOutput{w: &told}, network: ledger.Preview}
	look := func(announced uint64, atTip bool) { p.printChanges(&status{Target: &announced, AtTip: atTip}) }
	adopt := func(n int) { p.observe(follow.RollForward{Block: chain.Blocks()[n], From: "a:1"}) }
	look(1, false)
	adopt(0)
	adopt(1)
	look(1, true)
	look(3, false)
	adopt(2)
	adopt(3)
	var blocks []int
	for _, text := range strings.Split(strings.TrimSpace(told.String()), "\n") {
		var e line
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		if e.Event == "block" {
			blocks = append(blocks, e.Block)
		}
	}
	if fmt.Sprint(blocks) != "[2 3]" {
		t.Errorf("blocks %v are told, want 2 and 3", blocks)
	}
}

// What each peer sent, and the last delay, are in the status.
func TestTally(t *testing.T) {
	var all tally
	all.block("a:1", 100)
	all.block("b:1", 30)
	all.block("a:1", 20)
	all.delay(0.25)
	st := &status{Upstream: []peer{{Address: "a:1"}, {Address: "c:1"}}}
	all.add(st)
	if a, c := st.Upstream[0], st.Upstream[1]; a.Blocks != 2 || a.Bytes != 120 || c.Blocks != 0 || st.Delay == nil || *st.Delay != 0.25 {
		t.Errorf("%+v, %+v, delay %v", a, c, st.Delay)
	}
}
