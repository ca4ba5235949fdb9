package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
)

// status is how it goes: the numbers of the status line.
type status struct {
	Connected  int      `json:"peers_connected"`
	Peers      int      `json:"peers"`
	Downstream int      `json:"downstream"`
	Target     *uint64  `json:"upstream_block,omitempty"` // highest that a peer announced
	Behind     float64  `json:"behind_s"`                 // between the tip's slot and now
	Blocks     int64    `json:"blocks"`                   // since the start
	Bytes      int64    `json:"bytes"`
	BlockRate  float64  `json:"blocks_per_s"`
	ByteRate   float64  `json:"bytes_per_s"`
	ETA        *float64 `json:"eta_s,omitempty"` // until the tip of the peers
	AtTip      bool     `json:"at_tip"`
	InMemory   int64    `json:"memory_bytes"` // of blocks

	tip     ledger.Tip
	trouble string // why nobody is followed
}

// statusOf puts together what there is to say at a time.
func statusOf(s relay.Status, network ledger.Network, m *meter, now time.Time) *status {
	st := &status{
		Peers: len(s.Upstream), Downstream: s.Downstream, Blocks: s.Blocks, Bytes: s.Bytes,
		AtTip: s.AtTip(), InMemory: s.InMemory, tip: s.Tip,
	}
	for _, p := range s.Upstream {
		switch {
		case p.Connected:
			st.Connected++
			if n := uint64(p.Tip.BlockNo); p.Announced && (st.Target == nil || n > *st.Target) {
				st.Target = &n
			}
			if p.Stopped != nil {
				st.trouble = fmt.Sprintf("cannot follow %s: %v", p.Address, p.Stopped)
			}
		case p.Err != nil && st.trouble == "":
			st.trouble = why(p)
		}
	}
	st.Behind = max(0, now.Sub(network.SlotTime(s.Tip.Point.Slot))).Seconds()
	st.BlockRate, st.ByteRate = m.add(now, s.Blocks, s.Bytes)
	if st.Target != nil && !st.AtTip && st.BlockRate > 0 && *st.Target > uint64(s.Tip.BlockNo) {
		eta := float64(*st.Target-uint64(s.Tip.BlockNo)) / st.BlockRate
		st.ETA = &eta
	}
	return st
}

// why tells why a peer is not connected, with its name once.
func why(p node.PeerStatus) string {
	text := p.Err.Error()
	if strings.Contains(text, p.Address) {
		return text
	}
	return p.Address + ": " + text
}

// String is the status line.
func (s *status) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.Peers > 0 {
		add("%d/%d peers", s.Connected, s.Peers)
	}
	add("serving %d", s.Downstream)
	if s.tip.Point.IsOrigin() {
		add("no blocks yet")
	} else {
		number := count(uint64(s.tip.BlockNo))
		if s.Target != nil && *s.Target > uint64(s.tip.BlockNo) {
			number += " of " + count(*s.Target)
		}
		add("block %s", number)
		add("slot %s", count(uint64(s.tip.Point.Slot)))
		add("%s behind", span(time.Duration(s.Behind*float64(time.Second))))
	}
	switch {
	case s.Peers == 0:
	case s.Connected == 0 && s.trouble != "":
		add("no peer: %s", s.trouble)
	case s.Connected == 0:
		add("connecting")
	case s.AtTip:
		add("at the tip")
	case s.BlockRate == 0 && s.trouble != "":
		add("%s", s.trouble)
	default:
		add("%s blocks/s", count(int64(s.BlockRate)))
		add("%s/s", size(s.ByteRate))
		if s.ETA != nil {
			add("tip in %s", span(time.Duration(*s.ETA*float64(time.Second))))
		}
	}
	return strings.Join(parts, " | ")
}
