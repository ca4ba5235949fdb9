//go:build linux

package main

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/txsubmission"
)

// way is how to be hostile.
type way struct {
	name  string
	early bool          // begins before the handshake
	pause time.Duration // before the next connection

	// run does it until the connection ends. A nil error means that the server
	// did not end it.
	run func(context.Context, *target, *link) error
}

var ways = []way{
	{name: "silent before the handshake", early: true, pause: pause, run: silent},
	{name: "garbage for a handshake", early: true, pause: pause, run: garbageFirst},
	{name: "connect, handshake, leave", pause: 20 * time.Millisecond, run: leave},
	{name: "stalled within a segment", pause: pause, run: stalled},
	{name: "segment dripped", pause: pause, run: dripped},
	{name: "wrong mode bit, unknown number", pause: pause, run: wrongBits},
	{name: "keep-alive flood", pause: pause, run: keepAlives},
	{name: "flood of 1,000 points", pause: pause, run: intersects},
	{name: "peer-sharing flood", pause: pause, run: shareRequests},
	{name: "flood of ranges nobody has", pause: pause, run: unknownRanges},
	{name: "range read slowly", pause: pause, run: slowRange},
	{name: "blocks, over and over", pause: pause, run: glutton},
	{name: "headers, over and over", pause: pause, run: headerGlutton},
	{name: "ranges not read", pause: pause, run: unreadRanges},
	{name: "headers not read", pause: pause, run: unreadHeaders},
	{name: "garbage for transactions", pause: pause, run: garbageTxs},
	{name: "announced and not delivered", pause: pause, run: undelivered},
	{name: "ids without end", pause: pause, run: endlessIDs},
}

func silent(_ context.Context, _ *target, l *link) error { return l.drain() }

func garbageFirst(_ context.Context, _ *target, l *link) error {
	if _, err := l.Write(random(4096)); err != nil {
		return err
	}
	return l.drain()
}

func leave(context.Context, *target, *link) error { return nil }

// stalled sends half of a segment.
func stalled(_ context.Context, t *target, l *link) error {
	whole := frame(chainSyncNo, chainsync.FindIntersect{Points: t.points[:250]}.AppendCBOR(nil))
	if _, err := l.Write(whole[:len(whole)/2]); err != nil {
		return err
	}
	return l.drain()
}

// dripped sends half of a segment by the byte.
func dripped(ctx context.Context, t *target, l *link) error {
	whole := frame(chainSyncNo, chainsync.FindIntersect{Points: t.points[:250]}.AppendCBOR(nil))
	for i := range len(whole) / 2 {
		if _, err := l.Write(whole[i : i+1]); err != nil {
			return err
		}
		if !rest(ctx, 100*time.Millisecond) {
			return nil
		}
	}
	return l.drain()
}

// wrongBits speaks as a responder, or with a number that is nobody's.
func wrongBits(_ context.Context, t *target, l *link) error {
	for _, id := range []uint16{chainSyncNo | fromResponder, 77} {
		if err := l.send(id, random(100)); err != nil {
			return err
		}
	}
	return l.drain()
}

// flood asks again as soon as there is an answer.
func flood(l *link, id uint16, request []byte) error {
	request = frame(id, request)
	for {
		if _, err := l.Write(request); err != nil {
			return err
		}
		if _, err := l.await(id); err != nil {
			return err
		}
	}
}

func keepAlives(_ context.Context, _ *target, l *link) error {
	return flood(l, keepAliveNo, keepalive.KeepAlive{Cookie: 7}.AppendCBOR(nil))
}

// intersects offers points that look like ones of the chain.
func intersects(_ context.Context, t *target, l *link) error {
	m := chainsync.FindIntersect{Points: make([]ledger.Point, 1000)}
	for i := range m.Points {
		m.Points[i] = unknown(t, len(t.points)-1-i)
	}
	return flood(l, chainSyncNo, m.AppendCBOR(nil))
}

func shareRequests(_ context.Context, _ *target, l *link) error {
	return flood(l, peerSharingNo, peersharing.ShareRequest{Amount: 255}.AppendCBOR(nil))
}

func unknownRanges(_ context.Context, t *target, l *link) error {
	return flood(l, blockFetchNo, blockfetch.RequestRange{From: unknown(t, 10), To: unknown(t, 20)}.AppendCBOR(nil))
}

// unknown is a point of the slot of block i that is no block's.
func unknown(t *target, i int) ledger.Point {
	p := t.points[i]
	p.Hash[0]++
	return p
}

func everything(t *target) []byte {
	return blockfetch.RequestRange{From: t.points[0], To: t.points[len(t.points)-1]}.AppendCBOR(nil)
}

// slowRange takes 10 kB/s.
func slowRange(ctx context.Context, t *target, l *link) error {
	l.SetReadBuffer(4096)
	if err := l.send(blockFetchNo, everything(t)); err != nil {
		return err
	}
	for b := make([]byte, 1024); rest(ctx, 100*time.Millisecond); {
		if _, err := l.Read(b); err != nil {
			return err
		}
	}
	return nil
}

// glutton asks for all blocks as soon as it has them.
func glutton(_ context.Context, t *target, l *link) error {
	if err := l.send(blockFetchNo, bytes.Repeat(everything(t), 2)); err != nil {
		return err
	}
	done := blockfetch.BatchDone{}.AppendCBOR(nil)
	for {
		got, err := l.await(blockFetchNo)
		if err != nil {
			return err
		}
		if bytes.HasSuffix(got, done) {
			if err := l.send(blockFetchNo, everything(t)); err != nil {
				return err
			}
		}
	}
}

// headerGlutton asks for all headers as soon as it has them.
func headerGlutton(_ context.Context, t *target, l *link) error {
	find := chainsync.FindIntersect{Points: []ledger.Point{ledger.Origin}}.AppendCBOR(nil)
	if err := l.send(chainSyncNo, find); err != nil {
		return err
	}
	for asked := 0; ; asked++ {
		ask := chainsync.RequestNext{}.AppendCBOR(nil)
		if asked%firstBlocks == 0 {
			ask = find
		}
		if err := l.send(chainSyncNo, ask); err != nil {
			return err
		}
		if asked < 50 {
			continue
		}
		if _, err := l.await(chainSyncNo); err != nil {
			return err
		}
	}
}

// unreadRanges asks for ten times the chain and reads nothing.
func unreadRanges(ctx context.Context, t *target, l *link) error {
	l.SetReadBuffer(4096)
	if err := l.send(blockFetchNo, bytes.Repeat(everything(t), 10)); err != nil {
		return err
	}
	return unread(ctx, l)
}

// unreadHeaders asks for as many headers as fit into what a server must take,
// and reads none.
func unreadHeaders(ctx context.Context, t *target, l *link) error {
	l.SetReadBuffer(4096)
	if err := l.send(chainSyncNo, chainsync.FindIntersect{Points: []ledger.Point{ledger.Origin}}.AppendCBOR(nil)); err != nil {
		return err
	}
	if err := l.send(chainSyncNo, bytes.Repeat(chainsync.RequestNext{}.AppendCBOR(nil), 200)); err != nil {
		return err
	}
	return unread(ctx, l)
}

// unread keeps a connection without reading. It notices an end only by writing
// keep-alives, once a second.
func unread(ctx context.Context, l *link) error {
	ping := frame(keepAliveNo, keepalive.KeepAlive{Cookie: 7}.AppendCBOR(nil))
	for rest(ctx, time.Second) {
		l.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := l.Write(ping); err != nil {
			return err
		}
	}
	return nil
}

// txs announces transactions of random ids whenever it is asked to, and answers
// with what deliver returns when it is asked for them.
func txs(l *link, announce func(n int) []byte, deliver func(ids []ledger.TxID) []byte) error {
	if err := l.send(txNo, txsubmission.Init{}.AppendCBOR(nil)); err != nil {
		return err
	}
	for {
		request, err := l.await(txNo)
		if err != nil {
			return err
		}
		var reply []byte
		if m, err := (txsubmission.RequestTxIDs{}).Decode(request); err == nil {
			reply = announce(int(m.(txsubmission.RequestTxIDs).Req))
		} else if m, err := (txsubmission.RequestTxs{}).Decode(request); err == nil {
			reply = deliver(m.(txsubmission.RequestTxs).IDs)
		}
		if err := l.send(txNo, reply); err != nil {
			return err
		}
	}
}

func randomIDs(n int) []byte {
	m := txsubmission.ReplyTxIDs{IDs: make([]txsubmission.Announced, n)}
	for i := range m.IDs {
		m.IDs[i] = txsubmission.Announced{ID: ledger.TxID{Era: ledger.Conway, Hash: ledger.Hash(random(32))}, Size: 300}
	}
	return m.AppendCBOR(nil)
}

func garbageTxs(_ context.Context, _ *target, l *link) error {
	return txs(l, randomIDs, func(ids []ledger.TxID) []byte {
		m := txsubmission.ReplyTxs{}
		for range ids {
			m.Txs = append(m.Txs, ledger.RawTx{Era: ledger.Conway, Bytes: random(294)})
		}
		return m.AppendCBOR(nil)
	})
}

func undelivered(_ context.Context, _ *target, l *link) error {
	return txs(l, randomIDs, func([]ledger.TxID) []byte { return nil })
}

// endlessIDs begins a reply that has no end.
func endlessIDs(ctx context.Context, _ *target, l *link) error {
	if err := l.send(txNo, txsubmission.Init{}.AppendCBOR(nil)); err != nil {
		return err
	}
	if _, err := l.await(txNo); err != nil {
		return err
	}
	some := randomIDs(200) // [1, [_ ids ]
	if err := l.send(txNo, some[:len(some)-1]); err != nil {
		return err
	}
	for rest(ctx, 100*time.Millisecond) {
		if err := l.send(txNo, some[3:len(some)-1]); err != nil {
			return err
		}
	}
	return nil
}

func random(n int) []byte {
	b := make([]byte, n)
	crand.Read(b)
	return b
}
