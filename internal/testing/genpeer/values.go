package genpeer

import (
	"math/rand/v2"
	"net/netip"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Value returns a random message with a label, valid by itself, or nil if the
// mini-protocol has none.
func Value(r *rand.Rand, protocol, label string) protocol.Message {
	v := values{r}
	if make, ok := makers[protocol+" "+label]; ok {
		return make(v)
	}
	return nil
}

// makers is the one list of message types that generators know.
var makers = map[string]func(values) protocol.Message{
	"handshake MsgProposeVersions": func(v values) protocol.Message { return handshake.ProposeVersions{Table: v.table()} },
	"handshake MsgReplyVersions":   func(v values) protocol.Message { return handshake.ReplyVersions{Table: v.table()} },
	"handshake MsgAcceptVersion":   func(v values) protocol.Message { return handshake.AcceptVersion{Entry: v.table()[0]} },
	"handshake MsgRefuse":          func(v values) protocol.Message { return handshake.Refuse{Refusal: v.refusal()} },
	"handshake MsgQueryReply":      func(v values) protocol.Message { return handshake.QueryReply{Table: v.table()} },

	"chain-sync MsgRequestNext": func(values) protocol.Message { return chainsync.RequestNext{} },
	"chain-sync MsgAwaitReply":  func(values) protocol.Message { return chainsync.AwaitReply{} },
	"chain-sync MsgRollForward": func(v values) protocol.Message {
		return chainsync.RollForward{Header: v.header(), Tip: v.tip()}
	},
	"chain-sync MsgRollBackward": func(v values) protocol.Message {
		return chainsync.RollBackward{Point: v.point(), Tip: v.tip()}
	},
	"chain-sync MsgFindIntersect": func(v values) protocol.Message {
		return chainsync.FindIntersect{Points: list(v, 50, v.point)}
	},
	"chain-sync MsgIntersectFound": func(v values) protocol.Message {
		return chainsync.IntersectFound{Point: v.point(), Tip: v.tip()}
	},
	"chain-sync MsgIntersectNotFound": func(v values) protocol.Message { return chainsync.IntersectNotFound{Tip: v.tip()} },
	"chain-sync MsgDone":              func(values) protocol.Message { return chainsync.Done{} },

	"block-fetch MsgRequestRange": func(v values) protocol.Message {
		return blockfetch.RequestRange{From: v.point(), To: v.point()}
	},
	"block-fetch MsgClientDone": func(values) protocol.Message { return blockfetch.ClientDone{} },
	"block-fetch MsgStartBatch": func(values) protocol.Message { return blockfetch.StartBatch{} },
	"block-fetch MsgNoBlocks":   func(values) protocol.Message { return blockfetch.NoBlocks{} },
	"block-fetch MsgBlock":      func(v values) protocol.Message { return blockfetch.Block{Raw: v.item(20_000)} },
	"block-fetch MsgBatchDone":  func(values) protocol.Message { return blockfetch.BatchDone{} },

	"tx-submission2 MsgInit": func(values) protocol.Message { return txsubmission.Init{} },
	"tx-submission2 MsgRequestTxIdsBlocking": func(v values) protocol.Message {
		return txsubmission.RequestTxIDs{Blocking: true, Ack: uint16(v.r.Uint32()), Req: uint16(v.r.Uint32())}
	},
	"tx-submission2 MsgRequestTxIdsNonBlocking": func(v values) protocol.Message {
		return txsubmission.RequestTxIDs{Ack: uint16(v.r.Uint32()), Req: uint16(v.r.Uint32())}
	},
	"tx-submission2 MsgReplyTxIds": func(v values) protocol.Message {
		return txsubmission.ReplyTxIDs{IDs: list(v, txsubmission.MaxUnacknowledged, func() txsubmission.Announced {
			return txsubmission.Announced{ID: v.txID(), Size: v.r.Uint32()}
		})}
	},
	"tx-submission2 MsgRequestTxs": func(v values) protocol.Message {
		return txsubmission.RequestTxs{IDs: list(v, txsubmission.MaxUnacknowledged, v.txID)}
	},
	"tx-submission2 MsgReplyTxs": func(v values) protocol.Message {
		return txsubmission.ReplyTxs{Txs: list(v, txsubmission.MaxUnacknowledged, v.tx)}
	},
	"tx-submission2 MsgDone": func(values) protocol.Message { return txsubmission.Done{} },

	"keep-alive MsgKeepAlive":         func(v values) protocol.Message { return keepalive.KeepAlive{Cookie: uint16(v.r.Uint32())} },
	"keep-alive MsgKeepAliveResponse": func(v values) protocol.Message { return keepalive.KeepAliveResponse{Cookie: uint16(v.r.Uint32())} },
	"keep-alive MsgDone":              func(values) protocol.Message { return keepalive.Done{} },

	"peer-sharing MsgShareRequest": func(v values) protocol.Message { return peersharing.ShareRequest{Amount: uint8(v.r.Uint32())} },
	"peer-sharing MsgSharePeers":   func(v values) protocol.Message { return peersharing.SharePeers{Peers: list(v, 20, v.address)} },
	"peer-sharing MsgDone":         func(values) protocol.Message { return peersharing.Done{} },
}

// values draws what messages consist of.
type values struct{ r *rand.Rand }

// list draws up to most elements, often none.
func list[T any](v values, most int, element func() T) []T {
	var l []T
	for range v.r.IntN(4) * v.r.IntN(most+1) / 3 {
		l = append(l, element())
	}
	return l
}

func (v values) number() uint64 { return v.r.Uint64() >> v.r.IntN(64) } // of any length

func (v values) hash() (h ledger.Hash) {
	for i := range h {
		h[i] = byte(v.r.Uint32())
	}
	return h
}

func (v values) point() ledger.Point {
	if v.r.IntN(8) == 0 {
		return ledger.Origin
	}
	return ledger.Point{Slot: ledger.Slot(v.number()), Hash: v.hash()}
}

// nowhere returns a point that is not the origin, and on no chain.
func (v values) nowhere() ledger.Point {
	return ledger.Point{Slot: ledger.Slot(1 + v.r.IntN(1<<20)), Hash: v.hash()}
}

func (v values) tip() ledger.Tip {
	if p := v.point(); !p.IsOrigin() {
		return ledger.Tip{Point: p, BlockNo: ledger.BlockNo(v.number())}
	}
	return ledger.Tip{}
}

// item returns an encoded byte string of less than size bytes.
func (v values) item(size int) []byte {
	b := make([]byte, v.r.IntN(size))
	for i := range b {
		b[i] = byte(v.r.Uint32())
	}
	return cbor.AppendBytes(nil, b)
}

func (v values) era() ledger.Era { return ledger.Era(v.r.IntN(ledger.NumEras)) }

func (v values) header() ledger.RawHeader {
	h := ledger.RawHeader{Era: v.era(), Bytes: v.item(1000)}
	if h.Era == ledger.Byron {
		h.EBB, h.SizeHint = v.r.IntN(2) == 0, v.r.Uint32()
	}
	return h
}

func (v values) txID() ledger.TxID {
	id := ledger.TxID{Era: v.era(), Hash: v.hash()}
	if id.Era == ledger.Byron {
		id.Kind = uint8(v.r.IntN(4))
	}
	return id
}

func (v values) tx() ledger.RawTx {
	tx := ledger.RawTx{Era: v.era(), Bytes: v.item(1000)}
	if tx.Era == ledger.Byron {
		tx.Kind = uint8(v.r.IntN(4))
	}
	return tx
}

func (v values) data() handshake.Data {
	flag := func() bool { return v.r.IntN(2) == 0 }
	return handshake.Data{Magic: v.r.Uint32(), InitiatorOnly: flag(), PeerSharing: flag(), Query: flag()}
}

func (v values) table() handshake.Table {
	return handshake.Versions(v.data(), [][]handshake.Version{
		nil, {handshake.V14}, {handshake.V15}, {handshake.V14, handshake.V15, handshake.V16},
	}[v.r.IntN(4)]...)
}

func (v values) refusal() handshake.Refusal {
	switch reason := handshake.Reason(v.r.IntN(3)); reason {
	case handshake.VersionMismatch:
		return handshake.Refusal{Versions: list(v, 5, v.number)}
	default:
		return handshake.Refusal{Reason: reason, Version: handshake.V14, Text: "for no reason"}
	}
}

func (v values) address() netip.AddrPort {
	h := v.hash()
	addr := netip.AddrFrom4([4]byte(h[:4]))
	if v.r.IntN(2) == 0 {
		addr = netip.AddrFrom16([16]byte(h[:16])).Unmap()
	}
	return netip.AddrPortFrom(addr, uint16(v.r.Uint32()))
}
