package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// journal writes down when each block of the demo was made and when it came to
// the relay and to the follower, and tells about it.
type journal struct {
	out   output
	chain *chaintest.Chain
	start time.Time

	mu       sync.Mutex
	initial  ledger.Tip
	made     map[ledger.Point]mark
	relay    map[ledger.Point]time.Time
	relayTip ledger.Tip
	held     []ledger.Block       // of the follower
	backs    int                  // rollbacks that the follower saw
	txs      map[ledger.TxID]bool // of the follower, that came to upstream
	changed  wake.All             // when held or txs changes
}

// mark is a block as upstream made it.
type mark struct {
	raw ledger.RawBlock
	at  time.Time
}

func newJournal(chain *chaintest.Chain, out output) *journal {
	j := &journal{
		out: out, chain: chain, start: time.Now(), initial: chain.Tip(),
		made:  make(map[ledger.Point]mark),
		relay: make(map[ledger.Point]time.Time),
		txs:   make(map[ledger.TxID]bool),
	}
	for _, b := range chain.Blocks() {
		j.made[b.Header.Point()] = mark{b.Raw, j.start}
	}
	return j
}

// say tells what a node did, or what happened to a block; tip is what it is
// about.
func (j *journal) say(who, what string, tip ledger.Tip, format string, args ...any) {
	j.tell(event{Event: "demo_" + what, Peer: who}.at(tip), format, args...)
}

// tell adds the text to an event.
func (j *journal) tell(e event, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if e.Peer != "" {
		text = fmt.Sprintf("%-9s %s", e.Peer, text)
	}
	e.text = fmt.Sprintf("%6.2f s  %s", time.Since(j.start).Seconds(), text)
	j.out.event(e)
}

// grow changes the chain and writes down its new blocks.
func (j *journal) grow(change func()) {
	j.mu.Lock() // nobody gets a block before it is written down
	defer j.mu.Unlock()
	now := time.Now()
	change()
	blocks := j.chain.Blocks()
	for i := len(blocks) - 1; i >= 0; i-- {
		p := blocks[i].Header.Point()
		if _, ok := j.made[p]; ok {
			return
		}
		j.made[p] = mark{blocks[i].Raw, now}
	}
}

// forking tells of what comes next.
func (j *journal) forking(back, forward int) {
	tip := j.chain.Tip()
	j.say("upstream", "fork", tip, "switches forks: drops its last %s, adds %d others", plural(back, "block"), forward)
}

// relayed takes an event of the relay.
func (j *journal) relayed(ev follow.Event) {
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	switch ev := ev.(type) {
	case follow.RollForward:
		h := &ev.Block.Header
		j.relay[h.Point()], j.relayTip = now, h.Tip()
		if h.Tip() == j.initial {
			j.say("relay", "caught_up", j.initial, "has all of upstream's %s", plural(len(j.relay), "block"))
		}
	case follow.RollBackward:
		if !j.relayTip.Point.IsOrigin() {
			j.say("relay", "rollback", ev.To, "rolls back to block %s", count(uint64(ev.To.BlockNo)))
		}
	}
}

// followed takes an event of the follower. It returns an error if a block is
// not what upstream made.
func (j *journal) followed(ev follow.Event) error {
	now := time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.changed.Wake()
	switch ev := ev.(type) {
	case follow.RollForward:
		return j.got(ev.Block, now)
	case follow.RollBackward:
		n := len(j.held)
		for n > 0 && j.held[n-1].Header.Point() != ev.To.Point {
			n--
		}
		if len(j.held) > 0 {
			j.backs++
			j.say("follower", "rollback", ev.To, "rolls back to block %s", count(uint64(ev.To.BlockNo)))
		}
		j.held = j.held[:n]
	}
	return nil
}

// got takes a block of the follower.
func (j *journal) got(b ledger.Block, now time.Time) error {
	tip := b.Header.Tip()
	made, ok := j.made[tip.Point]
	if !ok || !bytes.Equal(made.raw, b.Raw) {
		return fmt.Errorf("%s differs from upstream's: this is a bug, please report it", block(tip))
	}
	j.held = append(j.held, b)
	switch {
	case tip == j.initial:
		j.say("follower", "caught_up", tip, "has them from the relay, the same bytes; now upstream makes more")
		j.out.event(event{text: "\n          block  hash          size   at relay  at follower\n"})
	case tip.BlockNo > j.initial.BlockNo:
		relayed, ok := j.relay[tip.Point]
		if !ok {
			relayed = now // the relay had it before, and is about to say so
		}
		j.say("", "block", tip, "%s  %.8s  %8s  %5.1f ms     %5.1f ms   same bytes",
			count(uint64(tip.BlockNo)), tip.Point.Hash, size(float64(len(b.Raw))),
			milliseconds(relayed.Sub(made.at)), milliseconds(now.Sub(made.at)))
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// waitFor waits until the follower's last block is tip.
func (j *journal) waitFor(ctx context.Context, tip ledger.Tip) bool {
	return j.wait(ctx, func() bool {
		n := len(j.held)
		return n > 0 && j.held[n-1].Header.Tip() == tip
	})
}

// wait waits for a condition on what mu guards.
func (j *journal) wait(ctx context.Context, is func() bool) bool {
	for {
		j.mu.Lock()
		there, changed := is(), j.changed.Next()
		j.mu.Unlock()
		if there {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// compare holds all blocks of the follower against upstream's: it may be
// behind, but not differ.
func (j *journal) compare() (blocks, size int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	chain := j.chain.Blocks()
	for i, b := range j.held {
		if i >= len(chain) || !bytes.Equal(chain[i].Raw, b.Raw) {
			return 0, 0, fmt.Errorf("the follower's %s differs from upstream's: this is a bug, please report it", block(b.Header.Tip()))
		}
		size += len(b.Raw)
	}
	return len(j.held), size, nil
}

// rollbacks returns how many the follower saw.
func (j *journal) rollbacks() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.backs
}
