package follow

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
)

// stand is an engine that is stepped by hand, and connections that only fail.
type stand struct {
	t      *testing.T
	e      *Engine
	blocks []ledger.Block
}

func newStand(t *testing.T, k, blocks int) *stand {
	n := chaintest.Network()
	n.SecurityParam = uint64(k)
	f, err := NewFollower(Config{Config: node.Config{Network: n}, Peers: []string{"a:1"}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEngine(t.Context(), f.cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := context.Cause(e.ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("engine stopped: %v", err)
		}
	})
	return &stand{t, e, chaintest.NewGenerator(chaintest.Config{Network: n, BlockSize: 1100}).Blocks(blocks)}
}

// connect adds a peer that has all headers.
func (s *stand) connect(id chain.PeerID) *link {
	s.t.Helper()
	left, right := net.Pipe()
	cfg := s.e.cfg.Config
	done := make(chan *node.Conn)
	go func() {
		c, _ := node.Handshake(s.t.Context(), right, protocol.Responder, cfg)
		done <- c
	}()
	conn, err := node.Handshake(s.t.Context(), left, protocol.Initiator, cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	other := <-done
	s.t.Cleanup(func() { conn.Close(); other.Close() })
	l := newLink(&upstream{engine: s.e, address: "a:1"}, conn, id)
	s.e.accept(message{event: chain.PeerConnected{Peer: id}, link: l})
	tip := s.blocks[len(s.blocks)-1].Header.Tip()
	s.e.accept(message{event: chain.Intersected{Peer: id, Tip: tip}})
	headers := make([]ledger.Header, len(s.blocks))
	for i, b := range s.blocks {
		headers[i] = b.Header
	}
	s.e.accept(message{event: chain.Headers{Peer: id, Headers: headers, Tip: tip}})
	return l
}

// deliver hands over the blocks of a range.
func (s *stand) deliver(id chain.PeerID, f chain.Fetch) {
	for _, h := range f.Headers {
		b := s.blocks[h.BlockNo]
		s.e.accept(message{event: chain.BlockFetched{Peer: id, Range: f.Range, Point: h.Point(), Bytes: len(b.Raw)}, block: b})
	}
	s.e.accept(message{event: chain.RangeDone{Peer: id, Range: f.Range}})
}

// The bodies that a peer sent before it knew that it was disconnected go.
func TestEngineHoldsNothingOfDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t, 5, 10)
		l := s.connect(1)
		s.e.accept(message{event: chain.BadHeader{Peer: 1}})
		if l.conn.Err() == nil || !node.Blame(l.conn.Err()) {
			t.Errorf("connection ended with %v", l.conn.Err())
		}
		for _, f := range l.fetches {
			s.deliver(1, f)
		}
		s.e.accept(message{event: chain.PeerGone{Peer: 1}})
		if len(l.fetches) == 0 || s.e.held() > 0 {
			t.Errorf("%d bodies are kept of %d ranges", s.e.held(), len(l.fetches))
		}
	})
}

// Who waits for our chain to be as long as a peer's is told when it is, and forgotten
// with the connection. A peer that rolled back has less.
func TestEngineCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t, 5, 10)
		whole, back, lost := s.connect(1), s.connect(2), s.connect(3)
		s.e.accept(message{event: chain.RolledBack{Peer: 2, Point: s.blocks[5].Header.Point(), Tip: s.blocks[5].Header.Tip()}})
		told := func(l *link) func() bool {
			caught := make(chan struct{})
			s.e.accept(message{link: l, caught: caught})
			return func() bool {
				select {
				case <-caught:
					return true
				default:
					return false
				}
			}
		}
		end, less, gone := told(whole), told(back), told(lost)
		s.e.accept(message{event: chain.PeerGone{Peer: 3}})
		if len(s.e.catch) != 2 {
			t.Errorf("%d wait, want 2", len(s.e.catch))
		}
		n := 0
		for len(whole.fetches) > 0 {
			f := whole.fetches[0]
			whole.fetches = whole.fetches[1:]
			for _, h := range f.Headers {
				if end() || less() != (n > 5) {
					t.Errorf("with %d blocks: %t, %t", n, end(), less())
				}
				s.e.accept(message{event: chain.BlockFetched{Peer: 1, Range: f.Range, Point: h.Point(), Bytes: 1}, block: s.blocks[n]})
				n++
			}
			s.e.accept(message{event: chain.RangeDone{Peer: 1, Range: f.Range}})
		}
		now := told(whole)
		if !end() || !less() || !now() || gone() || n != 10 || len(s.e.catch) != 0 {
			t.Errorf("with %d blocks: %t, %t, %t, %t, %d wait", n, end(), less(), now(), gone(), len(s.e.catch))
		}
	})
}

// A range that is given up before it was sent is told to have failed, or it
// would count as in flight for ever.
func TestEngineTakesBackFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t, 5, 12)
		slow := s.connect(1)
		s.connect(2)
		s.e.epoch = s.e.epoch.Add(-chain.DefaultStallTimeout)
		s.e.step(chain.Tick{})
		if len(slow.fetches) != 0 {
			t.Errorf("%d ranges are still to be sent", len(slow.fetches))
		}
		for _, ev := range s.e.own {
			s.e.core.Step(0, ev)
		}
		if st, _ := s.e.core.Peer(1); st.Ranges != 0 || st.InFlight != 0 || len(s.e.own) == 0 {
			t.Errorf("%d ranges in flight, %d bytes", st.Ranges, st.InFlight)
		}
	})
}

// Bodies that come a second time, from a slow peer, do not stay.
func TestEngineHoldsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const k = 5
		s := newStand(t, k, 12)
		slow := s.connect(1)
		quick := s.connect(2)
		late := slow.fetches
		slow.fetches = nil // on the wire
		s.e.epoch = s.e.epoch.Add(-chain.DefaultStallTimeout)
		s.e.step(chain.Tick{})
		for len(quick.fetches) > 0 {
			f := quick.fetches[0]
			quick.fetches = quick.fetches[1:]
			s.deliver(2, f)
		}
		if s.e.core.Tip().BlockNo != 11 || len(late) == 0 {
			t.Fatalf("tip %v, %d late ranges", s.e.core.Tip(), len(late))
		}
		for _, f := range late {
			s.deliver(1, f)
		}
		if s.e.held() != k {
			t.Errorf("%d bodies are kept, want those of the last %d blocks", s.e.held(), k)
		}
	})
}

// Of more points than a relay looks up, the newest are offered, and the last one.
func TestNewestFirst(t *testing.T) {
	if chain.MaxPoints > chainsync.MaxPoints {
		t.Errorf("%d points are offered, and %d looked up", chain.MaxPoints, chainsync.MaxPoints)
	}
	for n, oldest := range map[int]ledger.Slot{chain.MaxPoints: 1, chain.MaxPoints + 1: 2} {
		points := []ledger.Point{ledger.Origin}
		for slot := range n {
			points = append(points, ledger.Point{Slot: ledger.Slot(slot), Hash: ledger.Hash{1}})
		}
		got := newestFirst(points[:n])
		last := len(got) - 1
		if len(got) != chain.MaxPoints || got[0] != points[n-1] || got[last] != ledger.Origin || got[last-1].Slot+1 != oldest {
			t.Errorf("%d points become %d, from %v to %v and %v", n, len(got), got[0], got[last-1], got[last])
		}
	}
}

// watched hands every event that the engine steps to a function.
type watched func(chain.Event)

func (w watched) Step(input, _ []byte) error {
	in, err := chain.ParseInput(input)
	w(in.Event)
	return err
}

// What is due is done before what waits in the queue, so that in virtual time
// the order is always the same.
func TestEngineTicksFirst(t *testing.T) {
	for range 20 { // or chance could hide it
		synctest.Test(t, func(t *testing.T) {
			s := newStand(t, 5, 12)
			s.connect(1)
			ctx, end := context.WithCancel(t.Context())
			var order []chain.Event
			s.e.decisions = watched(func(ev chain.Event) {
				if order = append(order, ev); len(order) == 2 {
					end()
				}
			})
			s.e.epoch = s.e.epoch.Add(-chain.DefaultStallTimeout)
			s.e.send(ctx, message{event: chain.Consumed{Bytes: 1}})
			s.e.run(ctx)
			if order[0] != (chain.Tick{}) || order[1] != (chain.Consumed{Bytes: 1}) {
				t.Errorf("steps are %v", order)
			}
		})
	}
}

// Events come through when a step takes longer than the core wants to wait, so
// that something is always due.
func TestEngineAlwaysDue(t *testing.T) {
	const ticks, events = 10_000, 100
	s := newStand(t, 5, 12)
	s.e.cfg.Chain.StallTimeout = 1
	e, err := newEngine(t.Context(), s.e.cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.e = e
	s.connect(1)
	ctx, end := context.WithCancel(t.Context())
	ticked, taken := 0, 0
	s.e.decisions = watched(func(ev chain.Event) {
		if ev != (chain.Tick{}) {
			ticked, taken = 0, taken+1
		} else if ticked++; ticked == ticks {
			t.Errorf("%d ticks in a row after %d of %d events that wait", ticked, taken, events)
		}
		if ticked == ticks || taken == events {
			end()
		}
	})
	for range events {
		s.e.send(ctx, message{event: chain.Consumed{Bytes: 1}})
	}
	s.e.run(ctx)
}

// Who waits for a message is told when it has been taken, not when it is about
// to be.
func TestEngineTellsWhenTaken(t *testing.T) {
	s := newStand(t, 5, 12)
	ctx, end := context.WithCancel(t.Context())
	taken := make(chan struct{}, 1)
	s.e.decisions = watched(func(chain.Event) {
		if len(taken) > 0 {
			t.Error("told before the step")
		}
		end()
	})
	s.e.send(ctx, message{event: chain.Consumed{Bytes: 1}, taken: taken})
	s.e.run(ctx)
	if len(taken) == 0 {
		t.Error("not told")
	}
}

// What happened before the end of a connection is not lost if there is room for
// it.
func TestEngineTakesWhatCameBeforeEnd(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	end()
	e := &Engine{events: make(chan message, 100)}
	for n := range cap(e.events) { // or chance could hide it
		if !e.send(ctx, message{event: chain.PeerGone{}}) {
			t.Fatalf("the queue has room, and message %d is not taken", n)
		}
	}
	if e.send(ctx, message{event: chain.PeerGone{}}) {
		t.Error("a full queue has taken a message")
	}
}

type nowhere struct{}

func (nowhere) Step(_, _ []byte) error { return nil }

// Recording is free when it is off, and needs no memory for each step when it
// is on.
func TestEngineStepAllocatesNothing(t *testing.T) {
	for name, d := range map[string]Decisions{"off": nil, "on": nowhere{}} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, 5, 10)
			s.e.decisions = d
			if n := testing.AllocsPerRun(100, func() { s.e.step(chain.Tick{}) }); n > 0 {
				t.Errorf("%v allocations", n)
			}
			if n := testing.AllocsPerRun(100, func() { s.e.Status() }); n > 0 { // no peers: else one slice of them
				t.Errorf("%v allocations for a status", n)
			}
			if d == nil && s.e.input != nil {
				t.Error("something is encoded")
			}
		})
	}
}
