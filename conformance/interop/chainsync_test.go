package interop_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	theirs "github.com/blinklabs-io/gouroboros/protocol/chainsync"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance/interop/peer"
	"github.com/ouronet/ouronet/ledger"
)

// The headers of every era are the same bytes and eras on both sides.
func TestHeadersFromTheirServer(t *testing.T) {
	for _, chain := range [][]ledger.Block{everyEra(ledger.Byron), generate(700, 1500)} {
		s := theirServer(t, peer.ServerConfig{Chain: peer.NewChain(chain)})
		cs := ourClient(t, s.Addr(), config()).ChainSync()
		var got []ledger.RawHeader
		for u, err := range cs.Updates(limited(t)) {
			if err != nil {
				t.Fatal(err)
			}
			switch u := u.(type) {
			case chainsync.RollBackward:
				if !u.Point.IsOrigin() || len(got) > 0 {
					t.Fatalf("rollback to %v after %d headers", u.Point, len(got))
				}
			case chainsync.RollForward:
				got = append(got, u.Header)
			}
			if len(got) == len(chain) {
				break
			}
		}
		checkHeaders(t, got, chain)
	}
}

func TestHeadersToTheirClient(t *testing.T) {
	for _, chain := range [][]ledger.Block{everyEra(ledger.Byron), generate(700, 1500)} {
		cfg := config()
		cfg.Sources = sources(peer.NewChain(chain))
		address, _ := ourServer(t, cfg)
		got, err := theirClient(t, address, peer.ClientConfig{}).Headers(limited(t))
		if err != nil {
			t.Fatal(err)
		}
		checkHeaders(t, got, chain)
	}
}

func checkHeaders(t *testing.T, got []ledger.RawHeader, want []ledger.Block) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d headers, want %d", len(got), len(want))
	}
	for i, h := range got {
		w := want[i].Header.Raw
		if h.Era != w.Era || h.EBB != w.EBB || !bytes.Equal(h.Bytes, w.Bytes) {
			t.Fatalf("header %d of %v differs", i, w.Era)
		}
	}
}

// script moves a chain as a follower catches up with it, and writes down what
// the follower sees. It starts with three blocks of bs.
type script struct {
	bs    []ledger.Block
	chain *peer.Chain
	got   []string
}

func newScript() *script {
	bs := generate(6, 1000)
	return &script{bs: bs, chain: peer.NewChain(bs[:3])}
}

// from are points to intersect at: one that is not on the chain yet, then the
// second block.
func (s *script) from() []ledger.Point {
	return []ledger.Point{s.bs[5].Header.Point(), s.bs[1].Header.Point()}
}

func (s *script) back(p ledger.Point) { s.got = append(s.got, "back to "+p.String()) }

// forward reports whether the script is over.
func (s *script) forward(h ledger.RawHeader) (bool, error) {
	header, err := chaintest.Network().ParseHeader(h)
	s.got = append(s.got, header.Point().String())
	return header.Point() == s.bs[4].Header.Point(), err
}

// atTip is called when the follower has seen everything.
func (s *script) atTip() {
	switch s.chain.Len() {
	case 3:
		s.chain.Rollback(2)
	case 2:
		s.chain.Append(s.bs[2:5]...)
	}
}

func (s *script) check(t *testing.T) {
	t.Helper()
	p := func(i int) string { return s.bs[i].Header.Point().String() }
	want := []string{"back to " + p(1), p(2), "back to " + p(1), p(2), p(3), p(4)}
	if !slices.Equal(s.got, want) {
		t.Errorf("got  %v\nwant %v", s.got, want)
	}
}

func TestAwaitReplyAndRollbackFromTheirServer(t *testing.T) {
	s := newScript()
	server := theirServer(t, peer.ServerConfig{Chain: s.chain})
	cs := ourClient(t, server.Addr(), config()).ChainSync()
	p, tip, err := cs.Intersect(limited(t), s.from()...)
	if err != nil || p != s.bs[1].Header.Point() || tip != s.bs[2].Header.Tip() {
		t.Fatalf("intersected at %v with tip %v, %v", p, tip, err)
	}
	for u, err := range cs.Updates(limited(t)) {
		if err != nil {
			t.Fatal(err)
		}
		over := false
		switch u := u.(type) {
		case chainsync.RollBackward:
			s.back(u.Point)
			// Our initiator says nothing of AwaitReply: the tip tells.
			if s.chain.Len() == 2 && u.Tip.Point == s.bs[1].Header.Point() {
				s.atTip()
			}
		case chainsync.RollForward:
			over, err = s.forward(u.Header)
			if err != nil {
				t.Fatal(err)
			}
			if s.chain.Len() == 3 && u.Tip.Point == s.bs[2].Header.Point() {
				s.atTip()
			}
		}
		if over {
			break
		}
	}
	s.check(t)
}

// Departure: at the tip the client has up to 100 requests outstanding. Each is
// answered by an AwaitReply of its own once it is its turn.
func TestAwaitReplyAndRollbackToTheirClient(t *testing.T) {
	s := newScript()
	cfg := config()
	cfg.Sources = sources(s.chain)
	address, _ := ourServer(t, cfg)
	c := theirClient(t, address, peer.ClientConfig{Pipeline: 100})
	err := c.Sync(limited(t), s.from(), func(u peer.Update) error {
		switch u.Kind {
		case peer.RollBackward:
			s.back(u.Point)
		case peer.RollForward:
			if over, err := s.forward(u.Header); over || err != nil {
				return errors.Join(err, peer.ErrStop)
			}
		case peer.AwaitReply:
			s.atTip()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.check(t)
}

func TestNoIntersectionWithTheirServer(t *testing.T) {
	bs := generate(3, 1000)
	s := theirServer(t, peer.ServerConfig{Chain: peer.NewChain(bs[:2])})
	cs := ourClient(t, s.Addr(), config()).ChainSync()
	_, tip, err := cs.Intersect(limited(t), bs[2].Header.Point())
	if !errors.Is(err, chainsync.ErrNoIntersect) || tip != bs[1].Header.Tip() {
		t.Fatalf("got %v with tip %v, want ErrNoIntersect with %v", err, tip, bs[1].Header.Tip())
	}
	// The conversation goes on.
	if p, _, err := cs.Intersect(limited(t), bs[2].Header.Point(), ledger.Origin); err != nil || !p.IsOrigin() {
		t.Fatalf("then got %v, %v, want the origin", p, err)
	}
}

func TestNoIntersectionForTheirClient(t *testing.T) {
	bs := generate(2, 1000)
	cfg := config()
	cfg.Sources = sources(peer.NewChain(bs[:1]))
	address, _ := ourServer(t, cfg)
	c := theirClient(t, address, peer.ClientConfig{})
	err := c.Sync(limited(t), []ledger.Point{bs[1].Header.Point()}, func(peer.Update) error { return nil })
	if !errors.Is(err, theirs.ErrIntersectNotFound) {
		t.Fatalf("got %v, want ErrIntersectNotFound", err)
	}
}
