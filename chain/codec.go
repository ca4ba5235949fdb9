package chain

import (
	"math"
	"strings"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// The encoding of what goes into a core. It is part of recordings that are to
// be read for years, so numbers are never given a new meaning; whatever is added
// gets a new one. Each input is a CBOR array that begins with its kind; in an
// event, the time comes next. Numbers below zero, which mean the same as zero
// wherever an input may have them, are written as zero.
//
// A field that is added goes behind the others of its array, of a header's array
// also, and a reader takes at least what it knows: it leaves out fields behind
// the known ones, and events of unknown kinds. So each field and each kind may be
// left out: what a Config without it means is what it meant before.
const (
	kindConfig         = 0
	kindPeerConnected  = 1
	kindPeerGone       = 2
	kindIntersected    = 3
	kindNoIntersection = 4
	kindHeaders        = 5
	kindRolledBack     = 6
	kindBadHeader      = 7
	kindBlockFetched   = 8
	kindRangeDone      = 9
	kindNoBlocks       = 10
	kindFetchFailed    = 11
	kindConsumed       = 12
	kindTick           = 13
	kindJudged         = 14
)

// Lengths of arrays. That of a Config is without the fields that are left out as long
// as they, and all behind them, mean what a Config without them means: Judge.
const (
	lenConfig = 15
	lenHeader = 10
)

// AppendConfig appends the encoding of what a core starts from, Prefer left out:
// code cannot be written down. What is zero is written as the default that it
// stands for, so that a recording does not change its meaning with a default. A
// bound below zero, which [New] refuses, is written as zero and so read as the
// default, and those after it are written as they are. Encoding does not keep
// cfg.
func AppendConfig(dst []byte, cfg *Config) []byte {
	full := *cfg
	full.complete() // an error leaves what New refuses, too
	n := lenConfig
	if full.Judge {
		n++
	}
	dst = cbor.AppendMessage(dst, n, kindConfig)
	dst = appendInt(dst, full.K)
	dst = full.Anchor.AppendCBOR(dst)
	dst = appendHeaders(dst, full.Adopted)
	dst = appendPoints(dst, full.Points)
	for _, n := range [...]int{
		full.MaxLead, full.MaxSideHeaders, full.MaxBytes, full.MaxRangeBlocks,
		full.MaxRanges, full.FetchPeers, full.MaxRefusals,
	} {
		dst = appendInt(dst, n)
	}
	dst = cbor.AppendUint(dst, uint64(full.MaxGap))
	dst = appendInt(dst, full.StallTimeout)
	dst = cbor.AppendUint(dst, full.Salt)
	if full.Judge {
		dst = cbor.AppendBool(dst, true)
	}
	return dst
}

// AppendEvent appends the encoding of what [Core.Step] is given: an event and
// its time. It allocates nothing but room in dst and, for a [BadHeader] or
// [Judged], what the text of its error takes; it keeps nothing of ev.
//
// An event of a type that is not one of the package's is written as a [Tick],
// which is how Step takes it.
func AppendEvent(dst []byte, now time.Duration, ev Event) []byte {
	begin := func(n int, kind uint64) []byte {
		return appendInt(cbor.AppendMessage(dst, 2+n, kind), now)
	}
	peer := func(n int, kind uint64, id PeerID) []byte {
		return cbor.AppendUint(begin(1+n, kind), uint64(id))
	}
	span := func(n int, kind uint64, id PeerID, r RangeID) []byte {
		return cbor.AppendUint(peer(1+n, kind, id), uint64(r))
	}
	switch ev := ev.(type) {
	case PeerConnected:
		return cbor.AppendUint(appendInt(peer(2, kindPeerConnected, ev.Peer), ev.MaxInFlight), ev.Address)
	case PeerGone:
		return peer(0, kindPeerGone, ev.Peer)
	case Intersected:
		return ev.Tip.AppendCBOR(ev.Point.AppendCBOR(peer(2, kindIntersected, ev.Peer)))
	case NoIntersection:
		return ev.Tip.AppendCBOR(peer(1, kindNoIntersection, ev.Peer))
	case Headers:
		return ev.Tip.AppendCBOR(appendHeaders(peer(2, kindHeaders, ev.Peer), ev.Headers))
	case RolledBack:
		return ev.Tip.AppendCBOR(ev.Point.AppendCBOR(peer(2, kindRolledBack, ev.Peer)))
	case BadHeader:
		return appendReason(ev.Point.AppendCBOR(peer(2, kindBadHeader, ev.Peer)), ev.Err)
	case BlockFetched:
		return appendInt(ev.Point.AppendCBOR(span(2, kindBlockFetched, ev.Peer, ev.Range)), ev.Bytes)
	case RangeDone:
		return span(0, kindRangeDone, ev.Peer, ev.Range)
	case NoBlocks:
		return span(0, kindNoBlocks, ev.Peer, ev.Range)
	case FetchFailed:
		return span(0, kindFetchFailed, ev.Peer, ev.Range)
	case Judged:
		dst = ev.Point.AppendCBOR(begin(4, kindJudged))
		dst = cbor.AppendUint(dst, uint64(ev.Verdict))
		return appendReason(appendInt(dst, ev.Retry), ev.Err)
	case Consumed:
		return appendInt(begin(1, kindConsumed), ev.Bytes)
	}
	return begin(0, kindTick)
}

func appendInt[T int | time.Duration](dst []byte, n T) []byte {
	return cbor.AppendUint(dst, uint64(max(n, 0)))
}

func appendPoints(dst []byte, points []ledger.Point) []byte {
	dst = cbor.AppendArray(dst, len(points))
	for _, p := range points {
		dst = p.AppendCBOR(dst)
	}
	return dst
}

func appendHeaders(dst []byte, headers []ledger.Header) []byte {
	dst = cbor.AppendArray(dst, len(headers))
	for i := range headers {
		dst = appendHeader(dst, &headers[i])
	}
	return dst
}

// appendHeader writes the fields as they are, and does not rely on Raw to tell
// them: what a header is read as is no part of the core.
func appendHeader(dst []byte, h *ledger.Header) []byte {
	dst = cbor.AppendArray(dst, lenHeader)
	dst = cbor.AppendUint(dst, uint64(h.Raw.Era))
	dst = cbor.AppendBool(dst, h.Raw.EBB)
	dst = cbor.AppendUint(dst, uint64(h.Raw.SizeHint))
	dst = cbor.AppendBytes(dst, h.Raw.Bytes)
	dst = cbor.AppendBytes(dst, h.Hash[:])
	dst = cbor.AppendUint(dst, uint64(h.Slot))
	dst = cbor.AppendUint(dst, uint64(h.BlockNo))
	if h.HasPrev {
		dst = cbor.AppendBytes(dst, h.Prev[:])
	} else {
		dst = cbor.AppendNull(dst)
	}
	dst = cbor.AppendBytes(dst, h.BodyHash[:])
	return cbor.AppendUint(dst, uint64(h.BodySize))
}

// appendReason writes what an error outside the core says, at most so much that
// it cannot crowd out the rest.
func appendReason(dst []byte, err error) []byte {
	if err == nil {
		return cbor.AppendNull(dst)
	}
	text := err.Error()
	return cbor.AppendText(dst, strings.ToValidUTF8(text[:min(len(text), math.MaxUint16)], "?"))
}
