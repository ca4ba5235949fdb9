package stack

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// auditTime is how long an audit of one relay may take.
const auditTime = 10 * time.Minute

// audit follows each relay from the start of the chain and compares what it
// serves, blocks in its folder and in memory alike.
func (s *stage) audit() {
	for _, r := range s.relays {
		if err := s.auditOne(r.index); err != nil {
			s.watch.fail("serving: %s: %v", name(r.index), err)
		}
	}
}

func (s *stage) auditOne(i int) error {
	ctx, cancel := context.WithTimeout(context.Background(), auditTime)
	defer cancel()
	cfg := follow.Config{Config: s.config(2000 + i), Peers: []string{s.address(i)}}
	host := fmt.Sprintf("a%d", i)
	cfg.Dial = s.net.Host(host).Dial
	cfg.Decisions = &decisions{w: &s.watch, host: host}
	want := s.tree.Line(s.plot.Best)[1:]
	for ev, err := range follow.Follow(ctx, cfg) {
		if err != nil {
			return err
		}
		time.Sleep(moment) // see player.consumer
		switch ev := ev.(type) {
		case follow.RollBackward:
			if ev.To != (ledger.Tip{}) {
				return fmt.Errorf("rolled back to %v", ev.To)
			}
		case follow.RollForward:
			if !bytes.Equal(ev.Block.Raw, s.tree.Blocks[want[0]].Raw) {
				return fmt.Errorf("served %v, want %v", ev.Block.Header.Point(), s.tree.Point(want[0]))
			}
			if want = want[1:]; len(want) == 0 {
				return nil
			}
		}
	}
	return fmt.Errorf("ended %d blocks early", len(want))
}
