package chain

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// Input is what a core is given: a Config that begins a new one, or an event
// and its time.
type Input struct {
	Config *Config // nil for an event; Prefer is nil
	Now    time.Duration
	Event  Event
}

// ParseInput reads what [AppendConfig] or [AppendEvent] wrote. Any bytes are safe
// to give to it, and what it returns is safe to give to [New] and [Core.Step];
// b is not kept. An error says at which byte something else was expected: the
// bytes are damaged, or a later version wrote them.
func ParseInput(b []byte) (Input, error) {
	r := cbor.NewReader(b)
	n := r.Array()
	kind := r.UintMax(kindTick)
	var in Input
	if kind == kindConfig {
		cfg := readConfig(&r, n)
		in.Config = &cfg
	} else {
		in.Now = time.Duration(r.UintMax(math.MaxInt64))
		in.Event = readEvent(&r, kind, n-2)
	}
	if err := r.Close(); err != nil {
		return Input{}, fmt.Errorf("chain: not an input of a core: %w", err)
	}
	return in, nil
}

func readConfig(r *cbor.Reader, n int) (cfg Config) {
	if n != lenConfig {
		r.Fail("the fields of a Config that are known here")
		return cfg
	}
	cfg.K = readInt(r)
	cfg.Anchor = cbor.Read(r, ledger.DecodeTip)
	cfg.Adopted = readHeaders(r)
	cfg.Points = readPoints(r)
	for _, field := range [...]*int{
		&cfg.MaxLead, &cfg.MaxSideHeaders, &cfg.MaxBytes, &cfg.MaxRangeBlocks,
		&cfg.MaxRanges, &cfg.FetchPeers, &cfg.MaxRefusals,
	} {
		*field = readInt(r)
	}
	cfg.MaxGap = ledger.Slot(r.Uint())
	cfg.StallTimeout = time.Duration(r.UintMax(math.MaxInt64))
	cfg.Salt = r.Uint()
	return cfg
}

// readEvent reads the n fields of an event.
func readEvent(r *cbor.Reader, kind uint64, n int) Event {
	fields := func(want int) {
		if n != want {
			r.Fail(fmt.Sprintf("event of kind %d with %d fields", kind, want))
		}
	}
	peer := func(more int) PeerID {
		fields(1 + more)
		return PeerID(r.Uint())
	}
	switch kind {
	case kindPeerConnected:
		return PeerConnected{peer(1), readInt(r)}
	case kindPeerGone:
		return PeerGone{peer(0)}
	case kindIntersected:
		return Intersected{peer(2), readPoint(r), readTip(r)}
	case kindNoIntersection:
		return NoIntersection{peer(1), readTip(r)}
	case kindHeaders:
		return Headers{peer(2), readHeaders(r), readTip(r)}
	case kindRolledBack:
		return RolledBack{peer(2), readPoint(r), readTip(r)}
	case kindBadHeader:
		return BadHeader{peer(2), readPoint(r), readReason(r)}
	case kindBlockFetched:
		return BlockFetched{peer(3), RangeID(r.Uint()), readPoint(r), readInt(r)}
	case kindRangeDone:
		return RangeDone{peer(1), RangeID(r.Uint())}
	case kindNoBlocks:
		return NoBlocks{peer(1), RangeID(r.Uint())}
	case kindFetchFailed:
		return FetchFailed{peer(1), RangeID(r.Uint())}
	case kindConsumed:
		fields(1)
		return Consumed{readInt(r)}
	}
	fields(0)
	return Tick{}
}

func readInt(r *cbor.Reader) int              { return int(r.UintMax(math.MaxInt)) }
func readPoint(r *cbor.Reader) ledger.Point   { return cbor.Read(r, ledger.DecodePoint) }
func readTip(r *cbor.Reader) ledger.Tip       { return cbor.Read(r, ledger.DecodeTip) }
func readHash(r *cbor.Reader) (h ledger.Hash) { copy(h[:], r.BytesLen(len(h))); return h }
func readUint32(r *cbor.Reader) uint32        { return uint32(r.UintMax(math.MaxUint32)) }

func readPoints(r *cbor.Reader) (points []ledger.Point) {
	for n := r.Array(); r.More(&n); {
		points = append(points, readPoint(r))
	}
	return points
}

func readHeaders(r *cbor.Reader) (headers []ledger.Header) {
	for n := r.Array(); r.More(&n); {
		headers = append(headers, readHeader(r))
	}
	return headers
}

func readHeader(r *cbor.Reader) (h ledger.Header) {
	r.ArrayLen(lenHeader)
	h.Raw.Era = ledger.Era(r.UintMax(math.MaxUint8))
	h.Raw.EBB = r.Bool()
	h.Raw.SizeHint = readUint32(r)
	h.Raw.Bytes = bytes.Clone(r.Bytes())
	h.Hash = readHash(r)
	h.Slot = ledger.Slot(r.Uint())
	h.BlockNo = ledger.BlockNo(r.Uint())
	if !r.Null() {
		h.Prev, h.HasPrev = readHash(r), true
	}
	h.BodyHash = readHash(r)
	h.BodySize = readUint32(r)
	return h
}

func readReason(r *cbor.Reader) error {
	if r.Null() {
		return nil
	}
	return errors.New(r.Text())
}
