package node_test

import (
	"context"
	"net"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/segment"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/vnet"
)

// fields lists the fields of a value and of what is in it, by name, each with its
// value: of a slice, those of its elements, all under one name.
func fields(v reflect.Value, name string, found func(name string, value any)) {
	switch {
	case v.Kind() == reflect.Slice:
		found(name, v.Len())
		for i := range v.Len() {
			fields(v.Index(i), name, found)
		}
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			fields(v.Field(i), strings.TrimPrefix(name+"."+v.Type().Field(i).Name, "."), found)
		}
	default:
		found(name, v.Interface())
	}
}

// of returns the entry of a mini-protocol.
func of(t *testing.T, s node.Stats, name string, role protocol.Role) mux.ChannelStats {
	t.Helper()
	for _, p := range s.Protocols {
		if p.Protocol == name && p.Role == role {
			return p
		}
	}
	t.Fatalf("no %s as %v in %+v", name, role, s)
	return mux.ChannelStats{}
}

// slowLine is a network whose line holds little and takes long, with a server on it.
func slowLine(t *testing.T) (server *nodetest.Server, c *chaintest.Chain, client node.Config) {
	t.Helper()
	n := vnet.New(vnet.Config{Link: vnet.Link{Latency: 20 * time.Millisecond, Bandwidth: 1 << 20, Window: 32 << 10}})
	l, err := n.Host("server").Listen(3001)
	if err != nil {
		t.Fatal(err)
	}
	c = nodetest.NewChain().Grow(200)
	cfg := node.Config{Network: nodetest.Network(), PeerSharing: true, Sources: c.Sources()}
	server = nodetest.Serve(t, l, cfg)
	cfg.Dial = n.Host("client").Dial
	return server, c, cfg
}

// Every field of the statistics is in the table of docs/observing.md, and takes
// several values while a connection is used, within the limits.
func TestStatsFields(t *testing.T) {
	values := make(map[string]map[any]bool)
	var states []node.State
	synctest.Test(t, func(t *testing.T) {
		server, c, cfg := slowLine(t)
		conn, err := node.Dial(t.Context(), "server:3001", cfg)
		if err != nil {
			t.Fatal(err)
		}
		var looked time.Time
		look := func(conn *node.Conn) {
			s := conn.Stats()
			if conn.Dialled() {
				if fresh := len(states) == 0 || states[len(states)-1] != s.State; fresh {
					states = append(states, s.State)
					if s.Since.Before(looked) || s.Since.After(time.Now()) {
						t.Errorf("%v since %v, looked at %v and %v", s.State, s.Since, looked, time.Now())
					}
				} else if s.Since.After(looked) {
					t.Errorf("%v already, and since %v", s.State, s.Since)
				}
				looked = time.Now()
			}
			for _, p := range s.Protocols {
				if p.Unread > p.UnreadLimit || p.Queued > p.QueueLimit {
					t.Errorf("too much: %+v", p)
				}
			}
			fields(reflect.ValueOf(s), "", func(name string, value any) {
				if values[name] == nil {
					values[name] = make(map[any]bool)
				}
				values[name][value] = true
			})
		}
		synctest.Wait()
		theirs := server.Conns()[0]
		look(conn)
		look(theirs)
		for _, err := range conn.BlockFetch().Range(t.Context(), c.Point(199), c.Point(0)) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond) // more slowly than blocks come
			look(conn)
			look(theirs)
		}
		cool, ended := spelled(conn, busy(conn, c))
		synctest.Wait()
		look(conn)
		time.Sleep(time.Second)
		cool()
		synctest.Wait()
		look(conn)
		for state := node.Cooling; state == node.Cooling; state = conn.Stats().State {
			time.Sleep(time.Millisecond)
			c.Grow(1) // which chain-sync has to wait for
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		look(conn)
		asked := func() bool {
			p := of(t, conn.Stats(), "keep-alive", protocol.Initiator)
			return p.Sent.Messages > p.Received.Messages
		}
		for !asked() { // its Done has to wait for the answer
			time.Sleep(time.Millisecond)
			looked = time.Now()
		}
		left := make(chan error)
		go func() { left <- conn.Leave(t.Context()) }()
		synctest.Wait()
		look(conn)
		if err := <-left; err != nil {
			t.Error(err)
		}
		look(conn)
		conn.Close()
		look(conn)
	})
	want := []node.State{node.Warm, node.Hot, node.Cooling, node.Warm, node.Leaving, node.Cold, node.Closed}
	if !slices.Equal(states, want) {
		t.Errorf("the states are %v, not %v", states, want)
	}
	page, err := os.ReadFile("../docs/observing.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\|").FindAllSubmatch(page, -1) {
		if name := string(row[1]); !strings.Contains(name, "Observer.") {
			rows[name] = true
		}
	}
	for name, values := range values {
		if !rows[name] {
			t.Errorf("docs/observing.md does not list %s", name)
		}
		delete(rows, name)
		if len(values) < 2 && name != "Protocols" {
			t.Errorf("nothing moves %s: it is always %v", name, values)
		}
	}
	for name := range rows {
		t.Errorf("docs/observing.md lists %s, which there is not", name)
	}
}

// What one side has sent is what the other has received, message by message, and
// what the wire has carried.
func TestStatsMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, c, cfg := slowLine(t)
		counter := &payload{sent: make(map[uint16]int)}
		cfg.Mux.Record = func(net.Conn) mux.Recorder { return counter }
		conn, err := node.Dial(t.Context(), "server:3001", cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		synctest.Wait()
		theirs := server.Conns()[0]
		if _, _, err := conn.ChainSync().Intersect(t.Context(), ledger.Origin); err != nil {
			t.Fatal(err)
		}
		bytes := 0
		for b, err := range conn.BlockFetch().Range(t.Context(), c.Point(9), c.Point(0)) {
			if err != nil {
				t.Fatal(err)
			}
			bytes += len(b.Raw)
		}
		if _, err := conn.PeerSharing().Request(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // of keep-alives
		synctest.Wait()
		a, b := conn.Stats(), theirs.Stats()
		if len(a.Protocols) != len(b.Protocols) || len(a.Protocols) != 10 {
			t.Fatalf("%+v\n%+v", a, b)
		}
		for _, p := range a.Protocols {
			q := of(t, b, p.Protocol, p.Role.Peer())
			if p.Sent != q.Received || p.Received != q.Sent || p.Queued+p.Unread+q.Queued+q.Unread > 0 {
				t.Errorf("%+v\n%+v", p, q)
			}
			wire := p.Number
			if p.Role == protocol.Responder {
				wire |= 1 << 15
			}
			if got := counter.sent[wire]; p.Sent.Bytes != uint64(got) {
				t.Errorf("%s as %v: sent %d, and the wire carried %d", p.Protocol, p.Role, p.Sent.Bytes, got)
			}
		}
		for _, want := range []struct {
			protocol       string
			sent, received uint64
		}{
			{"chain-sync", 1, 1},
			{"block-fetch", 1, 12}, // the start, ten blocks, the end
			{"peer-sharing", 1, 1},
			{"tx-submission2", 0, 0},
		} {
			p := of(t, a, want.protocol, protocol.Initiator)
			if p.Sent.Messages != want.sent || p.Received.Messages != want.received {
				t.Errorf("%+v, want %d and %d messages", p, want.sent, want.received)
			}
		}
		if p := of(t, a, "block-fetch", protocol.Initiator); p.Received.Bytes < uint64(bytes) || p.Received.Bytes > uint64(bytes+10*16) {
			t.Errorf("%d bytes of blocks, counted %d", bytes, p.Received.Bytes)
		}
		pings := of(t, a, "keep-alive", protocol.Initiator).Sent.Messages
		if pings < 5 || pings > 7 {
			t.Errorf("%d keep-alives in a minute", pings)
		}
		if a.RTT < 40*time.Millisecond || a.RTT > 50*time.Millisecond || a.State != node.Warm {
			t.Errorf("%v, round trips of %v over 20 ms each way", a.State, a.RTT)
		}
		if b.RTT != 0 || b.State != node.Cold { // it has not asked anything
			t.Errorf("the side that accepted is %v, with a round trip of %v", b.State, b.RTT)
		}
	})
}

// payload counts what each number of a segment has carried out.
type payload struct {
	mu   sync.Mutex
	sent map[uint16]int
}

func (p *payload) Received([]byte) {}
func (p *payload) Ended(error)     {}

func (p *payload) Sending(bufs net.Buffers) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for h, payload := range segment.All(slices.Concat(bufs...)) {
		p.sent[h.Tag()] += len(payload)
	}
}

// What our side has not taken counts as unread until it looks, and the peer's as
// queued until the line takes it.
func TestStatsQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, c, cfg := slowLine(t)
		conn, err := node.Dial(t.Context(), "server:3001", cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		synctest.Wait()
		theirs := server.Conns()[0]
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		blocks, queued := 0, 0
		for _, err := range conn.BlockFetch().Range(ctx, c.Point(199), c.Point(0)) {
			if err != nil {
				t.Fatal(err)
			}
			if blocks++; blocks == 1 {
				for range 100 {
					time.Sleep(10 * time.Millisecond)
					queued = max(queued, of(t, theirs.Stats(), "block-fetch", protocol.Responder).Queued)
				}
				p := of(t, conn.Stats(), "block-fetch", protocol.Initiator)
				if p.Unread < 100_000 || p.Received.Messages != 2 || p.Received.Bytes < uint64(p.Unread) {
					t.Errorf("with one block taken: %+v", p)
				}
			}
		}
		p := of(t, conn.Stats(), "block-fetch", protocol.Initiator)
		if blocks != 200 || p.Unread != 0 || p.Received.Messages != 202 || queued == 0 {
			t.Errorf("%d blocks, %d queued at most: %+v", blocks, queued, p)
		}
	})
}
