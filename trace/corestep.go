package trace

import (
	"crypto/sha256"
	"fmt"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/ledger"
)

// core is what the decoder knows of a pure core. What it decided is not in a
// recording but as a hash, so the decoder lets a core decide again.
type core struct {
	name   string
	next   uint64 // number of the next step
	replay chain.Replayer
	given  string // why its steps are not taken again any more

	differs bool // from what was recorded, since it began
}

// step prints a step of a core: what happened and, a line each, what the core
// does about it now.
func (d *decoder) step(r Record) {
	d.sum.Steps++
	c := d.cores[r.ID]
	if c == nil {
		d.line(r, r.ID, "* step %d of a core whose start is missing: not decoded", r.Number)
		return
	}
	in, err := chain.ParseInput(r.Data)
	if err != nil {
		d.line(r, r.ID, "* %s step %d: event of %d B, effects %x…", c.name, r.Number, len(r.Data), r.Effects[:4])
		d.giveUp(r, c, err.Error())
		return
	}
	d.line(r, r.ID, "* %s step %d: %s", c.name, r.Number, describeInput(in))
	if r.Number != c.next {
		d.giveUp(r, c, fmt.Sprintf("step %d should come next", c.next))
	}
	c.next = r.Number + 1
	if in.Unknown != nil {
		d.sum.Unknown++
	}
	if in.Config != nil {
		c.given, c.differs = "", false // a fresh core, whatever was before
	}
	if c.given != "" {
		return
	}
	_, effects, err := c.replay.StepDecoded(r.Data)
	if err != nil {
		d.giveUp(r, c, err.Error())
		return
	}
	for _, e := range effects {
		d.line(r, r.ID, "    %s", describeEffect(e))
	}
	if in.Config == nil && in.Event == nil {
		return // what followed is not known here, either
	}
	if sha256.Sum256(chain.AppendEffects(nil, effects)) != r.Effects {
		d.sum.Differences++
		why := ""
		if !c.differs {
			why = ": the steps after this one are about what followed from those"
		}
		c.differs = true
		d.line(r, r.ID, "    !! these are not the effects that were recorded%s", why)
	}
}

// giveUp says why the steps of a core are not taken again until it begins anew.
func (d *decoder) giveUp(r Record, c *core, why string) {
	if c.given == "" {
		d.line(r, r.ID, "    %s: effects are not shown from here on", why)
	}
	c.given = why
}

func describeInput(in chain.Input) string {
	text := ""
	switch {
	case in.Config != nil:
		text = "begin " + describeConfig(in.Config)
	case in.Event != nil:
		text = fmt.Sprintf("at %v %s", in.Now, describeEvent(in.Event))
	default:
		return fmt.Sprintf("at %v an event of kind %d, which is not known here: left out", in.Now, in.Unknown.Kind)
	}
	if in.Unknown != nil {
		text += fmt.Sprintf(" (fields not known here and left out: %d)", in.Unknown.Fields)
	}
	return text
}

func describeConfig(cfg *chain.Config) string {
	start := tip(cfg.Anchor)
	switch {
	case len(cfg.Points) > 0:
		start = points(cfg.Points)
	case len(cfg.Adopted) > 0:
		start += fmt.Sprintf(" and %d headers after it", len(cfg.Adopted))
	}
	return fmt.Sprintf("at %s, k %d", start, cfg.K)
}

func describeEvent(ev chain.Event) string {
	switch ev := ev.(type) {
	case chain.PeerConnected:
		return fmt.Sprintf("peer %d connected", ev.Peer)
	case chain.PeerGone:
		return fmt.Sprintf("peer %d is gone", ev.Peer)
	case chain.Intersected:
		return fmt.Sprintf("peer %d intersects at %s, tip %s", ev.Peer, point(ev.Point), tip(ev.Tip))
	case chain.NoIntersection:
		return fmt.Sprintf("peer %d has no intersection, tip %s", ev.Peer, tip(ev.Tip))
	case chain.Headers:
		return fmt.Sprintf("peer %d has %s, tip %s", ev.Peer, headers(ev.Headers), tip(ev.Tip))
	case chain.RolledBack:
		return fmt.Sprintf("peer %d rolls back to %s, tip %s", ev.Peer, point(ev.Point), tip(ev.Tip))
	case chain.BadHeader:
		return fmt.Sprintf("peer %d has a bad header %s: %v", ev.Peer, point(ev.Point), ev.Err)
	case chain.BlockFetched:
		return fmt.Sprintf("peer %d, range %d: block %s, %d B", ev.Peer, ev.Range, point(ev.Point), ev.Bytes)
	case chain.RangeDone:
		return fmt.Sprintf("peer %d, range %d: done", ev.Peer, ev.Range)
	case chain.NoBlocks:
		return fmt.Sprintf("peer %d, range %d: no blocks", ev.Peer, ev.Range)
	case chain.FetchFailed:
		return fmt.Sprintf("peer %d, range %d: failed", ev.Peer, ev.Range)
	case chain.Judged:
		text := fmt.Sprintf("block %s is judged %s", point(ev.Point), ev.Verdict)
		switch {
		case ev.Verdict == chain.Later:
			text += fmt.Sprintf(", in %v", ev.Retry)
		case ev.Err != nil:
			text += fmt.Sprintf(": %v", ev.Err)
		}
		return text
	case chain.Consumed:
		return fmt.Sprintf("%d B consumed", ev.Bytes)
	case chain.Tick:
		return "tick"
	}
	return fmt.Sprintf("%T", ev)
}

func describeEffect(e chain.Effect) string {
	switch e := e.(type) {
	case chain.FindIntersect:
		return fmt.Sprintf("find an intersection with peer %d: %s", e.Peer, points(e.Points))
	case chain.RequestHeaders:
		return fmt.Sprintf("ask peer %d for %d headers more", e.Peer, e.N)
	case chain.StopChainSync:
		return fmt.Sprintf("stop following peer %d for %v: %v", e.Peer, e.Retry, e.Err)
	case chain.Disconnect:
		return fmt.Sprintf("disconnect peer %d: %v", e.Peer, e.Err)
	case chain.Fetch:
		first, last := e.Headers[0], e.Headers[len(e.Headers)-1]
		return fmt.Sprintf("fetch from peer %d, range %d: %d blocks, %s to %s, about %d B",
			e.Peer, e.Range, len(e.Headers), tip(first.Tip()), tip(last.Tip()), e.Bytes)
	case chain.CancelFetch:
		return fmt.Sprintf("cancel range %d of peer %d", e.Range, e.Peer)
	case chain.Judge:
		text := fmt.Sprintf("judge %s after %s", tip(e.Header.Tip()), tip(e.After))
		if e.Again {
			text += ", again"
		}
		return text
	case chain.Adopt:
		return fmt.Sprintf("adopt %s, %d B", tip(e.Header.Tip()), e.Bytes)
	case chain.RollBack:
		return "roll back to " + tip(e.Tip)
	case chain.Immutable:
		return "immutable up to " + tip(e.Tip)
	case chain.Forget:
		return "forget " + point(e.Point)
	}
	return fmt.Sprintf("%T", e)
}

func headers(hs []ledger.Header) string {
	if len(hs) == 0 {
		return "no headers"
	}
	text := "1 header, "
	if len(hs) > 1 {
		text = fmt.Sprintf("%d headers, %s to ", len(hs), tip(hs[0].Tip()))
	}
	return text + tip(hs[len(hs)-1].Tip())
}
