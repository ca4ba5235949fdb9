package follow_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// Near peers hang up just before they would count as late with a new block, and connect
// again: that buys them no more time than to hold the block back.
func TestTipBesideHangUps(t *testing.T) {
	if testing.Short() {
		t.Skip("many nodes, for minutes of virtual time")
	}
	for _, far := range []time.Duration{25, 80, 120} {
		far *= time.Millisecond
		alone := make(map[int][]time.Duration)
		for _, near := range []int{0, 1, 3} {
			for _, after := range []time.Duration{40, 90, 180, 300} {
				if after *= time.Millisecond; near == 0 && alone[0] != nil {
					continue
				}
				t.Run(fmt.Sprintf("far %v, %d near, after %v", far, near, after), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						took := hangUpTimes(t, far, near, after)
						if near == 0 {
							alone[0] = took
							return
						}
						worst := time.Duration(0)
						for i := range took {
							late := took[i] - alone[0][i]
							if i == 0 && late > 600*time.Millisecond || i == 1 && late > 250*time.Millisecond {
								t.Errorf("block %d is %v late", i+1, late)
							}
							if i >= 2 {
								worst = max(worst, late)
							}
						}
						t.Logf("the first is %v late, from the third on at most %v", took[0]-alone[0][0], worst)
						if worst > 150*time.Millisecond {
							t.Errorf("from the third on, up to %v late", worst)
						}
					})
				})
			}
		}
	}
}

// hangUpTimes returns how long each of some new blocks takes to come from ten far
// peers, beside near ones that hang up some time after they were asked for it.
func hangUpTimes(t *testing.T, far time.Duration, near int, after time.Duration) (took []time.Duration) {
	c, chain := newCity(t), cityChain(80_000).Grow(200)
	c.far = far
	var tip atomic.Bool
	for i := range near {
		c.serve(fmt.Sprint("near", i), chain, func(ledger.RawBlock) time.Duration {
			if !tip.Load() {
				return 0
			}
			go func() { time.Sleep(after); c.near[i].Drop() }()
			return time.Hour
		})
	}
	for i := range 10 {
		c.serve(fmt.Sprint("far", i), chain, nil)
	}
	blocks := c.follow()
	until(blocks, chain.Tip())
	time.Sleep(time.Minute)
	tip.Store(true)
	for range 10 {
		took = append(took, until(blocks, chain.Grow(1).Tip()))
		time.Sleep(40 * time.Second)
	}
	return took
}

// An honest peer whose connection breaks again and again in the middle of a sync is
// asked as much as before while it is there.
func TestSyncBesideBreaks(t *testing.T) {
	sync := func(every time.Duration) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			c, chain := newCity(t), cityChain(20_000).Grow(5000)
			c.serve("near", chain, nil)
			c.far = 250 * time.Millisecond
			c.serve("far", chain, nil)
			breaks, done := time.NewTicker(every), make(chan struct{})
			defer close(done)
			defer breaks.Stop()
			go func() {
				for {
					select {
					case <-breaks.C:
						c.near[0].Drop()
					case <-done:
						return
					}
				}
			}()
			took = until(c.follow(), chain.Tip())
		})
		return took
	}
	// The bounds are 5 % above what it took when breaks did not count at all.
	for every, bound := range map[time.Duration]time.Duration{3 * time.Second: 45400 * time.Millisecond, time.Second: 53500 * time.Millisecond} {
		took := sync(every)
		t.Logf("broken each %v: %v", every, took)
		if took > bound {
			t.Errorf("broken each %v, it took %v, more than %v", every, took, bound)
		}
	}
}
