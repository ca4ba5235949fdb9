package follow

import (
	"context"
	"testing"

	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

// anything is a Verifier for which all headers are good.
type anything struct{}

func (anything) Verify(_ context.Context, headers []ledger.Header) (int, error) {
	return len(headers), nil
}

// The headers of one message follow those of the message before, or the point
// to which the peer went.
func TestVerifyFollowsMessages(t *testing.T) {
	n := chaintest.Network()
	f, err := NewFollower(Config{Config: node.Config{Network: n}, Peers: []string{"a:1"}, Verifier: anything{}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEngine(t.Context(), f.cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	var headers []ledger.Header
	for _, b := range chaintest.NewGenerator(chaintest.Config{Network: n, BlockSize: 1100}).Blocks(8) {
		headers = append(headers, b.Header)
	}
	l := &link{id: 1, upstream: &upstream{engine: e}, received: make(chan message)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		l.verifyHeaders(ctx)
		close(done)
	}()
	for _, ev := range []chain.Event{
		chain.Intersected{Peer: 1},
		chain.Headers{Peer: 1, Headers: headers[:3]},
		chain.Headers{Peer: 1, Headers: headers[3:6]},
		chain.RolledBack{Peer: 1, Point: headers[1].Point()},
		chain.Headers{Peer: 1, Headers: headers[2:5]},
		chain.Intersected{Peer: 1, Point: headers[6].Point()},
		chain.Headers{Peer: 1, Headers: headers[7:]},
	} {
		l.received <- message{event: ev}
		switch got := (<-e.events).event.(type) {
		case chain.BadHeader:
			t.Fatalf("%v: %v", got.Point, got.Err)
		case chain.Headers:
			if want := ev.(chain.Headers); len(got.Headers) != len(want.Headers) {
				t.Errorf("%d headers of %d", len(got.Headers), len(want.Headers))
			}
		}
	}
	l.received <- message{event: chain.Headers{Peer: 1, Headers: headers[6:]}} // after itself
	if bad, ok := (<-e.events).event.(chain.BadHeader); !ok || bad.Point != headers[6].Point() {
		t.Errorf("%+v", bad)
	}
	cancel()
	<-done
}

// When the core ends chain-sync with a peer, the connection is told, and the
// status says why.
func TestEngineStopsChainSync(t *testing.T) {
	s := newStand(t, 5, 3)
	l := s.connect(1)
	s.e.endChainSync(chain.StopChainSync{Peer: 1, Err: chain.ErrRolledBackTooFar})
	l.mu.Lock()
	stopped := l.stopped
	l.mu.Unlock()
	if !stopped || l.upstream.status().Stopped != chain.ErrRolledBackTooFar {
		t.Errorf("stopped %t, status %+v", stopped, l.upstream.status())
	}
	s.e.endChainSync(chain.StopChainSync{Peer: 2, Err: chain.ErrRolledBackTooFar}) // gone meanwhile
}
