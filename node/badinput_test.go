package node_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/node"
)

// A bad client is cut off, with the reason, and nobody else notices.
func TestServeBadInput(t *testing.T) {
	for _, b := range nodetest.BadClients {
		t.Run(b.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
				s := w.Serve("us", c)
				f := w.Follow(w.FollowConfig("us"))
				f.Reach(c)
				p := w.DialRaw("us", b.Says)
				done := make(chan struct{})
				go func() {
					defer close(done)
					b.Send(p, c)
					p.Drain()
				}()
				began := time.Now()
				err := <-s.Ended()
				if d := time.Since(began); d > b.After {
					t.Errorf("took %v", d)
				}
				b.Check(t, "dialler-2", err)
				c.Grow(5)
				f.Reach(c)
				if len(s.Ended()) > 0 {
					t.Errorf("the other connection ended, too: %v", <-s.Ended())
				}
				p.Conn.Close()
				<-done
			})
		})
	}
}

// A handshake that goes wrong is told apart, too.
func TestDialBadHandshake(t *testing.T) {
	for _, b := range nodetest.BadHandshakes {
		t.Run(b.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := nodetest.NewWorld(t)
				w.ServeRaw("bad", func(p *nodetest.Raw) { b.Send(p, nil) })
				began := time.Now()
				_, err := node.Dial(t.Context(), "bad", w.Config())
				if d := time.Since(began); d > b.After {
					t.Errorf("took %v", d)
				}
				b.Check(t, "bad", err)
				if refused := strings.Contains(b.Name, "network"); node.Permanent(err) != refused {
					t.Errorf("Permanent(%v)", err)
				}
			})
		})
	}
}
