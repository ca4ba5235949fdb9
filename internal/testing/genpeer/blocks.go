package genpeer

import (
	"fmt"
	"slices"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// fetcher asks on block-fetch.
type fetcher struct {
	*World
	asked []blockfetch.RequestRange
	last  ledger.Point // of the batch, once it has a block
	n     int          // blocks of it
}

// Compose asks for a range of the chain or, if hope is another answer than a batch,
// for a block that is not there.
func (a *fetcher) Compose(label, hope string) protocol.Message {
	if label == "MsgClientDone" {
		return blockfetch.ClientDone{}
	}
	if len(a.Blocks) > 0 && (hope == "MsgStartBatch" || hope == "" && !a.chance(4)) {
		from := 1 + a.Rand.IntN(len(a.Blocks))
		to := min(from+a.Rand.IntN(5), len(a.Blocks))
		return a.request(a.tip(from).Point, a.tip(to).Point)
	}
	if hope == "MsgStartBatch" {
		return nil
	}
	p := a.nowhere()
	return a.request(p, p)
}

func (a *fetcher) request(from, to ledger.Point) protocol.Message {
	r := blockfetch.RequestRange{From: from, To: to}
	a.asked = append(a.asked, r)
	return r
}

// Heard checks that a batch is the range that was asked for, from one end to
// the other. (miniprotocols, 2)
func (a *fetcher) Heard(m protocol.Message) error {
	r := a.asked[0]
	switch m := m.(type) {
	case blockfetch.NoBlocks:
		a.asked = a.asked[1:]
	case blockfetch.StartBatch:
		a.n = 0
	case blockfetch.Block:
		b, err := a.Network.ParseBlock(m.Raw)
		if err == nil {
			err = b.CheckBody()
		}
		p := b.Header.Point()
		switch {
		case err != nil:
			return err
		case a.n == 0 && p != r.From || a.n > 0 && !b.Header.PrevIs(a.last):
			return fmt.Errorf("block %d of %v to %v is %v", a.n, r.From, r.To, p)
		}
		a.last = p
		a.n++
	case blockfetch.BatchDone:
		a.asked = a.asked[1:]
		if a.n == 0 || a.last != r.To {
			return fmt.Errorf("range %v to %v ends after %d blocks at %v", r.From, r.To, a.n, a.last)
		}
	}
	return nil
}

// server answers on block-fetch.
type server struct {
	*World
	asked []blockfetch.RequestRange
	left  []ledger.Block // of the batch
}

// Compose answers the oldest request with its blocks; nil if it has none.
func (a *server) Compose(label, _ string) protocol.Message {
	switch label {
	case "MsgStartBatch":
		from, ok := a.position(a.asked[0].From)
		to, ok2 := a.position(a.asked[0].To)
		if !ok || !ok2 || from == 0 || from > to {
			return nil
		}
		a.left, a.asked = slices.Clone(a.Blocks[from-1:to]), a.asked[1:]
		return blockfetch.StartBatch{}
	case "MsgNoBlocks":
		if _, ok := a.position(a.asked[0].To); ok && (a.Honest || !a.chance(4)) {
			return nil
		}
		a.asked = a.asked[1:]
		return blockfetch.NoBlocks{}
	case "MsgBlock":
		if len(a.left) == 0 {
			return nil
		}
		raw := a.left[0].Raw
		a.left = a.left[1:]
		return blockfetch.Block{Raw: raw}
	}
	if len(a.left) > 0 {
		return nil
	}
	return blockfetch.BatchDone{}
}

// Heard keeps requests until they are answered.
func (a *server) Heard(m protocol.Message) error {
	if m, ok := m.(blockfetch.RequestRange); ok {
		a.asked = append(a.asked, m)
	}
	return nil
}
