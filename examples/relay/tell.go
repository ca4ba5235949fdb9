package main

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// tellStart says what the relay is about to do.
func (p *program) tellStart(address string, submit net.Listener) {
	s := p.relay.Status()
	peers := p.o.peers
	if len(peers) == 0 && !p.o.serveOnly {
		peers = p.network.Bootstrap
	}
	var b strings.Builder
	network := fmt.Sprintf("%s (network magic %d)", p.network.Name, p.network.Magic)
	if !cli.Known(p.network) {
		network = fmt.Sprintf("the network with magic %d", p.network.Magic)
	}
	fmt.Fprintf(&b, "relay on %s, serving on %s\n", network, address)
	if p.o.serveOnly {
		b.WriteString("follows no peer\n")
	} else {
		fmt.Fprintf(&b, "follows %s\n", strings.Join(peers, ", "))
	}
	keep := "in memory, at most " + size(float64(p.o.keep)) + "; -data DIR keeps them on disk"
	switch {
	case p.o.data != "":
		keep = "in " + p.o.data
		if p.o.keepLast > 0 {
			keep += fmt.Sprintf("; older ones than the last %s are dropped", count(p.o.keepLast))
		}
	case p.o.immutable != "":
		keep = fmt.Sprintf("from %s, new ones in memory, at most %s", p.o.immutable, size(float64(p.o.keep)))
	}
	fmt.Fprintf(&b, "blocks %s\n", keep)
	if p.o.data != "" || p.o.immutable != "" {
		fmt.Fprintf(&b, "starts after %s\n", block(s.Tip))
		if !s.First.IsOrigin() {
			fmt.Fprintf(&b, "the folder begins at slot %s, not at the origin: only nodes that have one of its blocks can follow\n", count(uint64(s.First.Slot)))
		}
	}
	if submit != nil {
		fmt.Fprintf(&b, "takes transactions at http://%s%s\n", dialable(submit.Addr()), submitPath)
	}
	needed, limit := p.relay.Files()
	if n := p.relay.MaxInbound(); n < *p.o.maxInbound {
		fmt.Fprintf(&b, "serves %d nodes at most, not %d: the process may open %s files and needs %s; allow more with ulimit -n\n",
			n, *p.o.maxInbound, count(uint64(limit)), count(uint64(needed)))
	} else if limit > 0 {
		fmt.Fprintf(&b, "serves %d nodes at most, with up to %s open files of the %s that the process may open\n", n, count(uint64(needed)), count(uint64(limit)))
	}
	if s.Moved > 0 {
		fmt.Fprintf(&b, "moved %s chunk files to %s, where cardano-node has them, too; docs/folder.md says how to go back\n", count(uint64(s.Moved)), filepath.Join(p.o.data, "immutable"))
	}
	if s.Removed > 0 {
		fmt.Fprintf(&b, "removed %s that a crash had left incomplete at the end of %s\n", size(float64(s.Removed)), p.o.data)
	}
	b.WriteString(checks(p.o))
	e := event{
		Event: "start", Network: p.network.Name, Magic: p.network.Magic, Listen: address, Inbound: p.relay.MaxInbound(), Needed: needed, Files: limit, Follow: peers,
		text: b.String(),
	}
	if !s.First.IsOrigin() {
		slot := uint64(s.First.Slot)
		e.First, p.first = &slot, s.First.Slot
	}
	if submit != nil {
		e.Submit = submit.Addr().String()
	}
	if !p.o.serveOnly {
		e.Verified, e.NotVerified = p.o.checked()
	}
	p.out.event(e.at(s.Tip))
}

// tellEnd is the summary, once all has ended; last is the status just before.
func (p *program) tellEnd(reason string, last relay.Status) {
	now := time.Now()
	s := p.relay.Status()
	s.Upstream, s.Downstream = last.Upstream, last.Downstream
	took := now.Sub(p.start)
	text := fmt.Sprintf("%s: %s; %s, %s in %s", reason, block(s.Tip),
		plural(s.Blocks, "block"), size(float64(s.Bytes)), took.Round(time.Millisecond))
	if rate := float64(s.Blocks) / took.Seconds(); rate >= 1 {
		text += fmt.Sprintf(" (%s blocks/s)", count(int64(rate)))
	}
	if s.Txs.Received > 0 {
		text += "; " + transactions(s.Txs)
	}
	if p.o.data != "" && s.Folder != s.Tip {
		text += fmt.Sprintf("; %s ends at block %s, later ones can still be rolled back", p.o.data, count(uint64(s.Folder.BlockNo)))
	}
	p.out.close()
	p.out.event(event{Event: "end", status: p.status(s, now), text: text}.at(s.Tip))
}

// connected tells of a connection: of one that another node opened only programs, for
// people see the number.
func (p *program) connected(c *node.Conn) {
	v := uint16(c.Agreement().Version)
	if !c.Dialled() {
		p.out.event(event{Event: "served", Peer: c.Peer(), Version: v, quiet: true})
		return
	}
	p.out.event(event{
		Event: "connected", Peer: c.Peer(), Version: v,
		text: fmt.Sprintf("connected to %s, node-to-node version %d", c.Peer(), v),
	})
}

func (p *program) lost(address string, err error, retry time.Duration) {
	what, reason := why(follow.PeerStatus{Address: address, Err: err})
	if p.tellDamage(err) {
		reason = "" // that is told
	} else {
		reason += cli.OtherNetwork(err, p.network)
	}
	p.out.event(event{
		Event: "lost", Peer: address, Error: err.Error(), Blame: node.Blame(err), Retry: round(retry.Seconds(), 1),
		text: fmt.Sprintf("%s; next try in %s", p.because(address, what, reason), span(retry)),
	})
}

// stopped tells why the chain of a peer is not followed.
func (p *program) stopped(address string, err error, retry time.Duration) {
	what := "cannot follow " + address
	p.out.event(event{
		Event: "stopped", Peer: address, Error: what + ": " + err.Error(), Retry: round(retry.Seconds(), 1),
		text: fmt.Sprintf("%s; next try in %s", p.because(address, what, err.Error()), span(retry)),
	})
}

// because adds the reason to what is wrong with a peer, unless people have read it
// already: it stays the same for most that are tried again and again.
func (p *program) because(address, what, reason string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case reason == "":
		return what
	case p.reasons[address] == reason:
		return what + " again"
	}
	p.reasons[address] = reason
	return what + ": " + reason
}

// closed tells programs that a connection which another node opened has ended; lost
// tells of others. A damaged folder shows only when a node asks for a block in it.
func (p *program) closed(c *node.Conn) {
	if c.Dialled() {
		return
	}
	e := event{Event: "left", Peer: c.Peer(), Blame: node.Blame(c.Err()), quiet: true}
	if err := c.Err(); err != nil && !errors.Is(err, net.ErrClosed) { // which is an end of our own
		e.Error = err.Error()
	}
	p.out.event(e)
	p.tellDamage(c.Err())
}

// tellDamage tells of each damaged place once. It reports whether err is about one.
func (p *program) tellDamage(err error) bool {
	var damage *immutable.DamageError
	if !errors.As(err, &damage) {
		return false
	}
	if _, told := p.damage.LoadOrStore(*damage, true); !told {
		p.out.event(event{Event: "damage", Error: damage.Error(), text: "cannot serve all blocks: " + damage.Error()})
	}
	return true
}

// observe tells of rollbacks, and of each block once the tip was reached, however long
// it was on its way.
func (p *program) observe(ev follow.Event) {
	switch ev := ev.(type) {
	case follow.RollForward:
		p.tally.block(ev.From, len(ev.Block.Raw))
		if p.reached.Load() {
			p.tellBlock(&ev.Block, ev.From)
		}
	case follow.RollBackward:
		if !p.started { // every run starts with one
			p.started = true
			return
		}
		p.out.event(event{Event: "rollback", text: "rolled back to " + block(ev.To)}.at(ev.To))
	}
}

// tellBlock tells of a new block: from whom, how long after the start of its slot it
// was stored and announced, if the network's slots are known, and how many
// transactions it has.
func (p *program) tellBlock(b *ledger.Block, from string) {
	e := event{Event: "block", Peer: from, Size: len(b.Raw), quiet: true}
	if cli.Known(p.network) {
		delay := round(time.Since(p.network.SlotTime(b.Header.Slot)).Seconds(), 3)
		p.tally.delay(delay)
		e.Delay = &delay
	}
	if txs, err := b.Txs(); err == nil { // its body was checked
		n := len(txs)
		e.Txs = &n
	}
	p.out.event(e.at(b.Header.Tip()))
}
