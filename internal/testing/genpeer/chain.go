package genpeer

import (
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// follower asks on chain-sync.
type follower struct {
	*World
	tip   ledger.Tip // as last told
	at    ledger.Point
	known bool // at is where the other side's read pointer stands
	fresh bool // nothing has come since it was set there
	asked [][]ledger.Point

	linked bool // the next header follows at
}

// Compose first asks for an intersection where the answer that hope names cannot come
// otherwise.
func (a *follower) Compose(label, hope string) protocol.Message {
	switch label {
	case "MsgDone":
		return chainsync.Done{}
	case "MsgFindIntersect":
		return a.intersect(hope)
	}
	atTip := a.known && a.at == a.tip.Point
	switch {
	case hope == "MsgAwaitReply" && !atTip && a.tip != (ledger.Tip{}):
		return a.find(a.tip.Point)
	case hope == "MsgAwaitReply" && !a.known:
		return a.intersect("MsgIntersectFound")
	case hope == "MsgRollForward" && atTip && !a.fresh && !a.at.IsOrigin():
		return a.find(ledger.Origin)
	case hope == "MsgRollBackward" && !a.fresh:
		return a.intersect("MsgIntersectFound")
	}
	return chainsync.RequestNext{}
}

func (a *follower) intersect(hope string) protocol.Message {
	var points []ledger.Point
	for range a.Rand.IntN(3) {
		points = append(points, a.nowhere())
	}
	if hope == "MsgIntersectFound" || hope == "" && a.chance(2) {
		if len(a.Blocks) > 0 && a.chance(2) {
			points = append(points, a.World.tip(1+a.Rand.IntN(len(a.Blocks))).Point)
		}
		points = append(points, ledger.Origin)
	}
	if len(points) == 0 {
		points = append(points, a.nowhere())
	}
	return a.find(points...)
}

func (a *follower) find(points ...ledger.Point) protocol.Message {
	a.asked = append(a.asked, points)
	return chainsync.FindIntersect{Points: points}
}

// Heard checks that an intersection was offered, that the origin is found, that
// the first update after it is a rollback to it or further, and that headers
// can be read and link. (miniprotocols, 1)
func (a *follower) Heard(m protocol.Message) error {
	before, fresh := a.at, a.fresh
	if err := a.heard(m); err != nil {
		return err
	}
	switch m := m.(type) {
	case chainsync.RollForward:
		h, err := a.Network.ParseHeader(m.Header)
		switch {
		case err != nil:
			return err
		case fresh:
			return fmt.Errorf("no rollback after an intersection at %v", before)
		case a.linked && !h.PrevIs(before):
			return fmt.Errorf("%v does not follow %v", h.Point(), before)
		}
		a.linked = true
	case chainsync.RollBackward:
		if m.Point.Slot > before.Slot && a.linked {
			return fmt.Errorf("rolled back from %v to %v", before, m.Point)
		}
		a.linked = true
	case chainsync.IntersectFound:
		a.linked = true
	}
	return nil
}

func (a *follower) heard(m protocol.Message) error {
	switch m := m.(type) {
	case chainsync.RollForward:
		a.tip, a.fresh = m.Tip, false
		h, err := a.Network.ParseHeader(m.Header)
		a.at, a.known = h.Point(), err == nil
		return err
	case chainsync.RollBackward:
		a.tip, a.at, a.known, a.fresh = m.Tip, m.Point, true, false
	case chainsync.IntersectFound:
		a.tip, a.at, a.known, a.fresh = m.Tip, m.Point, true, true
		return a.answered(m.Point, true)
	case chainsync.IntersectNotFound:
		a.tip = m.Tip
		return a.answered(ledger.Origin, false)
	}
	return nil
}

// answered checks the answer to the oldest offer of points.
func (a *follower) answered(p ledger.Point, found bool) error {
	points := a.asked[0]
	a.asked = a.asked[1:]
	if slices.Contains(points, p) != found {
		return fmt.Errorf("%v for %v", p, points)
	}
	return nil
}

// leader answers on chain-sync.
type leader struct {
	*World
	n     int  // blocks that the follower has
	back  bool // it is owed a rollback to them
	asked [][]ledger.Point
}

// Compose answers from the chain; nil if the message would be wrong now or, from an
// honest node, unlikely.
func (a *leader) Compose(label, _ string) protocol.Message {
	tip := a.tip(len(a.Blocks))
	switch label {
	case "MsgAwaitReply":
		if a.Honest && (a.back || a.n < len(a.Blocks)) {
			return nil
		}
		return chainsync.AwaitReply{}
	case "MsgRollForward":
		if a.back || a.n == len(a.Blocks) {
			return nil
		}
		a.n++
		return chainsync.RollForward{Header: a.Blocks[a.n-1].Header.Raw, Tip: tip}
	case "MsgRollBackward":
		if !a.back {
			if a.Honest || a.chance(2) && a.n < len(a.Blocks) {
				return nil
			}
			a.n = a.Rand.IntN(a.n + 1)
		}
		a.back = false
		return chainsync.RollBackward{Point: a.tip(a.n).Point, Tip: tip}
	}
	points := a.asked[0]
	for _, p := range points {
		if n, ok := a.position(p); ok {
			if label == "MsgIntersectNotFound" {
				return nil
			}
			a.asked, a.n, a.back = a.asked[1:], n, true
			return chainsync.IntersectFound{Point: p, Tip: tip}
		}
	}
	if label == "MsgIntersectFound" {
		return nil
	}
	a.asked = a.asked[1:]
	return chainsync.IntersectNotFound{Tip: tip}
}

// Heard keeps the points until they are answered.
func (a *leader) Heard(m protocol.Message) error {
	if m, ok := m.(chainsync.FindIntersect); ok {
		a.asked = append(a.asked, m.Points)
	}
	return nil
}
