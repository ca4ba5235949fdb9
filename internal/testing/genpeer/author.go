package genpeer

import (
	"fmt"
	"math/rand/v2"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// Author decides what goes into the messages of one side.
type Author interface {
	// Compose returns a message with a label that is right at this point of
	// the conversation, or nil if nothing of the kind would be. hope, if not
	// "", is the answer that it should bring about; then Compose may return
	// another message that has to come first.
	Compose(label, hope string) protocol.Message

	// Heard gets each message of the other side. It returns an error if the message
	// does not answer what was asked.
	Heard(protocol.Message) error
}

// World is what the authors of a node know. One goroutine at a time uses it.
type World struct {
	Rand    *rand.Rand
	Magic   uint32
	Network ledger.Network

	// Blocks are the chain: the node's own when it answers, what it believes
	// to be the other side's when it asks.
	Blocks []ledger.Block

	// Txs are what may be offered, each once.
	Txs []ledger.Tx

	// Honest keeps answers to what a node would say, such as to await only at
	// the tip. Otherwise all that the table allows is said, in any mix.
	Honest bool
}

// NewAuthor returns the author of a side of a mini-protocol.
func NewAuthor(w *World, spec *protocol.Spec, role protocol.Role) (Author, error) {
	asks := role == protocol.Initiator
	switch spec.ID {
	case 0:
		return &shaker{World: w, asks: asks}, nil
	case 2:
		if asks {
			return &follower{World: w}, nil
		}
		return &leader{World: w, back: true}, nil
	case 3:
		if asks {
			return &fetcher{World: w}, nil
		}
		return &server{World: w}, nil
	case 4:
		if asks {
			return &provider{World: w}, nil
		}
		return &collector{World: w}, nil
	case 8:
		return &pinger{World: w}, nil
	case 10:
		return &sharer{World: w}, nil
	}
	return nil, fmt.Errorf("genpeer: there is no author for %s", spec.Name)
}

// values draws what does not have to fit.
func (w *World) values() values { return values{w.Rand} }

// chance is true once in n times.
func (w *World) chance(n int) bool { return w.Rand.IntN(n) == 0 }

// tip is the end of the chain after n blocks.
func (w *World) tip(n int) ledger.Tip {
	if n == 0 {
		return ledger.Tip{}
	}
	return w.Blocks[n-1].Header.Tip()
}

// position returns how many blocks there are up to p.
func (w *World) position(p ledger.Point) (n int, ok bool) {
	for n := range len(w.Blocks) + 1 {
		if w.tip(n).Point == p {
			return n, true
		}
	}
	return 0, false
}

// nowhere returns a point that is on no chain.
func (w *World) nowhere() ledger.Point { return w.values().nowhere() }
