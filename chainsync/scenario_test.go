package chainsync_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/scenario"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// In scenarios a block is its number and, on a fork, a letter: "7" or "7b". The
// message "MsgRollForward 3-5 tip 9" stands for three.

// header makes the header of a block: what chain-sync reads of it, and its name.
func header(name string) ledger.RawHeader {
	n, fork := number(name)
	b := cbor.AppendArray(nil, 2)
	b = cbor.AppendArray(b, 10)
	b = cbor.AppendUint(b, n)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0) // the other fields
	b = append(b, fork)                      // and the signature
	return ledger.RawHeader{Era: ledger.Conway, Bytes: b}
}

// number returns the two parts of a name.
func number(name string) (n uint64, fork byte) {
	digits := strings.TrimRight(name, "bc")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		panic("not a block: " + name)
	}
	if len(digits) < len(name) {
		fork = name[len(digits)] - 'a'
	}
	return n, fork
}

func point(name string) ledger.Point {
	if name == "origin" {
		return ledger.Origin
	}
	n, fork := number(name)
	return ledger.Point{Slot: ledger.Slot(20 * n), Hash: ledger.Hash{0: 1 + fork, 31: byte(n)}}
}

func tip(name string) ledger.Tip {
	if name == "origin" {
		return ledger.Tip{}
	}
	n, _ := number(name)
	return ledger.Tip{Point: point(name), BlockNo: ledger.BlockNo(n)}
}

func name(n uint64, fork byte) string {
	if fork == 0 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("%d%c", n, 'a'+fork)
}

func nameOf(p ledger.Point) string {
	if p.IsOrigin() {
		return "origin"
	}
	return name(uint64(p.Slot)/20, p.Hash[0]-1)
}

func nameOfHeader(h ledger.RawHeader) string {
	n, _ := h.BlockNo()
	return name(uint64(n), h.Bytes[len(h.Bytes)-1])
}

func names(points []ledger.Point) string {
	if len(points) > 20 {
		return fmt.Sprintf("%d points", len(points))
	}
	var s []string
	for _, p := range points {
		s = append(s, nameOf(p))
	}
	return strings.Join(s, " ")
}

func points(names []string) (list []ledger.Point) {
	for _, s := range names {
		if n, ok := strings.CutPrefix(s, "unknown*"); ok {
			n, _ := strconv.Atoi(n)
			for range n {
				list = append(list, point("99c"))
			}
			continue
		}
		list = append(list, point(s))
	}
	return list
}

func printMessage(m protocol.Message) string {
	switch m := m.(type) {
	case chainsync.RollForward:
		return fmt.Sprintf("%s %s tip %s", m.Label(), nameOfHeader(m.Header), nameOf(m.Tip.Point))
	case chainsync.RollBackward:
		return fmt.Sprintf("%s %s tip %s", m.Label(), nameOf(m.Point), nameOf(m.Tip.Point))
	case chainsync.FindIntersect:
		return strings.TrimSpace(fmt.Sprintf("%s %s", m.Label(), names(m.Points)))
	case chainsync.IntersectFound:
		return fmt.Sprintf("%s %s tip %s", m.Label(), nameOf(m.Point), nameOf(m.Tip.Point))
	case chainsync.IntersectNotFound:
		return fmt.Sprintf("%s tip %s", m.Label(), nameOf(m.Tip.Point))
	}
	return m.Label()
}

func parseMessages(text string) ([]protocol.Message, error) {
	f := strings.Fields(text)
	last := tip("origin")
	if len(f) > 2 && f[len(f)-2] == "tip" {
		last = tip(f[len(f)-1])
		f = f[:len(f)-2]
	}
	switch f[0] {
	case "MsgRequestNext":
		return []protocol.Message{chainsync.RequestNext{}}, nil
	case "MsgAwaitReply":
		return []protocol.Message{chainsync.AwaitReply{}}, nil
	case "MsgDone":
		return []protocol.Message{chainsync.Done{}}, nil
	case "MsgRollForward":
		from, to, several := strings.Cut(f[1], "-")
		if !several {
			return []protocol.Message{chainsync.RollForward{Header: header(from), Tip: last}}, nil
		}
		var all []protocol.Message
		end, _ := number(to)
		for n, _ := number(from); n <= end; n++ {
			all = append(all, chainsync.RollForward{Header: header(name(n, 0)), Tip: last})
		}
		return all, nil
	case "MsgRollBackward":
		return []protocol.Message{chainsync.RollBackward{Point: point(f[1]), Tip: last}}, nil
	case "MsgFindIntersect":
		return []protocol.Message{chainsync.FindIntersect{Points: points(f[1:])}}, nil
	case "MsgIntersectFound":
		return []protocol.Message{chainsync.IntersectFound{Point: point(f[1]), Tip: last}}, nil
	case "MsgIntersectNotFound":
		return []protocol.Message{chainsync.IntersectNotFound{Tip: last}}, nil
	}
	return nil, fmt.Errorf("unknown message %q", text)
}

func TestInitiatorScenarios(t *testing.T) {
	scenario.Run(t, "testdata/initiator-*.txt", scenario.Side{
		Spec: chainsync.Spec(), Role: protocol.Initiator, Parse: parseMessages, Print: printMessage,
		Start: func(_ context.Context, t protocol.Transport, say func(string, ...any)) func(context.Context, string) {
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
			say("%s", scenario.Describe(err))
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
				say("%s", scenario.Describe(err))
			}
			if n--; n == 0 {
				break
			}
		}
	case "done":
		say("%s", scenario.Describe(i.Done(ctx)))
	default:
		say("what is %q?", command)
	}
}

// chain is a chain that commands change, as one follower sees it.
type chain struct {
	mu     sync.Mutex
	blocks []string
	read   int    // blocks that the follower has
	back   string // where it has to be told to roll back to, or ""
	news   chan struct{}
	broken error
}

func (c *chain) tip() ledger.Tip {
	if len(c.blocks) == 0 {
		return ledger.Tip{}
	}
	return tip(c.blocks[len(c.blocks)-1])
}

func (c *chain) Intersect(_ context.Context, points []ledger.Point) (ledger.Point, ledger.Tip, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(points) > chainsync.MaxPoints {
		return ledger.Point{}, ledger.Tip{}, errors.New("looked up too many points")
	}
	for _, p := range points {
		if p.IsOrigin() {
			c.read, c.back = 0, "origin"
			return p, c.tip(), nil
		}
		for n, b := range c.blocks {
			if point(b) == p {
				c.read, c.back = n+1, b
				return p, c.tip(), nil
			}
		}
	}
	return ledger.Point{}, c.tip(), chainsync.ErrNoIntersect
}

func (c *chain) Next(context.Context) (chainsync.Update, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return nil, c.broken
	}
	if b := c.back; b != "" {
		c.back = ""
		return chainsync.RollBackward{Point: point(b), Tip: c.tip()}, nil
	}
	if c.read == len(c.blocks) {
		return nil, nil
	}
	c.read++
	return chainsync.RollForward{Header: header(c.blocks[c.read-1]), Tip: c.tip()}, nil
}

func (c *chain) Wait(ctx context.Context) error {
	select {
	case <-c.news:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// change does one of: extend BLOCKS, switch POINT BLOCKS (to a fork after
// POINT), wake, break.
func (c *chain) change(_ context.Context, command string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := strings.Fields(command)
	switch f[0] {
	case "extend":
		c.blocks = append(c.blocks, f[1:]...)
	case "switch":
		n := 0
		for n < len(c.blocks) && (n == 0 || c.blocks[n-1] != f[1]) {
			n++
		}
		if c.read > n {
			c.read, c.back = n, f[1]
		}
		c.blocks = append(c.blocks[:n:n], f[2:]...)
	case "break":
		c.broken = errors.New("disk on fire")
	}
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func TestResponderScenarios(t *testing.T) {
	scenario.Run(t, "testdata/responder-*.txt", scenario.Side{
		Spec: chainsync.Spec(), Role: protocol.Responder, Parse: parseMessages, Print: printMessage,
		Start: func(ctx context.Context, t protocol.Transport, say func(string, ...any)) func(context.Context, string) {
			c := &chain{blocks: strings.Fields("1 2 3 4 5"), back: "origin", news: make(chan struct{}, 1)}
			go func() {
				err := chainsync.Respond(ctx, chainsync.Spec(), t, c)
				if ctx.Err() == nil {
					say("%s", scenario.Describe(err))
				}
			}()
			return c.change
		},
	})
}
