package nodetest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// UnknownEra is the era after those that are known.
const UnknownEra = ledger.Era(ledger.NumEras)

// Mini-protocol numbers.
const (
	ChainSync    = 2
	BlockFetch   = 3
	TxSubmission = 4
	KeepAlive    = 8
)

// Bad is what a peer does wrong, after the handshake.
type Bad struct {
	Name string
	Says handshake.Data // in the handshake
	Send func(p *Raw, c *chaintest.Chain)
	// How the connection ends.
	Is    error
	Text  []string
	Blame bool
	After time.Duration // at most
}

var (
	deep    = bytes.Repeat([]byte{0x81}, 1000)
	endless = append([]byte{0x9f}, make([]byte, 12000)...)
	huge    = []byte{0x82, 0x04, 0x5a, 0, 9, 0, 0} // a byte string of 589,824
)

// Both and Asking are what peers say in the handshake.
var Both, Asking = handshake.Data{}, handshake.Data{InitiatorOnly: true}

// BadClients are peers that connected to us.
var BadClients = []Bad{
	{"unknown protocol", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(77, false, []byte{0x81, 0}) },
		mux.ErrUnknownProtocol, []string{"mux", "77"}, true, 0},
	{"protocol that was not agreed on", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(10, false, []byte{0x81, 0}) },
		mux.ErrUnknownProtocol, []string{"mux", "10"}, true, 0},
	{"wrong mode bit", Asking, func(p *Raw, _ *chaintest.Chain) { p.Message(KeepAlive, true, keepalive.KeepAlive{}) },
		mux.ErrWrongMode, []string{"keep-alive"}, true, 0},
	{"segment without payload", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(KeepAlive, false, nil) },
		nil, []string{"mux", "without payload"}, true, 0},
	{"answers without a request", Both, func(p *Raw, _ *chaintest.Chain) {
		for range 3 {
			p.Write(KeepAlive, true, bytes.Repeat([]byte{0x82, 1, 5}, 300))
		}
	}, protocol.ErrOverrun, []string{"keep-alive"}, true, 0},
	{"out of turn", Both, func(p *Raw, _ *chaintest.Chain) { p.Message(BlockFetch, false, blockfetch.StartBatch{}) },
		protocol.ErrOutOfTurn, []string{"block-fetch", "StIdle", "MsgStartBatch"}, true, 0},
	{"no messages without end", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Message(TxSubmission, false, txsubmission.Init{})
		for range 75 {
			p.Write(TxSubmission, false, make([]byte, 10000))
		}
		// No message, or more than fits if the session had no time to look.
	}, nil, []string{"tx-submission2"}, true, 0},
	{"unknown message", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(ChainSync, false, []byte{0x81, 0x18, 0x63}) },
		protocol.ErrMalformed, []string{"chain-sync", "StIdle", "99"}, true, 0},
	{"no CBOR", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(ChainSync, false, []byte{0xff, 0xfe}) },
		protocol.ErrMalformed, []string{"chain-sync", "StIdle"}, true, 0},
	{"too large", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(ChainSync, false, huge) },
		protocol.ErrTooLarge, []string{"chain-sync", "StIdle", "65535"}, true, 0},
	{"endless", Both, func(p *Raw, _ *chaintest.Chain) {
		for range 10 {
			p.Write(ChainSync, false, endless[:len(endless)-1])
		}
		// Too large, or more than fits if the session had no time to look.
	}, nil, []string{"chain-sync"}, true, 0},
	{"nested too deep", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(BlockFetch, false, deep) },
		protocol.ErrMalformed, []string{"block-fetch", "StIdle"}, true, 0},
	{"more than fits", Both, func(p *Raw, _ *chaintest.Chain) {
		ping := keepalive.KeepAlive{Cookie: 5}.AppendCBOR(nil)
		p.Write(KeepAlive, false, bytes.Repeat(ping, 1500/len(ping)))
	}, protocol.ErrOverrun, []string{"keep-alive"}, true, 0},
	{"range that cannot be", Both, func(p *Raw, c *chaintest.Chain) {
		p.Message(BlockFetch, false, blockfetch.RequestRange{From: c.Point(0), To: c.Point(9)})
	}, blockfetch.ErrInvalidRange, []string{"block-fetch", "MsgRequestRange"}, true, 0},
	{"range from the origin", Both, func(p *Raw, c *chaintest.Chain) {
		p.Message(BlockFetch, false, blockfetch.RequestRange{To: c.Point(9)})
	}, blockfetch.ErrInvalidRange, []string{"block-fetch", "MsgRequestRange"}, true, 0},
	{"nothing", Both, func(*Raw, *chaintest.Chain) {},
		mux.ErrIdle, nil, false, 5 * time.Second},
	{"one keep-alive and then nothing", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Message(KeepAlive, false, keepalive.KeepAlive{})
		segment.Read(p.Conn)
	}, protocol.ErrTimeout, []string{"keep-alive", "StClient", "1m37s"}, true, 98 * time.Second},
	{"half a segment", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Conn.Write(Segment(ChainSync, false, append([]byte{0x82}, make([]byte, 99)...))[:9])
	}, protocol.ErrTimeout, []string{"chain-sync", "segment", "30s"}, true, 31 * time.Second},
	{"half a header", Both, func(p *Raw, _ *chaintest.Chain) { p.Conn.Write([]byte{1, 2, 3}) },
		mux.ErrIdle, nil, false, 31 * time.Second},
	// A batch of twelve segments has half a minute for each.
	{"does not read", Both, func(p *Raw, c *chaintest.Chain) {
		p.Message(BlockFetch, false, blockfetch.RequestRange{From: c.Point(150), To: c.Point(0)})
		for p.Message(KeepAlive, false, keepalive.KeepAlive{}) == nil {
			time.Sleep(10 * time.Second)
		}
	}, mux.ErrStalled, []string{"mux", "not taken"}, true, 7 * time.Minute},
	{"hangs up in a segment", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Conn.Write(Segment(ChainSync, false, append([]byte{0x82}, make([]byte, 99)...))[:9])
		p.Conn.Close()
	}, io.ErrUnexpectedEOF, nil, false, 0},
	{"hangs up", Both, func(p *Raw, _ *chaintest.Chain) { p.Conn.Close() }, io.EOF, nil, false, 0},
}

// Check checks how a connection ended.
func (b *Bad) Check(t *testing.T, peer string, err error) {
	t.Helper()
	var pe *node.PeerError
	var v *protocol.ViolationError
	switch {
	case !errors.As(err, &pe) || !strings.HasPrefix(pe.Peer, peer):
		t.Errorf("does not name the peer: %v", err)
	case node.Blame(err) != b.Blame:
		t.Errorf("blame %t: %v", node.Blame(err), err)
	case b.Blame && (!errors.As(err, &v) || v.Protocol == ""):
		t.Errorf("does not name the protocol: %v", err)
	case b.Is != nil && !errors.Is(err, b.Is):
		t.Errorf("got %v, want %v", err, b.Is)
	}
	for _, text := range b.Text {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("no %q in %q", text, err)
		}
	}
}

// BadServers are peers that we connected to. They do it before anything is
// asked of them.
var BadServers = []Bad{
	{"unknown protocol", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(77, true, []byte{0x81, 0}) },
		mux.ErrUnknownProtocol, []string{"mux", "77"}, true, 0},
	{"wrong mode bit", Both, func(p *Raw, _ *chaintest.Chain) { p.Message(ChainSync, false, chainsync.RequestNext{}) },
		mux.ErrWrongMode, []string{"chain-sync"}, true, 0},
	{"segment without payload", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(BlockFetch, true, nil) },
		nil, []string{"mux", "without payload"}, true, 0},
	{"out of turn", Both, func(p *Raw, _ *chaintest.Chain) { p.Message(BlockFetch, true, blockfetch.StartBatch{}) },
		protocol.ErrOutOfTurn, []string{"block-fetch", "StIdle"}, true, 0},
	{"other answer", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Message(ChainSync, true, chainsync.RollBackward{})
	}, protocol.ErrOutOfTurn, []string{"chain-sync"}, true, 0},
	{"too large", Both, func(p *Raw, _ *chaintest.Chain) { p.Await(ChainSync); p.Write(ChainSync, true, huge) },
		protocol.ErrTooLarge, []string{"chain-sync", "StIntersect", "65535"}, true, 0},
	{"endless", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Await(ChainSync)
		for range 10 {
			p.Write(ChainSync, true, endless[:len(endless)-1])
		}
	}, protocol.ErrTooLarge, []string{"chain-sync", "StIntersect"}, true, 0},
	{"nested too deep", Both, func(p *Raw, _ *chaintest.Chain) { p.Await(ChainSync); p.Write(ChainSync, true, deep) },
		protocol.ErrMalformed, []string{"chain-sync", "StIntersect"}, true, 0},
	{"more than fits", Both, func(p *Raw, _ *chaintest.Chain) {
		for range 75 {
			p.Write(TxSubmission, true, make([]byte, 10000))
		}
	}, protocol.ErrOverrun, []string{"tx-submission2"}, true, 0},
	{"wrong cookie", Both, func(p *Raw, _ *chaintest.Chain) {
		asked := p.Await(KeepAlive)
		asked[1] = 1 // the tag of the response
		asked[len(asked)-1] ^= 1
		p.Write(KeepAlive, true, asked)
	}, keepalive.ErrCookie, []string{"keep-alive", "StServer", "MsgKeepAliveResponse"}, true, 0},
	{"header of an unknown era", Both, func(p *Raw, c *chaintest.Chain) {
		p.Await(ChainSync)
		p.Message(ChainSync, true, chainsync.IntersectFound{Tip: c.Tip()})
		p.Await(ChainSync)
		p.Message(ChainSync, true, chainsync.RollForward{Header: ledger.RawHeader{Era: UnknownEra, Bytes: []byte{0x80}}, Tip: c.Tip()})
	}, errors.ErrUnsupported, []string{"chain-sync", "MsgRollForward", "era 8", "a newer version is needed"}, false, 0},
	{"nothing", Both, func(*Raw, *chaintest.Chain) {},
		protocol.ErrTimeout, []string{"chain-sync", "StIntersect", "10s"}, true, 10 * time.Second},
	// Whether reading or writing notices first is chance.
	{"hangs up", Both, func(p *Raw, _ *chaintest.Chain) { p.Conn.Close() }, nil, nil, false, 0},
}

// BadHandshakes are what peers that we connect to do instead of the handshake.
var BadHandshakes = []Bad{
	{"nothing", Both, func(*Raw, *chaintest.Chain) {},
		protocol.ErrTimeout, []string{"handshake", "StConfirm", "10s"}, true, 10 * time.Second},
	{"no CBOR", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(0, true, []byte{0xff}) },
		protocol.ErrMalformed, []string{"handshake", "StConfirm"}, true, 0},
	{"too large", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(0, true, make([]byte, 6000)) },
		nil, []string{"handshake"}, true, 0},
	{"other protocol", Both, func(p *Raw, _ *chaintest.Chain) { p.Write(ChainSync, true, []byte{0x80}) },
		nil, []string{"2"}, true, 0},
	{"version that was not proposed", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Message(0, true, handshake.AcceptVersion{Entry: handshake.Versions(handshake.Data{Magic: 42}, handshake.V16)[0]})
	}, handshake.ErrNotProposed, []string{"handshake", "StConfirm"}, true, 0},
	{"other network", Both, func(p *Raw, _ *chaintest.Chain) {
		p.Message(0, true, handshake.Refuse{Refusal: handshake.Refusal{Reason: handshake.Refused, Version: 15, Text: "magic"}})
	}, nil, []string{"refused us", "magic"}, false, 0},
	{"hangs up", Both, func(p *Raw, _ *chaintest.Chain) { p.Conn.Close() }, io.EOF, nil, false, 0},
}
