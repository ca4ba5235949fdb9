package relay_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
	"github.com/ouronet/ouronet/txsubmission"
)

// takingUpstream serves a chain of one block and takes all transactions.
func (s *stage) takingUpstream(address string, room int) taker {
	cfg := s.config().Config
	cfg.Sources = newChain().Grow(1).Sources()
	sink := taker{make(chan ledger.Tx, room)}
	cfg.Sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink { return sink }
	nodetest.Serve(s.t, s.net.Listen(address), cfg)
	return sink
}

// next returns the next transaction, which must come in time.
func (s taker) next(t *testing.T, within time.Duration) ledger.Tx {
	t.Helper()
	select {
	case tx := <-s.got:
		return tx
	case <-time.After(within):
		t.Fatalf("no transaction came in %v", within)
		return ledger.Tx{}
	}
}

// What is submitted reaches every upstream node, byte for byte, and is counted; one
// that connects later gets it, too.
func TestSubmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t}
		r, _ := s.relay("relay", relay.Config{Follow: s.config("first", "second")})
		tx := made(t, 1, 300)[0]
		given := bytes.Clone(tx.Raw.Bytes)
		for range 2 { // the second time it is on its way
			if id, err := r.Submit(t.Context(), given); err != nil || id != tx.ID {
				t.Fatalf("%v, %v, want %v", id, err, tx.ID)
			}
		}
		if got := r.Status().Txs; got != (relay.TxStatus{Received: 1, Waiting: 1}) {
			t.Errorf("before a peer is there: %+v", got)
		}
		given[10]++ // the bytes are the caller's
		first := s.takingUpstream("first", 10)
		got := first.next(t, time.Minute)
		if got.ID != tx.ID || !bytes.Equal(got.Raw.Bytes, tx.Raw.Bytes) || got.Raw.Era != ledger.Conway {
			t.Errorf("the first node got %v %x", got.ID, got.Raw.Bytes)
		}
		second := s.takingUpstream("second", 10)
		if got := second.next(t, time.Minute); got.ID != tx.ID || !bytes.Equal(got.Raw.Bytes, tx.Raw.Bytes) {
			t.Errorf("the second node got %v", got.ID)
		}
		synctest.Wait()
		if got := r.Status().Txs; got != (relay.TxStatus{Received: 1, Passed: 1}) {
			t.Errorf("at the end: %+v", got)
		}
		// All have heard of it: whoever submits it again wants it sent again.
		if _, err := r.Submit(t.Context(), tx.Raw.Bytes); err != nil {
			t.Fatal(err)
		}
		for _, n := range []taker{first, second} {
			if got := n.next(t, time.Second); got.ID != tx.ID {
				t.Errorf("again: %v", got.ID)
			}
		}
		time.Sleep(time.Minute)
		if len(first.got) > 0 || len(second.got) > 0 {
			t.Error("more than once")
		}
	})
}

// What no node takes is refused at once.
func TestSubmitRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t}
		r, stop := s.relay("relay", relay.Config{Follow: s.config("nobody"), MaxTxSize: 400})
		good := made(t, 1, 300)[0]
		for _, test := range []struct {
			name string
			tx   []byte
			want string
		}{
			{"nothing", nil, "Conway transaction"},
			{"text", []byte("84a400"), "Conway transaction"},
			{"cut", good.Raw.Bytes[:100], "Conway transaction"},
			{"more behind it", append(bytes.Clone(good.Raw.Bytes), 0), "Conway transaction"},
			{"as on tx-submission", good.Raw.AppendCBOR(nil), "Conway transaction"},
			{"too large", made(t, 1, 500)[0].Raw.Bytes, "at most 400 are allowed"},
		} {
			var refused *relay.TxError
			if _, err := r.Submit(t.Context(), test.tx); !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q", test.name, err, test.want)
			}
		}
		if got := r.Status().Txs; got != (relay.TxStatus{}) {
			t.Errorf("counted: %+v", got)
		}
		stop()
		if _, err := r.Submit(t.Context(), good.Raw.Bytes); !errors.Is(err, relay.ErrEnded) {
			t.Errorf("after the end: %v", err)
		}
		serving, _ := s.relay("serving", relay.Config{Follow: s.config(), ServeOnly: true})
		if _, err := serving.Submit(t.Context(), good.Raw.Bytes); !errors.Is(err, relay.ErrServeOnly) {
			t.Errorf("with nobody to pass it to: %v", err)
		}
	})
}

// While the queue is full, Submit waits: for room, for its context, or for the end.
func TestSubmitWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t}
		r, stop := s.relay("relay", relay.Config{Follow: s.config("upstream")})
		txs := made(t, 300, 16_000) // more than fit
		queued := make(chan error, len(txs))
		go func() {
			for _, tx := range txs {
				_, err := r.Submit(t.Context(), tx.Raw.Bytes)
				queued <- err
			}
		}()
		synctest.Wait()
		if n := len(queued); n < 50 || n > 140 {
			t.Fatalf("%d of 16 kB fit", n)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		late := made(t, 301, 16_001)[300]
		if _, err := r.Submit(short, late.Raw.Bytes); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with the queue full: %v", err)
		}
		ended := make(chan error)
		sink := s.takingUpstream("upstream", 10)
		seen := make(map[ledger.TxID]bool)
		for range 250 {
			seen[sink.next(t, time.Minute).ID] = true
		}
		if len(seen) != 250 || seen[late.ID] {
			t.Errorf("%d different ones, with the one that was given up: %t", len(seen), seen[late.ID])
		}
		go func() { // nobody takes the rest: these wait until the relay ends
			var err error
			for i := 0; err == nil; i++ {
				_, err = r.Submit(t.Context(), made(t, 1, 15_000+i)[0].Raw.Bytes)
			}
			ended <- err
		}()
		synctest.Wait()
		stop()
		select {
		case err := <-ended:
			if !errors.Is(err, relay.ErrEnded) {
				t.Errorf("at the end: %v", err)
			}
		case <-time.After(time.Hour):
			t.Fatal("the end of the relay ends no Submit")
		}
	})
}

// The era that goes with a transaction is the newest one that its form allows, of
// those up to the present one.
func TestSubmitEra(t *testing.T) {
	flagged := made(t, 1, 30)[0].Raw.Bytes
	before := append([]byte{0x83}, flagged[1:len(flagged)-2]...)
	before = append(before, 0xf6) // body, witnesses, auxiliary data
	early := ledger.Mainnet
	early.Eras[ledger.Conway].Start, early.Eras[ledger.Babbage].Start, early.Eras[ledger.Alonzo].Start = ledger.Never, ledger.Never, ledger.Never
	failing := bytes.Clone(flagged)
	failing[len(failing)-2] = 0xf4 // its scripts fail, says the flag
	next := ledger.Mainnet
	next.Eras[ledger.Dijkstra].Start, next.Eras[ledger.Dijkstra].StartEpoch = next.Eras[ledger.Conway].Start+432000, next.Eras[ledger.Conway].StartEpoch+1
	list := cbor.AppendNull(cbor.AppendArray(nil, 1)) // of no era
	for _, test := range []struct {
		name    string
		network ledger.Network
		tx      []byte
		want    ledger.Era // Byron for none
	}{
		{"Conway", ledger.Mainnet, flagged, ledger.Conway},
		{"Mary", early, before, ledger.Mary},
		{"of an era before Conway, whose form Conway has as well", ledger.Mainnet, before, ledger.Conway},
		{"whose form the present era has as well", next, flagged, ledger.Dijkstra},
		{"whose form the present era has no more", next, failing, ledger.Conway},
		{"later than the network", early, flagged, ledger.Byron},
		{"no transaction", ledger.Mainnet, list, ledger.Byron},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := relay.New(relay.Config{Follow: follow.Config{Config: node.Config{Network: test.network}}})
			if err != nil {
				t.Fatal(err)
			}
			id, err := r.Submit(t.Context(), test.tx)
			if got := r.Status().Txs.Received; got != 1 && err == nil || got != 0 && err != nil {
				t.Errorf("%d received, %v", got, err)
			}
			if id.Era != test.want || (err == nil) != (test.want != ledger.Byron) {
				t.Errorf("%v, %v, want %v", id, err, test.want)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			r.Run(ctx)
		})
	}
}
