package sim

import (
	"errors"
	"time"

	"github.com/ouronet/ouronet/chain"
)

var (
	errUnfit  = errors.New("sim: the block does not fit on the one before it")
	errAbsurd = errors.New("sim: the block fits nowhere")
)

// judge has n's judge look at a block, which takes some time: most often little.
func (n *node) judge(e chain.Judge) {
	w := n.w
	id, _ := w.tree.idOf(e.Header.Hash)
	after, ok := w.tree.at(e.After.Point)
	w.watch.judging(n, id, after, ok, e.Again)
	n.asked = id
	d := time.Duration(w.judges.IntN(20)) * time.Millisecond
	switch x := w.judges.IntN(100); {
	case x < 3:
		d *= 500
	case x < 20:
		d *= 50
	}
	x := w.agenda.plan(w.now+d, judgement)
	x.node, x.a, x.b = n, int32(id), int32(n.alive)
}

// judged has n's judge say what it finds, or that it cannot say yet.
func (n *node) judged(id blockID) {
	w := n.w
	n.asked = 0
	ev := chain.Judged{Point: w.tree.point(id), Verdict: chain.Valid}
	switch w.tree.blocks[id].flaw {
	case Unfit:
		ev.Verdict, ev.Err = chain.Invalid, errUnfit
	case Absurd:
		ev.Verdict, ev.Err = chain.Impossible, errAbsurd
	}
	if w.judges.IntN(12) == 0 && !w.draining {
		ev.Verdict, ev.Err, ev.Retry = chain.Later, nil, time.Duration(100+w.judges.IntN(10_000))*time.Millisecond
	}
	sender := w.watch.verdict(n, id, ev)
	n.step(ev)
	if ev.Verdict == chain.Invalid || ev.Verdict == chain.Impossible {
		w.watch.letGo(n)
	}
	if sender != nil && sender.up {
		w.fail("blame", "%v does not blame %v for block %d, which can be valid nowhere", n, sender.server, id)
	}
}
