package txsubmission

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// testID returns the n-th id of the tests.
func testID(n int) ledger.TxID {
	id := ledger.TxID{Era: ledger.Conway}
	binary.BigEndian.PutUint64(id.Hash[:], uint64(n))
	return id
}

// testIDs returns the ids from up to, not including, to.
func testIDs(from, to int) (ids []ledger.TxID) {
	for n := from; n < to; n++ {
		ids = append(ids, testID(n))
	}
	return ids
}

func announced(ids ...ledger.TxID) (as []Announced) {
	for _, id := range ids {
		as = append(as, Announced{ID: id, Size: 7})
	}
	return as
}

// sized returns a transaction with an id and a size on the wire.
func sized(id ledger.TxID, size uint32) ledger.Tx {
	raw := ledger.RawTx{Era: ledger.Conway}
	for raw.Bytes = make([]byte, size); raw.WireSize() > size; {
		raw.Bytes = raw.Bytes[1:]
	}
	return ledger.Tx{ID: id, Raw: raw}
}

// The table of (miniprotocols, 3), for both sides: what a provider refuses is
// what an asker does not send.
func TestRequestTxIDsRules(t *testing.T) {
	tests := []struct {
		unacknowledged int
		m              RequestTxIDs
		want           error
	}{
		{0, RequestTxIDs{Blocking: true, Req: 1}, nil},
		{0, RequestTxIDs{Blocking: true, Req: 10}, nil},
		{3, RequestTxIDs{Blocking: true, Ack: 3, Req: 10}, nil},
		{10, RequestTxIDs{Blocking: true, Ack: 10, Req: 3}, nil},
		{3, RequestTxIDs{Ack: 2, Req: 9}, nil},
		{3, RequestTxIDs{Req: 7}, nil},
		{3, RequestTxIDs{Ack: 1}, nil},

		{0, RequestTxIDs{Blocking: true, Ack: 1, Req: 1}, ErrAckedTooMany},
		{3, RequestTxIDs{Ack: 4, Req: 1}, ErrAckedTooMany},
		{3, RequestTxIDs{Ack: 65535, Req: 65535}, ErrAckedTooMany},
		{0, RequestTxIDs{Blocking: true, Req: 11}, ErrRequestedTooMany},
		{3, RequestTxIDs{Req: 8}, ErrRequestedTooMany},
		{3, RequestTxIDs{Ack: 1, Req: 9}, ErrRequestedTooMany},
		{10, RequestTxIDs{Req: 65535}, ErrRequestedTooMany},
		{0, RequestTxIDs{Blocking: true}, ErrRequestedNothing},
		{3, RequestTxIDs{Blocking: true, Ack: 3}, ErrRequestedNothing},
		{3, RequestTxIDs{Blocking: true, Ack: 2, Req: 1}, ErrRequestBlocking},
		{3, RequestTxIDs{}, ErrRequestedNothing},
		{0, RequestTxIDs{}, ErrRequestedNothing},
		{0, RequestTxIDs{Req: 1}, ErrRequestNonBlocking},
		{3, RequestTxIDs{Ack: 3, Req: 1}, ErrRequestNonBlocking},
		{3, RequestTxIDs{Ack: 3}, ErrRequestNonBlocking},

		// Where two rules are broken, the first of the table counts.
		{3, RequestTxIDs{Blocking: true, Ack: 4, Req: 20}, ErrAckedTooMany},
		{3, RequestTxIDs{Blocking: true, Ack: 1, Req: 20}, ErrRequestedTooMany},
		{3, RequestTxIDs{Blocking: true, Ack: 1}, ErrRequestedNothing},
	}
	for _, test := range tests {
		ids := testIDs(0, test.unacknowledged)
		p := provided{}
		p.announce(announced(ids...))
		if err := p.requestTxIDs(test.m); !errors.Is(err, test.want) {
			t.Errorf("%d unacknowledged, %+v: provider says %v, want %v", test.unacknowledged, test.m, err, test.want)
		}
		left := ids
		if test.want == nil {
			left = ids[test.m.Ack:]
		}
		if !slices.Equal(p.ids, left) {
			t.Errorf("%d unacknowledged, %+v: left %d", test.unacknowledged, test.m, len(p.ids))
		}

		c := collectedWith(ids)
		if err := c.check(test.m); !errors.Is(err, test.want) {
			t.Errorf("%d unacknowledged, %+v: asker says %v, want %v", test.unacknowledged, test.m, err, test.want)
		}
	}
}

// Ids on their way count as well, and keep the window from being known empty.
func TestInFlightCounts(t *testing.T) {
	tests := []struct {
		unacknowledged, inFlight int
		m                        RequestTxIDs
		want                     error
	}{
		{3, 3, RequestTxIDs{Req: 4}, nil},
		{3, 3, RequestTxIDs{Req: 5}, ErrRequestedTooMany},
		{3, 3, RequestTxIDs{Blocking: true, Ack: 3, Req: 1}, ErrRequestBlocking},
		{3, 3, RequestTxIDs{Ack: 3, Req: 1}, ErrRequestNonBlocking},
		{1, 9, RequestTxIDs{Req: 1}, ErrRequestedTooMany},
	}
	for _, test := range tests {
		c := collectedWith(testIDs(0, test.unacknowledged))
		c.inFlight = test.inFlight
		if err := c.check(test.m); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v, want %v", test, err, test.want)
		}
	}
}

func collectedWith(ids []ledger.TxID) *collected {
	c := &collected{}
	for _, a := range announced(ids...) {
		c.ids = append(c.ids, entry{Announced: a})
	}
	return c
}

func TestRequestTxsRules(t *testing.T) {
	p := provided{}
	p.announce(announced(testIDs(0, 3)...))
	got, err := p.requestTxs(RequestTxs{[]ledger.TxID{testID(2), testID(0), testID(2)}})
	if err != nil || !slices.Equal(got, []ledger.TxID{testID(2), testID(0)}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := p.requestTxs(RequestTxs{}); err != nil {
		t.Errorf("the Haskell provider takes an empty list: %v", err)
	}
	otherEra := testID(0)
	otherEra.Era = ledger.Babbage
	for _, id := range []ledger.TxID{testID(3), otherEra} {
		if _, err := p.requestTxs(RequestTxs{[]ledger.TxID{testID(0), id}}); !errors.Is(err, ErrRequestedUnavailable) {
			t.Errorf("%v: %v", id, err)
		}
	}

	c := collectedWith(testIDs(0, 3))
	c.recordSent(RequestTxs{testIDs(1, 2)})
	for _, test := range []struct {
		ids  []ledger.TxID
		want error
	}{
		{nil, ErrRequestedNothing},
		{testIDs(0, 1), nil},
		{testIDs(0, 2), ErrRequestedUnavailable}, // 1 is on its way
		{testIDs(2, 4), ErrRequestedUnavailable},
		{[]ledger.TxID{testID(0), testID(0)}, ErrRequestedUnavailable},
	} {
		if err := c.check(RequestTxs{test.ids}); !errors.Is(err, test.want) {
			t.Errorf("%v: %v, want %v", test.ids, err, test.want)
		}
	}
}

func TestReplyTxIDsRules(t *testing.T) {
	tests := []struct {
		blocking bool
		ids      int
		want     error
	}{
		{true, 1, nil},
		{true, 3, nil},
		{true, 0, protocol.ErrMalformed},
		{true, 4, ErrTxIDsNotRequested},
		{false, 0, nil},
		{false, 3, nil},
		{false, 4, ErrTxIDsNotRequested},
	}
	for _, test := range tests {
		c := &collected{}
		if !test.blocking {
			c = collectedWith(testIDs(90, 91))
		}
		before := len(c.ids)
		c.recordSent(RequestTxIDs{Blocking: test.blocking, Req: 3})
		err := c.replyTxIDs(ReplyTxIDs{announced(testIDs(0, test.ids)...)})
		if !errors.Is(err, test.want) {
			t.Errorf("%+v: %v", test, err)
		}
		if err == nil && (len(c.ids) != before+test.ids || c.inFlight != 0 || len(c.owed) != 0) {
			t.Errorf("%+v: left %+v", test, c)
		}
	}
}

func TestReplyTxsRules(t *testing.T) {
	tests := []struct {
		name      string
		tolerance int
		txs       []ledger.Tx
		want      error
	}{
		{"all", 32, []ledger.Tx{sized(testID(0), 7), sized(testID(1), 7)}, nil},
		{"the other way round", 32, []ledger.Tx{sized(testID(1), 7), sized(testID(0), 7)}, nil},
		{"one missing", 32, []ledger.Tx{sized(testID(1), 7)}, nil},
		{"none", 32, nil, nil},
		{"announced, not requested", 32, []ledger.Tx{sized(testID(2), 7)}, ErrTxNotRequested},
		{"never announced", 32, []ledger.Tx{sized(testID(9), 7)}, ErrTxNotRequested},
		{"twice", 32, []ledger.Tx{sized(testID(0), 7), sized(testID(0), 7)}, ErrTxNotRequested},
		{"32 bytes too large", 32, []ledger.Tx{sized(testID(0), 7+32)}, nil},
		{"33 bytes too large", 32, []ledger.Tx{sized(testID(0), 7+33)}, ErrTxSize},
		{"2 bytes too small", 1, []ledger.Tx{sized(testID(0), 5)}, ErrTxSize},
		{"any size", -1, []ledger.Tx{sized(testID(0), 20_000)}, nil},
	}
	for _, test := range tests {
		c := collectedWith(testIDs(0, 3))
		c.recordSent(RequestTxs{testIDs(0, 2)})
		asked, err := c.replyTxs(test.txs, test.tolerance)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if err != nil {
			continue
		}
		sorted := slices.IsSortedFunc(test.txs, func(a, b ledger.Tx) int { return slices.Compare(a.ID.Hash[:], b.ID.Hash[:]) })
		if !slices.Equal(asked, testIDs(0, 2)) || !sorted || c.settledPrefix() != 2 {
			t.Errorf("%s: asked %v, got %v, window %+v", test.name, asked, test.txs, c)
		}
	}
}

// An id that is announced again shares the fate of the first, and what is too
// large is not asked for.
func TestUndecided(t *testing.T) {
	c := collectedWith([]ledger.TxID{testID(0), testID(1), testID(0), testID(2)})
	c.ids[3].Size = MaxTxSize + 1
	if got := c.undecided(); !slices.Equal(got, announced(testID(0), testID(1))) {
		t.Errorf("undecided: %v", got)
	}
	c.decide([]ledger.TxID{testID(0), testID(2), testID(7)})
	if got := c.wanted(10, MaxTxSize); !slices.Equal(got, testIDs(0, 1)) {
		t.Errorf("wanted: %v", got)
	}
	if n := c.settledPrefix(); n != 0 {
		t.Errorf("%d settled", n)
	}
}

// What cardano-node's first inbound logic does, in the same situations.
func TestNext(t *testing.T) {
	const w, a, s = wanted, asked, settled
	forIDs, forTxs := RequestTxIDs{Req: 3}, RequestTxs{}
	tests := []struct {
		name     string
		policy   Policy
		window   []stage
		inFlight int
		owed     []Message
		want     Message // nil: nothing
	}{
		{"at first", Policy{}, nil, 0, nil, RequestTxIDs{Blocking: true, Req: 3}},
		{"all settled", Policy{}, []stage{s, s, s}, 0, nil, RequestTxIDs{Blocking: true, Ack: 3, Req: 3}},
		{"a small window", Policy{Window: 2}, []stage{s, s}, 0, nil, RequestTxIDs{Blocking: true, Ack: 2, Req: 2}},
		{"wanted", Policy{}, []stage{s, w, s, w, w}, 0, nil, RequestTxs{[]ledger.TxID{testID(1), testID(3)}}},
		{"wanted, one at a time", Policy{Txs: 1}, []stage{w, w}, 0, nil, RequestTxs{testIDs(0, 1)}},
		{"ids go with transactions", Policy{}, []stage{a, a, w}, 0, []Message{forTxs}, RequestTxIDs{Req: 3}},
		{"and acknowledge what is settled", Policy{}, []stage{s, s, a, s, w}, 0, []Message{forTxs}, RequestTxIDs{Ack: 2, Req: 3}},
		{"as far as there is room", Policy{}, []stage{s, a, a, w, w}, 4, []Message{forIDs, forTxs}, RequestTxIDs{Ack: 1, Req: 2}},
		{"but not without room", Policy{Window: 5}, []stage{a, a, w}, 2, []Message{forIDs, forTxs}, RequestTxs{testIDs(2, 3)}},
		{"nor alone", Policy{}, []stage{a, s}, 3, []Message{forTxs, forIDs}, nil},
		{"nor before a blocking one is answered", Policy{}, nil, 3, []Message{forIDs}, nil},
	}
	for _, test := range tests {
		c := collectedWith(testIDs(0, len(test.window)))
		for i, stage := range test.window {
			c.ids[i].stage = stage
		}
		c.inFlight, c.owed = test.inFlight, test.owed
		got, ok := c.next(test.policy.withDefaults())
		if !reflect.DeepEqual(got, test.want) || ok != (test.want != nil) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		if got != nil && c.check(got) != nil {
			t.Errorf("%s: %v", test.name, c.check(got))
		}
	}
}

// An asker and a provider, joined by queues of any delay, both by chance: no
// rule is ever broken, nothing is lost, nothing is fetched twice, and whatever
// is announced is acknowledged in order.
func TestWindowsAgree(t *testing.T) {
	for seed := range uint64(300) {
		simulate(t, rand.New(rand.NewPCG(seed, 7)))
	}
}

func simulate(t *testing.T, rng *rand.Rand) {
	t.Helper()
	total := rng.IntN(200)
	policy := Policy{IDs: 1 + rng.IntN(12), Txs: 1 + rng.IntN(12), Window: 1 + rng.IntN(12)}.withDefaults()
	var (
		p            provided
		c            collected
		requests     []Message
		replies      []Message
		next         int // the next id to announce
		ended        bool
		want, got    []ledger.TxID
		missing      = map[ledger.TxID]bool{}
		acknowledged int

		idRequests, txRequests, blocking int
	)
	answer := func(m Message) Message {
		switch m := m.(type) {
		case RequestTxIDs:
			if err := p.requestTxIDs(m); err != nil {
				t.Fatalf("%+v: %v", m, err)
			}
			acknowledged += int(m.Ack)
			if m.Blocking && next == total {
				return Done{}
			}
			n := rng.IntN(int(m.Req) + 1)
			if m.Blocking {
				n = max(n, 1)
			}
			ids := testIDs(next, min(total, next+n))
			if next += len(ids); len(ids) > 0 && rng.IntN(4) == 0 {
				ids[rng.IntN(len(ids))] = ids[0]
			}
			p.announce(announced(ids...))
			return ReplyTxIDs{announced(ids...)}
		case RequestTxs:
			ids, err := p.requestTxs(m)
			if err != nil {
				t.Fatalf("%+v: %v", m, err)
			}
			var txs []ledger.RawTx
			for _, id := range ids {
				if rng.IntN(8) == 0 {
					missing[id] = true
					continue
				}
				tx := sized(id, 7).Raw
				tx.Kind = uint8(slices.Index(ids, id)) // stands for the content
				txs = append(txs, tx)
			}
			rng.Shuffle(len(txs), func(i, j int) { txs[i], txs[j] = txs[j], txs[i] })
			return ReplyTxs{txs}
		}
		panic("unreachable")
	}
	take := func(m Message) {
		switch m := m.(type) {
		case ReplyTxIDs:
			if err := c.replyTxIDs(m); err != nil {
				t.Fatal(err)
			}
			var wanted []ledger.TxID
			for _, a := range c.undecided() {
				if rng.IntN(3) > 0 {
					wanted = append(wanted, a.ID)
				}
			}
			want = append(want, wanted...)
			c.decide(wanted)
		case ReplyTxs:
			asked := c.owed[0].(RequestTxs).IDs
			var txs []ledger.Tx
			for _, raw := range m.Txs {
				txs = append(txs, ledger.Tx{ID: asked[raw.Kind], Raw: raw})
			}
			if _, err := c.replyTxs(txs, 0); err != nil {
				t.Fatal(err)
			}
			for _, tx := range txs {
				got = append(got, tx.ID)
			}
		case Done:
			ended = true
		}
	}
	for step := 0; !ended; step++ {
		if step > 100_000 {
			t.Fatal("no end in sight")
		}
		switch rng.IntN(3) {
		case 0:
			m, ok := c.next(policy)
			if !ok {
				continue
			}
			if err := c.check(m); err != nil {
				t.Fatalf("%+v: %v", m, err)
			}
			if m, ok := m.(RequestTxIDs); ok {
				idRequests++
				if m.Req == 0 {
					t.Fatalf("%+v only acknowledges", m)
				}
				if m.Blocking {
					blocking++
				}
			} else {
				txRequests++
			}
			if idRequests > txRequests+blocking {
				t.Fatal("polls for ids")
			}
			c.recordSent(m)
			if len(c.ids)+c.inFlight > policy.Window || c.inFlight+len(c.ids) > MaxUnacknowledged {
				t.Fatalf("window of %d and %d", len(c.ids), c.inFlight)
			}
			requests = append(requests, m)
		case 1:
			if len(requests) > 0 {
				replies = append(replies, answer(requests[0]))
				requests = requests[1:]
			}
		case 2:
			if len(replies) > 0 {
				take(replies[0])
				replies = replies[1:]
			}
		}
	}
	if acknowledged != total || len(p.ids) != 0 {
		t.Errorf("acknowledged %d of %d", acknowledged, total)
	}
	want = slices.DeleteFunc(want, func(id ledger.TxID) bool { return missing[id] })
	if !slices.Equal(got, want) {
		t.Errorf("got %d transactions, want %d", len(got), len(want))
	}
}
