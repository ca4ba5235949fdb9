package sim

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

// pool is a node's transactions, by number.
type pool struct {
	order []int32 // as they came
	has   []bool
}

func (p *pool) add(tx int32) {
	p.has[tx] = true
	p.order = append(p.order, tx)
}

// stream carries transactions one way over a connection.
type stream struct {
	conn     *conn
	from, to *node
	next     int // of from.pool.order, the first not announced
	asking   txsubmission.AskingWindow
	offering txsubmission.AnsweringWindow
	waiting  *txsubmission.RequestTxIDs // from has nothing to announce
	offers   offers                     // the oracle's
	last     [2]time.Duration           // order of arrival, to from and to to
	dead     bool
}

func txID(n int32) ledger.TxID {
	id := ledger.TxID{Era: ledger.Conway}
	binary.BigEndian.PutUint32(id.Hash[:], uint32(n))
	return id
}

func txNumber(id ledger.TxID) int32 { return int32(binary.BigEndian.Uint32(id.Hash[:])) }

func rawTx(n int32) ledger.RawTx {
	return ledger.RawTx{Era: ledger.Conway, Bytes: binary.BigEndian.AppendUint32(make([]byte, 0, 4), uint32(n))}
}

func (w *world) startTxs(c *conn) {
	if w.sc.Txs == 0 {
		return
	}
	c.txs = [2]*stream{{conn: c, from: c.client, to: c.server}, {conn: c, from: c.server, to: c.client}}
	for _, s := range c.txs {
		w.askTxs(s)
	}
}

func (w *world) endTxs(c *conn) {
	for _, s := range c.txs {
		if s != nil {
			s.dead = true
		}
	}
}

func (w *world) sendTx(s *stream, k kind, m txsubmission.Message) *event {
	lane := int(k-serverTx) & 1
	if k == clientTx {
		lane = 1
	}
	at := max(w.now+s.conn.latency+time.Duration(w.link.IntN(int(s.conn.latency/4)+1)), s.last[lane])
	s.last[lane] = at
	e := w.agenda.plan(at, k)
	e.conn, e.stream, e.tx = s.conn, s, m
	return e
}

// askTxs sends what the window allows.
func (w *world) askTxs(s *stream) {
	for {
		m, ok := s.asking.Next()
		if !ok {
			if s.offers.idle() {
				w.fail("txs", "%v lets its window for %v lie idle", s.to, s.from)
			}
			return
		}
		if wrong := s.offers.request(m); wrong != "" {
			w.fail("txs", "%v %s of %v", s.to, wrong, s.from)
			return
		}
		w.sendTx(s, serverTx, m)
	}
}

// offerTxs answers a request at the side that has transactions.
func (w *world) offerTxs(s *stream, m txsubmission.Message) {
	switch m := m.(type) {
	case txsubmission.RequestTxIDs:
		if err := s.offering.RequestTxIDs(m); err != nil && s.from.honest() { // a liar lost count
			w.fail("txs", "%v asks %v: %v", s.to, s.from, err)
			return
		}
		if s.next == len(s.from.pool.order) && m.Blocking {
			s.waiting = &m
			return
		}
		w.announceTxs(s, m)
	case txsubmission.RequestTxs:
		ids, err := s.offering.RequestTxs(m)
		if err != nil {
			w.fail("txs", "%v asks %v: %v", s.to, s.from, err)
			return
		}
		var reply txsubmission.ReplyTxs
		lie := false
		for _, id := range ids {
			if s.from.manner == Withholding {
				break
			}
			n := txNumber(id)
			if w.lies(s.from) {
				n = int32(w.sc.Txs) + w.peers.Int32N(100) // nobody submitted it
				lie = true
			}
			reply.Txs = append(reply.Txs, rawTx(n))
		}
		w.sendTx(s, clientTx, reply).flag = lie
	}
}

func (w *world) announceTxs(s *stream, m txsubmission.RequestTxIDs) {
	s.waiting = nil
	most, kind := int(m.Req), -1
	if w.lies(s.from) {
		kind = w.peers.IntN(3)
	}
	if kind == 0 {
		most++
	}
	var reply txsubmission.ReplyTxIDs
	for ; s.next < len(s.from.pool.order) && len(reply.IDs) < most; s.next++ {
		n := s.from.pool.order[s.next]
		a := txsubmission.Announced{ID: txID(n), Size: rawTx(n).WireSize()}
		if kind == 1 { // larger than any
			a.Size = txsubmission.MaxTxSize + 1
		}
		reply.IDs = append(reply.IDs, a)
	}
	if n := len(reply.IDs); kind == 2 && n > 0 && n < most { // twice, which breaks no rule
		reply.IDs = append(reply.IDs, reply.IDs[n-1])
	}
	s.offering.Announce(reply.IDs)
	w.sendTx(s, clientTx, reply).flag = len(reply.IDs) > int(m.Req)
}

// takeTxs takes a reply at the side that asks. A lie is to be found.
func (w *world) takeTxs(s *stream, m txsubmission.Message, lie bool) {
	var err, wrong error
	p := &s.to.pool
	switch m := m.(type) {
	case txsubmission.ReplyTxIDs:
		wrong = txsubmission.ErrTxIDsNotRequested
		var open []txsubmission.Announced
		open, err = s.asking.ReplyTxIDs(m)
		var want []ledger.TxID
		s.offers.reply()
		for _, a := range m.IDs {
			n := txNumber(a.ID)
			stage := settled
			if len(open) > 0 && open[0] == a {
				open = open[1:]
				if !p.has[n] {
					want = append(want, a.ID)
					stage = wanted
				}
			}
			s.offers.ids = append(s.offers.ids, offered{n, stage})
		}
		s.asking.Decide(want)
	case txsubmission.ReplyTxs:
		wrong = txsubmission.ErrTxNotRequested
		txs := make([]ledger.Tx, len(m.Txs))
		for i, raw := range m.Txs {
			txs[i] = ledger.Tx{ID: txID(int32(binary.BigEndian.Uint32(raw.Bytes))), Raw: raw}
		}
		s.offers.reply()
		_, err = s.asking.ReplyTxs(txs)
		if err == nil {
			for _, tx := range txs {
				w.deliver(s.to, txNumber(tx.ID))
			}
		}
	}
	if lie != errors.Is(err, wrong) || !lie && err != nil {
		w.fail("blame", "%v finds %v with %v, which lies: %t", s.to, err, s.from, lie)
		return
	}
	if err != nil {
		w.end(s.conn)
		return
	}
	w.askTxs(s)
}

// deliver hands a transaction to n's application, which is the oracle here.
func (w *world) deliver(n *node, tx int32) {
	if n.pool.has[tx] {
		return // it came from two peers
	}
	w.watch.delivered(n, tx)
	w.result.Txs++
	n.pool.add(tx)
	w.offerAll(n)
}

// offerAll answers those that wait for a transaction of n.
func (w *world) offerAll(n *node) {
	for _, side := range [][]*conn{n.conns, n.followers} {
		for _, c := range side {
			for _, s := range c.txs {
				if s != nil && s.from == n && s.waiting != nil {
					w.announceTxs(s, *s.waiting)
				}
			}
		}
	}
}

// submitTx has a user give a new transaction to a node.
func (w *world) submitTx(n *node) {
	tx := int32(w.submitted)
	w.submitted++
	w.watch.delivered(n, tx)
	n.pool.add(tx)
	w.offerAll(n)
}
