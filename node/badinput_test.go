package node_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/testnode"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Mini-protocol numbers.
const (
	chainSync    = 2
	blockFetch   = 3
	txSubmission = 4
	keepAlive    = 8
)

// bad is what a peer does wrong, after the handshake.
type bad struct {
	name string
	says handshake.Data // in the handshake
	send func(p *rawPeer, c *testnode.Chain)
	// How the connection ends.
	is    error
	text  []string
	blame bool
	after time.Duration // at most
}

var (
	deep    = bytes.Repeat([]byte{0x81}, 1000)
	endless = append([]byte{0x9f}, make([]byte, 12000)...)
	huge    = []byte{0x82, 0x04, 0x5a, 0, 9, 0, 0} // a byte string of 589,824
)

var both, asking = handshake.Data{}, handshake.Data{InitiatorOnly: true}

// badClients are peers that connected to us.
var badClients = []bad{
	{"unknown protocol", both, func(p *rawPeer, _ *testnode.Chain) { p.write(77, false, []byte{0x81, 0}) },
		mux.ErrUnknownProtocol, []string{"mux", "77"}, true, 0},
	{"protocol that was not agreed on", both, func(p *rawPeer, _ *testnode.Chain) { p.write(10, false, []byte{0x81, 0}) },
		mux.ErrUnknownProtocol, []string{"mux", "10"}, true, 0},
	{"wrong mode bit", asking, func(p *rawPeer, _ *testnode.Chain) { p.message(keepAlive, true, keepalive.KeepAlive{}) },
		mux.ErrWrongMode, []string{"keep-alive"}, true, 0},
	{"segment without payload", both, func(p *rawPeer, _ *testnode.Chain) { p.write(keepAlive, false, nil) },
		nil, []string{"mux", "without payload"}, true, 0},
	{"answers nobody asked for", both, func(p *rawPeer, _ *testnode.Chain) {
		for range 3 {
			p.write(keepAlive, true, bytes.Repeat([]byte{0x82, 1, 5}, 300))
		}
	}, protocol.ErrOverrun, []string{"keep-alive"}, true, 0},
	{"out of turn", both, func(p *rawPeer, _ *testnode.Chain) { p.message(blockFetch, false, blockfetch.StartBatch{}) },
		protocol.ErrOutOfTurn, []string{"block-fetch", "StIdle", "MsgStartBatch"}, true, 0},
	{"no messages without end", both, func(p *rawPeer, _ *testnode.Chain) {
		p.message(txSubmission, false, txsubmission.Init{})
		for range 75 {
			p.write(txSubmission, false, make([]byte, 10000))
		}
		// No message, or more than fits if the session had no time to look.
	}, nil, []string{"tx-submission2"}, true, 0},
	{"unknown message", both, func(p *rawPeer, _ *testnode.Chain) { p.write(chainSync, false, []byte{0x81, 0x18, 0x63}) },
		protocol.ErrMalformed, []string{"chain-sync", "StIdle", "99"}, true, 0},
	{"no CBOR", both, func(p *rawPeer, _ *testnode.Chain) { p.write(chainSync, false, []byte{0xff, 0xfe}) },
		protocol.ErrMalformed, []string{"chain-sync", "StIdle"}, true, 0},
	{"too large", both, func(p *rawPeer, _ *testnode.Chain) { p.write(chainSync, false, huge) },
		protocol.ErrTooLarge, []string{"chain-sync", "StIdle", "65535"}, true, 0},
	{"endless", both, func(p *rawPeer, _ *testnode.Chain) {
		for range 10 {
			p.write(chainSync, false, endless[:len(endless)-1])
		}
		// Too large, or more than fits if the session had no time to look.
	}, nil, []string{"chain-sync"}, true, 0},
	{"nested too deep", both, func(p *rawPeer, _ *testnode.Chain) { p.write(blockFetch, false, deep) },
		protocol.ErrMalformed, []string{"block-fetch", "StIdle"}, true, 0},
	{"more than fits", both, func(p *rawPeer, _ *testnode.Chain) {
		ping := keepalive.KeepAlive{Cookie: 5}.AppendCBOR(nil)
		p.write(keepAlive, false, bytes.Repeat(ping, 1500/len(ping)))
	}, protocol.ErrOverrun, []string{"keep-alive"}, true, 0},
	{"range that cannot be", both, func(p *rawPeer, c *testnode.Chain) {
		p.message(blockFetch, false, blockfetch.RequestRange{From: c.Point(0), To: c.Point(9)})
	}, blockfetch.ErrInvalidRange, []string{"block-fetch", "MsgRequestRange"}, true, 0},
	{"range from the origin", both, func(p *rawPeer, c *testnode.Chain) {
		p.message(blockFetch, false, blockfetch.RequestRange{To: c.Point(9)})
	}, blockfetch.ErrInvalidRange, []string{"block-fetch", "MsgRequestRange"}, true, 0},
	{"nothing", both, func(*rawPeer, *testnode.Chain) {},
		mux.ErrIdle, nil, false, 5 * time.Second},
	{"one keep-alive and then nothing", both, func(p *rawPeer, _ *testnode.Chain) {
		p.message(keepAlive, false, keepalive.KeepAlive{})
		p.segment()
	}, protocol.ErrTimeout, []string{"keep-alive", "StClient", "1m37s"}, true, 98 * time.Second},
	{"half a segment", both, func(p *rawPeer, _ *testnode.Chain) {
		p.conn.Write(segment(chainSync, false, append([]byte{0x82}, make([]byte, 99)...))[:9])
	}, protocol.ErrTimeout, []string{"chain-sync", "segment", "30s"}, true, 31 * time.Second},
	{"half a header", both, func(p *rawPeer, _ *testnode.Chain) { p.conn.Write([]byte{1, 2, 3}) },
		mux.ErrIdle, nil, false, 31 * time.Second},
	// A batch of twelve segments has half a minute for each.
	{"does not read", both, func(p *rawPeer, c *testnode.Chain) {
		p.message(blockFetch, false, blockfetch.RequestRange{From: c.Point(150), To: c.Point(0)})
		for p.message(keepAlive, false, keepalive.KeepAlive{}) == nil {
			time.Sleep(10 * time.Second)
		}
	}, mux.ErrStalled, []string{"mux", "not taken"}, true, 7 * time.Minute},
	{"hangs up in a segment", both, func(p *rawPeer, _ *testnode.Chain) {
		p.conn.Write(segment(chainSync, false, append([]byte{0x82}, make([]byte, 99)...))[:9])
		p.conn.Close()
	}, io.ErrUnexpectedEOF, nil, false, 0},
	{"hangs up", both, func(p *rawPeer, _ *testnode.Chain) { p.conn.Close() }, io.EOF, nil, false, 0},
}

func (b *bad) check(t *testing.T, peer string, err error) {
	t.Helper()
	var pe *node.PeerError
	var v *protocol.ViolationError
	switch {
	case !errors.As(err, &pe) || !strings.HasPrefix(pe.Peer, peer):
		t.Errorf("does not name the peer: %v", err)
	case node.Blame(err) != b.blame:
		t.Errorf("blame %t: %v", node.Blame(err), err)
	case b.blame && (!errors.As(err, &v) || v.Protocol == ""):
		t.Errorf("does not name the protocol: %v", err)
	case b.is != nil && !errors.Is(err, b.is):
		t.Errorf("got %v, want %v", err, b.is)
	}
	for _, text := range b.text {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("no %q in %q", text, err)
		}
	}
}

// A bad client is cut off, with the reason, and nobody else notices.
func TestServeBadInput(t *testing.T) {
	for _, b := range badClients {
		t.Run(b.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := newWorld(t), newChain().Grow(200)
				s := w.serve("us", c)
				f := w.follow(w.followConfig("us"))
				f.reach(c)
				p := w.dialRaw("us", b.says)
				done := make(chan struct{})
				go func() {
					defer close(done)
					b.send(p, c)
					p.drain()
				}()
				began := time.Now()
				err := <-s.Ended()
				if d := time.Since(began); d > b.after {
					t.Errorf("took %v", d)
				}
				b.check(t, "dialler-2", err)
				c.Grow(5)
				f.reach(c)
				if len(s.Ended()) > 0 {
					t.Errorf("the other connection ended, too: %v", <-s.Ended())
				}
				p.conn.Close()
				<-done
			})
		})
	}
}

// badServers are peers that we connected to. They do it before anything is
// asked of them.
var badServers = []bad{
	{"unknown protocol", both, func(p *rawPeer, _ *testnode.Chain) { p.write(77, true, []byte{0x81, 0}) },
		mux.ErrUnknownProtocol, []string{"mux", "77"}, true, 0},
	{"wrong mode bit", both, func(p *rawPeer, _ *testnode.Chain) { p.message(chainSync, false, chainsync.RequestNext{}) },
		mux.ErrWrongMode, []string{"chain-sync"}, true, 0},
	{"segment without payload", both, func(p *rawPeer, _ *testnode.Chain) { p.write(blockFetch, true, nil) },
		nil, []string{"mux", "without payload"}, true, 0},
	{"out of turn", both, func(p *rawPeer, _ *testnode.Chain) { p.message(blockFetch, true, blockfetch.StartBatch{}) },
		protocol.ErrOutOfTurn, []string{"block-fetch", "StIdle"}, true, 0},
	{"other answer", both, func(p *rawPeer, _ *testnode.Chain) {
		p.message(chainSync, true, chainsync.RollBackward{})
	}, protocol.ErrOutOfTurn, []string{"chain-sync"}, true, 0},
	{"too large", both, func(p *rawPeer, _ *testnode.Chain) { p.await(chainSync); p.write(chainSync, true, huge) },
		protocol.ErrTooLarge, []string{"chain-sync", "StIntersect", "65535"}, true, 0},
	{"endless", both, func(p *rawPeer, _ *testnode.Chain) {
		p.await(chainSync)
		for range 10 {
			p.write(chainSync, true, endless[:len(endless)-1])
		}
	}, protocol.ErrTooLarge, []string{"chain-sync", "StIntersect"}, true, 0},
	{"nested too deep", both, func(p *rawPeer, _ *testnode.Chain) { p.await(chainSync); p.write(chainSync, true, deep) },
		protocol.ErrMalformed, []string{"chain-sync", "StIntersect"}, true, 0},
	{"more than fits", both, func(p *rawPeer, _ *testnode.Chain) {
		for range 75 {
			p.write(txSubmission, true, make([]byte, 10000))
		}
	}, protocol.ErrOverrun, []string{"tx-submission2"}, true, 0},
	{"wrong cookie", both, func(p *rawPeer, _ *testnode.Chain) {
		asked := p.await(keepAlive)
		asked[1] = 1 // the tag of the response
		asked[len(asked)-1] ^= 1
		p.write(keepAlive, true, asked)
	}, keepalive.ErrCookie, []string{"keep-alive", "StServer", "MsgKeepAliveResponse"}, true, 0},
	{"header of an unknown era", both, func(p *rawPeer, c *testnode.Chain) {
		p.await(chainSync)
		p.message(chainSync, true, chainsync.IntersectFound{Tip: c.Tip()})
		p.await(chainSync)
		p.message(chainSync, true, chainsync.RollForward{Header: ledger.RawHeader{Era: unknownEra, Bytes: []byte{0x80}}, Tip: c.Tip()})
	}, errors.ErrUnsupported, []string{"chain-sync", "MsgRollForward", "era 8", "a newer version is needed"}, false, 0},
	{"nothing", both, func(*rawPeer, *testnode.Chain) {},
		protocol.ErrTimeout, []string{"chain-sync", "StIntersect", "10s"}, true, 10 * time.Second},
	// Whether reading or writing notices first is chance.
	{"hangs up", both, func(p *rawPeer, _ *testnode.Chain) { p.conn.Close() }, nil, nil, false, 0},
}

// A bad upstream node is cut off, with the reason, and the others go on.
func TestFollowBadInput(t *testing.T) {
	for _, b := range badServers {
		t.Run(b.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := newWorld(t), newChain().Grow(200)
				s := w.serve("good", c)
				w.serveRaw("bad", func(p *rawPeer) {
					p.accept()
					b.send(p, c)
				})
				cfg := w.followConfig("bad", "good")
				var errs []error
				began := time.Now()
				cfg.Lost = func(_ string, err error, _ time.Duration) {
					if errs = append(errs, err); len(errs) == 1 && time.Since(began) > b.after {
						t.Errorf("took %v", time.Since(began))
					}
				}
				f := w.follow(cfg)
				f.reach(c)
				time.Sleep(time.Minute)
				c.Grow(1)
				f.reach(c)
				ended := len(s.Ended())
				f.stop() // nobody writes errs any more
				if len(errs) == 0 || ended > 0 {
					t.Fatalf("%d errors of the bad peer, %d of the good one", len(errs), ended)
				}
				b.check(t, "bad", errs[0])
			})
		})
	}
}

// A handshake that goes wrong is told apart, too.
func TestDialBadHandshake(t *testing.T) {
	for _, b := range []bad{
		{"nothing", both, func(*rawPeer, *testnode.Chain) {},
			protocol.ErrTimeout, []string{"handshake", "StConfirm", "10s"}, true, 10 * time.Second},
		{"no CBOR", both, func(p *rawPeer, _ *testnode.Chain) { p.write(0, true, []byte{0xff}) },
			protocol.ErrMalformed, []string{"handshake", "StConfirm"}, true, 0},
		{"too large", both, func(p *rawPeer, _ *testnode.Chain) { p.write(0, true, make([]byte, 6000)) },
			nil, []string{"handshake"}, true, 0},
		{"other protocol", both, func(p *rawPeer, _ *testnode.Chain) { p.write(chainSync, true, []byte{0x80}) },
			nil, []string{"2"}, true, 0},
		{"version nobody proposed", both, func(p *rawPeer, _ *testnode.Chain) {
			p.message(0, true, handshake.AcceptVersion{Entry: handshake.Versions(handshake.Data{Magic: 42}, handshake.V16)[0]})
		}, handshake.ErrNotProposed, []string{"handshake", "StConfirm"}, true, 0},
		{"other network", both, func(p *rawPeer, _ *testnode.Chain) {
			p.message(0, true, handshake.Refuse{Refusal: handshake.Refusal{Reason: handshake.Refused, Version: 15, Text: "magic"}})
		}, nil, []string{"refused us", "magic"}, false, 0},
		{"hangs up", both, func(p *rawPeer, _ *testnode.Chain) { p.conn.Close() }, io.EOF, nil, false, 0},
	} {
		t.Run(b.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.serveRaw("bad", func(p *rawPeer) { b.send(p, nil) })
				began := time.Now()
				_, err := node.Dial(t.Context(), "bad", w.config())
				if d := time.Since(began); d > b.after {
					t.Errorf("took %v", d)
				}
				b.check(t, "bad", err)
				if refused := strings.Contains(b.name, "network"); node.Permanent(err) != refused {
					t.Errorf("Permanent(%v)", err)
				}
			})
		})
	}
}
