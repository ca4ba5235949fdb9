package chainsync_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/protocol"
)

func TestInitiatorScenarios(t *testing.T) {
	playAll(t, "testdata/initiator-*.txt", side{
		role: protocol.Initiator,
		start: func(_ context.Context, t protocol.Transport, say func(string, ...any)) func(context.Context, string) {
			i := chainsync.NewInitiator(chainsync.Spec(), t)
			return func(ctx context.Context, command string) { obey(ctx, i, command, say) }
		},
	})
}

// obey does one of: intersect POINTS, follow [N] (until N updates were
// seen), follow quietly, done.
func obey(ctx context.Context, i *chainsync.Initiator, command string, say func(string, ...any)) {
	f := strings.Fields(command)
	switch f[0] {
	case "intersect":
		p, tip, err := i.Intersect(ctx, points(f[1:])...)
		switch {
		case errors.Is(err, chainsync.ErrNoIntersect):
			say("no intersection, tip %s", nameOf(tip.Point))
		case err != nil:
			say("%s", describe(err))
		default:
			say("found %s, tip %s", nameOf(p), nameOf(tip.Point))
		}
	case "follow":
		n, quiet := -1, len(f) > 1 && f[1] == "quietly"
		if len(f) > 1 && !quiet {
			n, _ = strconv.Atoi(f[1])
		}
		for u, err := range i.Updates(ctx) {
			switch u := u.(type) {
			case chainsync.RollForward:
				if !quiet {
					say("forward to %s", nameOfHeader(u.Header))
				}
			case chainsync.RollBackward:
				say("back to %s", nameOf(u.Point))
			default:
				say("%s", describe(err))
			}
			if n--; n == 0 {
				break
			}
		}
	case "done":
		say("%s", describe(i.Done(ctx)))
	default:
		say("what is %q?", command)
	}
}

func TestResponderScenarios(t *testing.T) {
	playAll(t, "testdata/responder-*.txt", side{
		role: protocol.Responder,
		start: func(ctx context.Context, t protocol.Transport, say func(string, ...any)) func(context.Context, string) {
			c := &chain{blocks: strings.Fields("1 2 3 4 5"), back: "origin", news: make(chan struct{}, 1)}
			go func() {
				err := chainsync.Respond(ctx, chainsync.Spec(), t, c)
				if ctx.Err() == nil {
					say("%s", describe(err))
				}
			}()
			return c.change
		},
	})
}
