package trace

import (
	"fmt"
	"strings"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// describe says in a few words what is in a message, "" if nothing is.
func describe(m protocol.Message) string {
	switch m := m.(type) {
	case handshake.ProposeVersions:
		return versions(m.Table)
	case handshake.ReplyVersions:
		return versions(m.Table)
	case handshake.QueryReply:
		return versions(m.Table)
	case handshake.AcceptVersion:
		return versions(handshake.Table{m.Entry})
	case handshake.Refuse:
		r := &handshake.RefusedError{Refusal: m.Refusal}
		return strings.TrimPrefix(r.Error(), "handshake: the peer refused us: ")
	case chainsync.RollForward:
		return header(m.Header) + ", tip " + tip(m.Tip)
	case chainsync.RollBackward:
		return "to " + point(m.Point) + ", tip " + tip(m.Tip)
	case chainsync.FindIntersect:
		return points(m.Points)
	case chainsync.IntersectFound:
		return point(m.Point) + ", tip " + tip(m.Tip)
	case chainsync.IntersectNotFound:
		return "tip " + tip(m.Tip)
	case blockfetch.RequestRange:
		return point(m.From) + " to " + point(m.To)
	case blockfetch.Block:
		return block(m.Raw)
	case txsubmission.RequestTxIDs:
		return fmt.Sprintf("ack %d, request %d", m.Ack, m.Req)
	case txsubmission.ReplyTxIDs:
		return several(len(m.IDs), "id", func(i int) string { return fmt.Sprintf("%s of %d B", txID(m.IDs[i].ID), m.IDs[i].Size) })
	case txsubmission.RequestTxs:
		return several(len(m.IDs), "id", func(i int) string { return txID(m.IDs[i]) })
	case txsubmission.ReplyTxs:
		return several(len(m.Txs), "transaction", func(i int) string { return fmt.Sprintf("%d B", len(m.Txs[i].Bytes)) })
	case keepalive.KeepAlive:
		return fmt.Sprintf("cookie %d", m.Cookie)
	case keepalive.KeepAliveResponse:
		return fmt.Sprintf("cookie %d", m.Cookie)
	case peersharing.ShareRequest:
		return fmt.Sprintf("at most %d", m.Amount)
	case peersharing.SharePeers:
		return several(len(m.Peers), "peer", func(i int) string { return m.Peers[i].String() })
	}
	return ""
}

// several lists the first few of n things.
func several(n int, what string, text func(int) string) string {
	s := fmt.Sprintf("%d %ss", n, what)
	if n == 1 {
		s = "1 " + what
	}
	for i := range min(n, 3) {
		s += []string{": ", ", ", ", "}[i] + text(i)
	}
	if n > 3 {
		s += ", …"
	}
	return s
}

func versions(t handshake.Table) string {
	var parts []string
	for i, e := range t {
		if i == 10 {
			parts = append(parts, "…")
			break
		}
		d, err := handshake.DecodeData(e.Raw, e.Version)
		if err != nil {
			parts = append(parts, fmt.Sprintf("%d (%v)", e.Version, err))
			continue
		}
		text := fmt.Sprintf("%d (magic %d", e.Version, d.Magic)
		for _, flag := range []struct {
			set  bool
			name string
		}{{d.InitiatorOnly, "initiator only"}, {d.PeerSharing, "peer sharing"}, {d.Query, "query"}, {d.Peras, "Peras"}} {
			if flag.set {
				text += ", " + flag.name
			}
		}
		parts = append(parts, text+")")
	}
	return strings.Join(parts, ", ")
}

func point(p ledger.Point) string {
	if p.IsOrigin() {
		return "origin"
	}
	return fmt.Sprintf("%d.%x…", p.Slot, p.Hash[:4])
}

func points(ps []ledger.Point) string {
	return several(len(ps), "point", func(i int) string { return point(ps[i]) })
}

func tip(t ledger.Tip) string {
	if t.Point.IsOrigin() {
		return "origin"
	}
	return fmt.Sprintf("%s block %d", point(t.Point), t.BlockNo)
}

func txID(id ledger.TxID) string { return fmt.Sprintf("%x…", id.Hash[:4]) }

func header(h ledger.RawHeader) string {
	no, err := h.BlockNo()
	if err != nil {
		return fmt.Sprintf("%v header that cannot be read", h.Era)
	}
	return fmt.Sprintf("%v block %d", h.Era, no)
}

func block(b ledger.RawBlock) string {
	h, err := b.Header()
	if err != nil {
		return fmt.Sprintf("%d B that cannot be read: %v", len(b), err)
	}
	return header(h)
}
