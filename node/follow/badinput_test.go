package follow_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/nodetest"
)

// A bad upstream node is cut off, with the reason, and the others go on.
func TestFollowBadInput(t *testing.T) {
	for _, b := range nodetest.BadServers {
		t.Run(b.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(200)
				// Or our chain could be too long already for what the bad one says.
				good := nodetest.NewChain()
				time.AfterFunc(time.Second/2, func() { good.Become(c) })
				s := w.Serve("good", good)
				w.ServeRaw("bad", func(p *nodetest.Raw) {
					p.Accept()
					b.Send(p, c)
				})
				cfg := w.FollowConfig("bad", "good")
				var errs []error
				began := time.Now()
				cfg.Observer.Lost = func(_ string, err error, _ time.Duration) {
					if errs = append(errs, err); len(errs) == 1 && time.Since(began) > b.After {
						t.Errorf("took %v", time.Since(began))
					}
				}
				f := w.Follow(cfg)
				f.Reach(c)
				time.Sleep(time.Minute)
				c.Grow(1)
				good.Become(c)
				f.Reach(c)
				ended := len(s.Ended())
				f.Stop() // nobody writes errs any more
				if len(errs) == 0 || ended > 0 {
					t.Fatalf("%d errors of the bad peer, %d of the good one", len(errs), ended)
				}
				b.Check(t, "bad", errs[0])
			})
		})
	}
}
