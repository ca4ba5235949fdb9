package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
	"github.com/ouronet/ouronet/node/follow"
)

// started returns a verifier at the start of a chain.
func started(t *testing.T) *verifier {
	t.Helper()
	v := newTestVerifier(t)
	v.start(praos.Origin(v.network))
	return v
}

func verify(t *testing.T, v *verifier, headers []ledger.Header) {
	t.Helper()
	if n, err := v.Verify(t.Context(), headers); n != len(headers) || err != nil {
		t.Fatalf("%d of %d headers are good, %v", n, len(headers), err)
	}
}

// Of the adopted chain, the verdicts from one on are kept.
func TestVerdictsOfAdopted(t *testing.T) {
	const k = 10
	v, headers := started(t), headersOf(shortGenerator().Blocks(100))
	for i := 0; i < len(headers); i += 10 {
		verify(t, v, headers[i:i+10])
		for j := i; j < i+10; j++ {
			v.extend(&headers[j])
			if j >= k {
				v.forgetBefore(headers[j-k].Hash)
			}
		}
		if len(v.known) > k+1 || len(v.adopted) > k+1 || len(v.side) > 10 {
			t.Fatalf("%d verdicts, %d adopted, %d others", len(v.known), len(v.adopted), len(v.side))
		}
	}
	for i := range headers {
		if _, ok := v.state(headers[i].Hash); ok != (i >= 99-k) {
			t.Errorf("state after header %d: %v", i, ok)
		}
	}
	if v.checked.Load() != 100 {
		t.Errorf("%d headers checked", v.checked.Load())
	}
}

// What is not adopted is forgotten when there is too much of it, oldest first;
// an adopted chain goes on all the same.
func TestVerdictsAreBounded(t *testing.T) {
	v, g := started(t), shortGenerator()
	v.most = 50
	main := headersOf(g.Blocks(10))
	verify(t, v, main)
	for range 20 {
		fork, err := g.Fork(ledger.Origin)
		if err != nil {
			t.Fatal(err)
		}
		verify(t, v, headersOf(fork.Blocks(10)))
		if len(v.known) > v.most || len(v.side) > v.most {
			t.Fatalf("%d verdicts, %d of them not adopted", len(v.known), len(v.side))
		}
	}
	next := headersOf(g.Blocks(1))
	if _, err := v.Verify(t.Context(), next); !errors.Is(err, errForgotten) {
		t.Errorf("after a forgotten header: %v", err)
	}
	for i := range main {
		v.extend(&main[i])
	}
	verify(t, v, next)
	if v.checked.Load() != 10+20*10+1 {
		t.Errorf("%d headers checked", v.checked.Load())
	}
}

// Blocks that were rolled back are as others that are not adopted, and may be
// adopted again.
func TestVerdictsOfRolledBack(t *testing.T) {
	v, headers := started(t), headersOf(shortGenerator().Blocks(20))
	verify(t, v, headers)
	extend := func(from, to int) {
		for i := from; i < to; i++ {
			v.extend(&headers[i])
		}
	}
	extend(0, 15)
	v.rollBack(headers[9].Hash)
	if _, ok := v.state(headers[10].Hash); ok || len(v.adopted) != 11 {
		t.Errorf("%d adopted", len(v.adopted))
	}
	v.most = 0
	verify(t, v, headers[:0]) // forgets what is not adopted
	if len(v.known) != len(v.adopted) || len(v.side) != 0 {
		t.Errorf("%d verdicts, %d adopted, %d others", len(v.known), len(v.adopted), len(v.side))
	}
	extend(10, 20)
	if s, ok := v.state(headers[19].Hash); !ok || s.Tip != headers[19].Tip() {
		t.Error("not there again")
	}
	v.rollBack(ledger.Hash{1}) // which cannot be
	if len(v.adopted) != 0 {
		t.Errorf("%d adopted", len(v.adopted))
	}
}

// damagedSignature returns a header that only a job can refuse.
func damagedSignature(t *testing.T, h ledger.Header) ledger.Header {
	t.Helper()
	raw := h.Raw
	raw.Bytes = append([]byte(nil), raw.Bytes...)
	raw.Bytes[len(raw.Bytes)-1] ^= 1
	h, err := shortNetwork().ParseHeader(raw)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Bad headers are remembered, up to a number; peers that send them at the same
// time and again do not take more room.
func TestBadHeadersAreBounded(t *testing.T) {
	v, g := started(t), shortGenerator()
	v.mostBad = 3
	var headers []ledger.Header
	for range 5 {
		fork, err := g.Fork(ledger.Origin)
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, damagedSignature(t, fork.Next().Header))
	}
	for i, h := range headers {
		var peers sync.WaitGroup
		for range 4 {
			peers.Go(func() {
				_, err := v.Verify(context.Background(), []ledger.Header{h})
				var bad *follow.BadHeaderError
				if !errors.As(err, &bad) || bad.Point != h.Point() {
					t.Errorf("header %d: %v", i, err)
				}
			})
		}
		peers.Wait()
		if want := min(i+1, 3); len(v.bad) != want || len(v.known) != 1+want {
			t.Errorf("after %d bad headers, %d verdicts of %d", i+1, len(v.known), len(v.bad))
		}
	}
	if n := v.checked.Load(); n != 5 {
		t.Errorf("%d headers checked", n)
	}
	if v.Verify(t.Context(), headers[4:]); v.checked.Load() != 5 {
		t.Error("checked again")
	}
	if v.Verify(t.Context(), headers[:1]); v.checked.Load() != 6 {
		t.Error("the first one was not forgotten")
	}
}

// Peers that bring the same headers, some of them followed by a bad one, all get
// to know what is good, and nothing is checked twice.
func TestVerifyConcurrently(t *testing.T) {
	v, g := started(t), shortGenerator()
	headers := headersOf(g.Blocks(60))
	bad := append(headersOf(nil), headers[:40]...)
	bad = append(bad, damagedSignature(t, headers[40]))
	var peers sync.WaitGroup
	for p := range 8 {
		peers.Go(func() {
			mine := headers
			if p%2 == 1 {
				mine = bad
			}
			for at := 0; at < len(mine); {
				batch := mine[at:min(at+7+p, len(mine))]
				n, err := v.Verify(context.Background(), batch)
				at += n
				if err != nil && (p%2 == 0 || at != 40 || !errors.As(err, new(*follow.BadHeaderError))) {
					t.Errorf("peer %d, after %d headers: %v", p, at, err)
				}
				if err != nil {
					return
				}
			}
			if p%2 == 1 {
				t.Errorf("peer %d got by with a bad header", p)
			}
		})
	}
	peers.Wait()
	if n := v.checked.Load(); n != 61 {
		t.Errorf("%d headers checked", n)
	}
	if len(v.known) != 62 { // and the start of the chain
		t.Errorf("%d verdicts", len(v.known))
	}
}

// A call whose context ends says how far it came.
func TestVerifyStopped(t *testing.T) {
	v, headers := started(t), headersOf(shortGenerator().Blocks(5))
	verdicts, _, err := v.prepare(headers[:1]) // somebody else's, who never ends
	if err != nil || len(verdicts) != 1 {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := v.Verify(ctx, headers); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d headers, %v", n, err)
	}
}

// A header that never goes on our chain does not keep the list of all that came
// after it.
func TestVerdictsList(t *testing.T) {
	v := newVerdicts()
	v.start(praos.State{})
	for i := range uint64(20_000) { // the first is of another fork
		var h ledger.Hash
		binary.BigEndian.PutUint64(h[:], i+1)
		v.mu.Lock()
		v.add(h, &verdict{done: closed, adopted: i > 0})
		v.trim()
		if i > 11 { // below k
			binary.BigEndian.PutUint64(h[:], i-10)
			delete(v.known, h)
		}
		v.mu.Unlock()
	}
	if len(v.side) > 2*len(v.known)+1000 {
		t.Errorf("%d listed for %d known", len(v.side), len(v.known))
	}
}
