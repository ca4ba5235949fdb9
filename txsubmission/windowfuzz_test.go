package txsubmission

import (
	"slices"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// FuzzWindow plays both windows of tx-submission against each other with the
// events that script chooses, the answers being right or not. The asking one
// never breaks a rule of the answering one, never stands still, never asks for
// a transaction twice while it is in the window, and takes no wrong answer.
func FuzzWindow(f *testing.F) {
	f.Add([]byte{0, 1, 3, 0, 0, 1, 2, 2, 0, 1, 0, 2, 1}, uint8(0), uint8(0), uint8(0))
	f.Add([]byte{0, 1, 10, 9, 9, 0, 0, 1, 3, 0, 1, 1, 0, 2, 7, 0, 1, 200}, uint8(10), uint8(10), uint8(10))
	f.Add([]byte{0, 1, 1, 0, 2, 4, 2, 8}, uint8(1), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, script []byte, ids, txs, window uint8) {
		g := game{t: t, script: script, asking: AskingWindow{Policy: Policy{IDs: int(ids), Txs: int(txs), Window: int(window)}}}
		for g.step() {
			if n := g.asking.Unacknowledged(); n > MaxUnacknowledged {
				t.Fatalf("%d ids in the window", n)
			}
		}
	})
}

type game struct {
	t         *testing.T
	script    []byte
	asking    AskingWindow
	answering AnsweringWindow
	owed      []Message // requests without an answer, oldest first
}

// draw takes a number below n from the script.
func (g *game) draw(n int) int {
	if len(g.script) == 0 {
		return 0
	}
	x := int(g.script[0]) % n
	g.script = g.script[1:]
	return x
}

// step asks or answers; false is the end.
func (g *game) step() bool {
	if len(g.script) == 0 {
		return false
	}
	if len(g.owed) == 0 || g.draw(2) == 0 {
		req, ok := g.asking.Next()
		if !ok && len(g.owed) == 0 {
			g.t.Fatal("nothing is owed, and nothing to ask")
		}
		if !ok {
			return g.answer()
		}
		g.ask(req)
		return true
	}
	return g.answer()
}

// ask hands a request to the other side, whose ids may be few by then: it has
// announced only what it has answered.
func (g *game) ask(req Message) {
	switch m := req.(type) {
	case RequestTxIDs:
		if int(m.Req) > MaxUnacknowledged {
			g.t.Fatalf("%d ids requested", m.Req)
		}
	case RequestTxs:
		if len(m.IDs) == 0 {
			g.t.Fatal("no transaction requested")
		}
		for _, owed := range g.owed {
			if other, ok := owed.(RequestTxs); ok && slices.ContainsFunc(m.IDs, func(id ledger.TxID) bool { return slices.Contains(other.IDs, id) }) {
				g.t.Fatalf("asked for %v again", m.IDs)
			}
		}
	}
	g.owed = append(g.owed, req)
}

// answer answers the oldest request; false is a wrong answer, which must be
// found.
func (g *game) answer() bool {
	req := g.owed[0]
	g.owed = g.owed[1:]
	switch m := req.(type) {
	case RequestTxIDs:
		if err := g.answering.RequestTxIDs(m); err != nil {
			g.t.Fatalf("%+v: %v", m, err)
		}
		return g.answerIDs(m)
	case RequestTxs:
		ids, err := g.answering.RequestTxs(m)
		if err != nil || len(ids) != len(m.IDs) {
			g.t.Fatalf("%+v: %d ids, %v", m, len(ids), err)
		}
		return g.answerTxs(ids)
	}
	return false
}

func (g *game) answerIDs(m RequestTxIDs) bool {
	var ids []Announced
	for range g.draw(int(m.Req) + 2) { // one too many at most
		ids = append(ids, Announced{testID(g.draw(16)), []uint32{7, 7, 7, MaxTxSize + 1}[g.draw(4)]})
	}
	wrong := len(ids) > int(m.Req) || m.Blocking && len(ids) == 0
	open, err := g.asking.ReplyTxIDs(ReplyTxIDs{ids})
	if wrong || err != nil {
		if wrong != (err != nil) {
			g.t.Fatalf("%d ids for %+v: %v", len(ids), m, err)
		}
		return false
	}
	g.answering.Announce(ids)
	var want []ledger.TxID
	for _, a := range open {
		if a.Size > MaxTxSize || slices.Contains(want, a.ID) {
			g.t.Fatalf("%v is to be decided", a)
		}
		if g.draw(4) > 0 {
			want = append(want, a.ID)
		}
	}
	g.asking.Decide(want)
	return true
}

func (g *game) answerTxs(ids []ledger.TxID) bool {
	var txs []ledger.Tx
	wrong := false
	for _, id := range ids {
		size := uint32(7)
		switch g.draw(8) {
		case 0:
			continue // not there any more
		case 1:
			size, wrong = 7+33, true
		case 2:
			id, wrong = testID(99), true
		}
		txs = append(txs, sized(id, size))
	}
	asked, err := g.asking.ReplyTxs(txs)
	if wrong != (err != nil) {
		g.t.Fatalf("%d transactions for %d ids: %v", len(txs), len(ids), err)
	}
	if !wrong && !slices.Equal(asked, ids) {
		g.t.Fatalf("asked for %v, and it says %v", ids, asked)
	}
	return !wrong
}
