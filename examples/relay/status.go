package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// status is how it goes: the numbers of the status line.
type status struct {
	Connected  int      `json:"peers_connected"`
	Peers      int      `json:"peers"`
	Downstream int      `json:"downstream"`
	Target     *uint64  `json:"upstream_block,omitempty"` // highest that a peer announced
	Behind     *float64 `json:"behind_s,omitempty"`       // between the tip's slot and now, if the network's slots are known
	Delay      *float64 `json:"last_delay_s,omitempty"`   // that the last event block told
	Blocks     int64    `json:"blocks"`                   // since the start
	Bytes      int64    `json:"bytes"`
	BlockRate  float64  `json:"blocks_per_s"`
	ByteRate   float64  `json:"bytes_per_s"`
	ETA        *float64 `json:"eta_s,omitempty"` // until the tip of the peers
	AtTip      bool     `json:"at_tip"`
	InMemory   int64    `json:"memory_bytes"` // of blocks
	Headers    int64    `json:"headers_verified"`
	Checks     []string `json:"checks,omitempty"` // of the last block's header
	Received   int64    `json:"txs_received"`     // since the start, from nodes that this one serves, and submitted
	Passed     int64    `json:"txs_passed"`       // of them, those that a peer asked for
	Waiting    int      `json:"txs_waiting"`      // that not every peer has heard of

	Upstream []peer `json:"upstream,omitempty"`

	tip     ledger.Tip
	first   ledger.Point // of the folder, if it begins after the origin
	trouble string       // what is wrong with a peer, without the reason, which has a line of its own, once
	stuck   error        // the same of all peers, if trying again cannot help
	checks  praos.Checks
}

// peer is one of those that are followed.
type peer struct {
	Address   string   `json:"peer"`
	Connected bool     `json:"connected"`
	Block     *uint64  `json:"block,omitempty"` // the highest that it announced
	RTT       *float64 `json:"rtt_s,omitempty"` // of the last keep-alive
	Blocks    int64    `json:"blocks"`          // adopted since the start that it sent first
	Bytes     int64    `json:"bytes"`           // of them
}

// statusOf puts together what there is to say at a time.
func statusOf(s relay.Status, network ledger.Network, m *meter, now time.Time) *status {
	st := &status{
		Peers: len(s.Upstream), Downstream: s.Downstream, Blocks: s.Blocks, Bytes: s.Bytes,
		AtTip: s.AtTip(), InMemory: s.InMemory, tip: s.Tip, first: s.First,
		Headers: s.Verified, Checks: checkNames(s.Checks), checks: s.Checks,
		Received: s.Txs.Received, Passed: s.Txs.Passed, Waiting: s.Txs.Waiting,
		stuck: s.Stuck,
	}
	for _, p := range s.Upstream {
		st.Upstream = append(st.Upstream, peerOf(p))
		switch {
		case p.Connected:
			st.Connected++
			if n := uint64(p.Tip.BlockNo); p.Announced && (st.Target == nil || n > *st.Target) {
				st.Target = &n
			}
			if p.Stopped != nil {
				st.trouble = "cannot follow " + p.Address
			}
		case p.Err != nil && st.trouble == "":
			st.trouble, _ = why(p)
		}
	}
	if cli.Known(network) {
		behind := round(max(0, now.Sub(network.SlotTime(s.Tip.Point.Slot))).Seconds(), 1)
		st.Behind = &behind
	}
	blockRate, byteRate := m.add(now, s.Blocks, s.Bytes)
	if st.Target != nil && !st.AtTip && blockRate > 0 && *st.Target > uint64(s.Tip.BlockNo) {
		eta := math.Round(float64(*st.Target-uint64(s.Tip.BlockNo)) / blockRate)
		st.ETA = &eta
	}
	st.BlockRate, st.ByteRate = round(blockRate, 1), math.Round(byteRate)
	return st
}

func peerOf(p follow.PeerStatus) peer {
	out := peer{Address: p.Address, Connected: p.Connected}
	if p.Announced {
		n := uint64(p.Tip.BlockNo)
		out.Block = &n
	}
	if p.Conn != nil {
		if rtt := p.Conn.RTT(); rtt > 0 {
			s := round(rtt.Seconds(), 4)
			out.RTT = &s
		}
	}
	return out
}

// why tells what is wrong with a peer that is not connected, with its name, and
// the reason.
func why(p follow.PeerStatus) (what, reason string) {
	var dial *net.OpError
	if errors.As(p.Err, &dial) && dial.Op == "dial" {
		return "cannot reach " + p.Address, cli.Cause(dial)
	}
	reason = p.Err.Error()
	var peer *node.PeerError
	if errors.As(p.Err, &peer) {
		reason = peer.Err.Error()
	}
	reason = cli.HungUp(reason, p.Err)
	switch {
	case errors.As(p.Err, new(*ledger.UnknownEraError)):
		return "cannot follow " + p.Address, reason
	case node.Permanent(p.Err):
		return p.Address + " refuses", reason
	}
	return "lost " + p.Address, reason
}

// String is the status line, with what matters most first: a narrow terminal
// shows only that.
func (s *status) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.Peers > 0 {
		add("%d/%d peers", s.Connected, s.Peers)
	}
	if s.tip.Point.IsOrigin() {
		add("no blocks yet")
	} else {
		number := count(uint64(s.tip.BlockNo))
		if s.Target != nil && *s.Target > uint64(s.tip.BlockNo) {
			number += "/" + count(*s.Target)
		}
		add("block %s", number)
	}
	switch {
	case s.Peers == 0:
	case s.Connected == 0 && s.trouble != "":
		add("%s", s.trouble)
	case s.Connected == 0:
		add("connecting")
	case s.AtTip:
		add("at the tip")
	case s.BlockRate == 0 && s.trouble != "":
		add("%s", s.trouble)
	default:
		speed := fmt.Sprintf("%s blocks/s, %s/s", count(int64(s.BlockRate)), size(s.ByteRate))
		if s.ETA != nil {
			speed += ", " + span(time.Duration(*s.ETA*float64(time.Second))) + " left"
		}
		add("%s", speed)
	}
	if !s.tip.Point.IsOrigin() {
		slot := "slot " + count(uint64(s.tip.Point.Slot))
		if s.Behind != nil {
			slot += ", " + span(time.Duration(*s.Behind*float64(time.Second))) + " behind"
		}
		add("%s", slot)
	}
	if s.Downstream > 0 || s.Peers == 0 {
		add("serving %d", s.Downstream)
	}
	if s.Received > 0 {
		parts = append(parts, transactions(relay.TxStatus{Received: s.Received, Passed: s.Passed, Waiting: s.Waiting}))
	}
	if s.Blocks > 0 {
		parts = append(parts, headerChecks(s.checks))
	}
	return strings.Join(parts, " | ")
}
