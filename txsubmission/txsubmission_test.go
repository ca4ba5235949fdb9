package txsubmission_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// newTx returns the n-th transaction of the tests, which looks like one of
// Conway and is padded to any size.
func newTx(t testing.TB, n, padding int) ledger.Tx {
	t.Helper()
	b := cbor.AppendArray(nil, 4)
	b = cbor.AppendUint(cbor.AppendUint(cbor.AppendMap(b, 1), 2), uint64(n))
	b = cbor.AppendUint(cbor.AppendMap(b, 1), 0)
	b = cbor.AppendBytes(b, make([]byte, padding))
	b = cbor.AppendNull(cbor.AppendBool(b, true))
	raw := ledger.RawTx{Era: ledger.Conway, Bytes: b}
	id, err := raw.ID()
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Tx{ID: id, Raw: raw}
}

func newTxs(t testing.TB, n int) (txs []ledger.Tx) {
	for i := range n {
		txs = append(txs, newTx(t, i, i%300))
	}
	return txs
}

// offer is a source that ends when it has announced all.
type offer struct {
	txs  []ledger.Tx
	next int
	gone map[ledger.TxID]bool

	most   func(int) int // how many of those asked for to announce
	blocks int
}

func (o *offer) Next(_ context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	if block {
		o.blocks++
	}
	if most == 0 {
		return nil, errors.New("asked for no ids")
	}
	if o.most != nil {
		most = o.most(most)
	}
	var ids []txsubmission.Announced
	for ; len(ids) < most && o.next < len(o.txs); o.next++ {
		tx := o.txs[o.next]
		ids = append(ids, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
	}
	return ids, nil
}

func (o *offer) Get(_ context.Context, ids []ledger.TxID) (txs []ledger.RawTx, err error) {
	for _, tx := range o.txs {
		if slices.Contains(ids, tx.ID) && !o.gone[tx.ID] {
			txs = append([]ledger.RawTx{tx.Raw}, txs...) // any order will do
		}
	}
	return txs, nil
}

// basket is a sink that wants all but some.
type basket struct {
	unwanted map[ledger.TxID]bool
	seen     []ledger.TxID
	asked    []ledger.TxID
	txs      []ledger.Tx
	deliver  func() error
}

func (b *basket) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, err error) {
	for _, a := range ids {
		b.seen = append(b.seen, a.ID)
		if !b.unwanted[a.ID] {
			want = append(want, a.ID)
		}
	}
	return want, nil
}

func (b *basket) Deliver(_ context.Context, asked []ledger.TxID, txs []ledger.Tx) error {
	b.asked = append(b.asked, asked...)
	b.txs = append(b.txs, txs...)
	if b.deliver != nil {
		return b.deliver()
	}
	return nil
}

func ids(txs []ledger.Tx) (ids []ledger.TxID) {
	for _, tx := range txs {
		ids = append(ids, tx.ID)
	}
	return ids
}

// provide runs Provide in the background.
func provide(t *testing.T, end *pipe.End, source txsubmission.Source) <-chan error {
	done := make(chan error, 1)
	go func() { done <- txsubmission.Provide(t.Context(), txsubmission.Spec(), end, source) }()
	return done
}

// Both roles, by chance: what is wanted and there arrives once, in order, bytes
// and all; what is gone is reported.
func TestRun(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		source := &offer{txs: newTxs(t, rng.IntN(200)), gone: map[ledger.TxID]bool{}}
		sink := &basket{unwanted: map[ledger.TxID]bool{}}
		source.most = func(most int) int { return 1 + rng.IntN(most) }
		var asked []ledger.TxID
		var want []ledger.Tx
		for _, tx := range source.txs {
			source.gone[tx.ID], sink.unwanted[tx.ID] = rng.IntN(5) == 0, rng.IntN(5) == 0
			if !sink.unwanted[tx.ID] {
				asked = append(asked, tx.ID)
				if !source.gone[tx.ID] {
					want = append(want, tx)
				}
			}
		}
		us, them := pipe.New()
		us.Chunk, them.Chunk = rng.IntN(40), rng.IntN(40)
		provided := provide(t, them, source)
		r := txsubmission.NewResponder(txsubmission.Spec(), us)
		r.Policy = txsubmission.Policy{IDs: rng.IntN(11), Txs: rng.IntN(11), Window: rng.IntN(11)}
		if err := r.Run(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
		if err := <-provided; err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(sink.seen, ids(source.txs)) || !slices.Equal(sink.asked, asked) || !slices.Equal(ids(sink.txs), ids(want)) {
			t.Errorf("seed %d: saw %d, asked for %d, got %d; want %d, %d, %d", seed,
				len(sink.seen), len(sink.asked), len(sink.txs), len(source.txs), len(asked), len(want))
		}
		for i, tx := range sink.txs {
			if string(tx.Raw.Bytes) != string(want[i].Raw.Bytes) {
				t.Errorf("seed %d: bytes of transaction %d differ", seed, i)
			}
		}
		if len(r.Unacknowledged()) != 0 {
			t.Errorf("%v not acknowledged", r.Unacknowledged())
		}
	}
}

// After an orderly end the same channel carries a new conversation, with an
// empty window.
func TestAgain(t *testing.T) {
	us, them := pipe.New()
	for range 3 {
		source := &offer{txs: newTxs(t, 7)}
		provided := provide(t, them, source)
		sink := &basket{}
		if err := txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
		if err := <-provided; err != nil || len(sink.txs) != 7 {
			t.Fatalf("%v, %d transactions", err, len(sink.txs))
		}
	}
}

// While the sink takes its time, requests are ahead of it, and no clock runs
// against the peer; nor does one while there is nothing to announce.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, them := pipe.New()
		source := &slow{offer{txs: newTxs(t, 5)}}
		time.AfterFunc(time.Hour, func() {
			if err := txsubmission.Provide(t.Context(), txsubmission.Spec(), them, source); err != nil {
				t.Error(err)
			}
		})
		sink := &basket{deliver: func() error { time.Sleep(time.Hour); return nil }}
		if err := txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
		if len(sink.txs) != 5 {
			t.Errorf("%d transactions", len(sink.txs))
		}
		synctest.Wait()
	})
}

// slow takes a day for what may take its time.
type slow struct{ offer }

func (s *slow) Next(ctx context.Context, most int, block bool) ([]txsubmission.Announced, error) {
	if block {
		time.Sleep(24 * time.Hour)
	}
	return s.offer.Next(ctx, most, block)
}

// The table: ids are asked for with a blocking request exactly when the window
// is empty, which the window's own tests cover; here that both kinds occur.
func TestAsksAhead(t *testing.T) {
	us, them := pipe.New()
	source := &offer{txs: newTxs(t, 100)}
	provided := provide(t, them, source)
	if err := txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), &basket{}); err != nil {
		t.Fatal(err)
	}
	if err := <-provided; err != nil {
		t.Fatal(err)
	}
	if source.blocks < 2 || source.blocks > 50 {
		t.Errorf("%d blocking requests for 100 transactions", source.blocks)
	}
}

// Steering by hand.
func TestByHand(t *testing.T) {
	us, them := pipe.New()
	source := &offer{txs: newTxs(t, 5)}
	provided := provide(t, them, source)
	r := txsubmission.NewResponder(txsubmission.Spec(), us)
	ctx := t.Context()

	got, err := r.RequestTxIDs(ctx, 0, 3)
	if err != nil || len(got) != 3 || got[0].ID != source.txs[0].ID || !slices.Equal(got, r.Unacknowledged()) {
		t.Fatalf("%v, %v", got, err)
	}
	txs, err := r.RequestTxs(ctx, source.txs[2].ID, source.txs[0].ID)
	if err != nil || !slices.Equal(ids(txs), []ledger.TxID{source.txs[2].ID, source.txs[0].ID}) {
		t.Fatalf("%v, %v", txs, err)
	}
	for _, test := range []struct {
		do   func() error
		want error
	}{
		{func() error { _, err := r.RequestTxIDs(ctx, 4, 1); return err }, txsubmission.ErrAckedTooMany},
		{func() error { _, err := r.RequestTxIDs(ctx, 0, 8); return err }, txsubmission.ErrRequestedTooMany},
		{func() error { _, err := r.RequestTxIDs(ctx, 0, 0); return err }, txsubmission.ErrRequestedNothing},
		{func() error { _, err := r.RequestTxIDs(ctx, 3, 0); return err }, txsubmission.ErrRequestedNothing},
		{func() error { _, err := r.RequestTxs(ctx, source.txs[4].ID); return err }, txsubmission.ErrRequestedUnavailable},
		{func() error { _, err := r.RequestTxs(ctx); return err }, txsubmission.ErrRequestedNothing},
	} {
		if err := test.do(); !errors.Is(err, test.want) || protocol.IsPeerFault(err) {
			t.Errorf("got %v, want %v", err, test.want)
		}
	}
	if got, err := r.RequestTxIDs(ctx, 1, 0); err != nil || len(got) != 0 || len(r.Unacknowledged()) != 2 {
		t.Errorf("%v, %v, %v", got, err, r.Unacknowledged())
	}
	if got, err := r.RequestTxIDs(ctx, 2, 10); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := r.RequestTxIDs(ctx, 2, 10); !errors.Is(err, txsubmission.ErrDone) || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	if err := <-provided; err != nil {
		t.Error(err)
	}
}

// clogged stops taking bytes when told to, so that sending can be cancelled.
type clogged struct {
	*pipe.End
	open bool
}

func (c *clogged) Send(ctx context.Context, head, body []byte) error {
	if !c.open {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return c.End.Send(ctx, head, body)
}

// Whatever a cancelled call left undone, the next call does, by hand or not.
func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, them := pipe.New()
		source := &slow{offer{txs: newTxs(t, 30)}}
		provided := provide(t, them, source)
		out := &clogged{End: us}
		r := txsubmission.NewResponder(txsubmission.Spec(), out)
		sink := &basket{}
		rng := rand.New(rand.NewPCG(1, 1))
		for calls := 0; ; calls++ {
			out.open = rng.IntN(3) > 0
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			err := r.Run(ctx, sink)
			cancel()
			if err == nil {
				if calls < 10 {
					t.Errorf("only %d calls", calls)
				}
				break
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		if !slices.Equal(ids(sink.txs), ids(source.txs)) {
			t.Errorf("got %d transactions", len(sink.txs))
		}
		if err := <-provided; err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		us, them := pipe.New()
		provided := provide(t, them, &slow{offer{txs: newTxs(t, 2)}})
		out := &clogged{End: us}
		r := txsubmission.NewResponder(txsubmission.Spec(), out)
		for _, open := range []bool{false, true, true} {
			out.open = open
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			if _, err := r.RequestTxIDs(ctx, 0, 2); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		if _, err := r.RequestTxIDs(t.Context(), 2, 2); !errors.Is(err, txsubmission.ErrDone) {
			t.Error(err)
		}
		if err := <-provided; err != nil {
			t.Error(err)
		}
	})
}

// What is too large for a reply is missing from it, as if it were gone.
func TestReplyFits(t *testing.T) {
	us, them := pipe.New()
	txs := []ledger.Tx{newTx(t, 0, 60_000), newTx(t, 1, 60_000), newTx(t, 2, 60_000)}
	spec := txsubmission.Spec()
	spec.States[txsubmission.StTxs].Limit = 100_000
	done := make(chan error, 1)
	go func() { done <- txsubmission.Provide(t.Context(), spec, them, &offer{txs: txs}) }()
	sink := &basket{}
	r := txsubmission.NewResponder(spec, us)
	r.Policy.Bytes = 1 << 20
	if err := r.Run(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || len(sink.txs) != 2 { // one of two, then the third
		t.Errorf("%v, %d transactions", err, len(sink.txs))
	}
}

var errOwn = errors.New("mempool is closed")

type broken struct{ offer }

func (b *broken) Get(context.Context, []ledger.TxID) ([]ledger.RawTx, error) { return nil, errOwn }

// Our own errors are not the peer's fault, nor is the end of the bearer.
func TestOwnErrors(t *testing.T) {
	us, them := pipe.New()
	provided := provide(t, them, &offer{txs: newTxs(t, 5)})
	sink := &basket{deliver: func() error { return errOwn }}
	if err := txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), sink); !errors.Is(err, errOwn) || protocol.IsPeerFault(err) {
		t.Error(err)
	}
	us.Close()
	if err := <-provided; !errors.Is(err, io.EOF) || protocol.IsPeerFault(err) {
		t.Error(err)
	}

	us, them = pipe.New()
	provided = provide(t, them, &broken{offer{txs: newTxs(t, 5)}})
	run := make(chan error, 1)
	go func() { run <- txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), &basket{}) }()
	if err := <-provided; !errors.Is(err, errOwn) || protocol.IsPeerFault(err) {
		t.Error(err)
	}
	them.Close()
	if err := <-run; !errors.Is(err, io.EOF) || protocol.IsPeerFault(err) {
		t.Error(err)
	}

	us, them = pipe.New()
	provided = provide(t, them, &offer{txs: newTxs(t, 5), most: func(most int) int { return most + 1 }})
	if err := us.Send(t.Context(), txsubmission.RequestTxIDs{Blocking: true, Req: 3}.AppendCBOR(nil), nil); err != nil {
		t.Fatal(err)
	}
	if err := <-provided; err == nil || protocol.IsPeerFault(err) {
		t.Error(err)
	}
}

func TestSpec(t *testing.T) {
	s := txsubmission.Spec()
	if s.Ingress != 721424 || s.ID != 4 {
		t.Errorf("ingress %d, number %d", s.Ingress, s.ID)
	}
	// What may end the conversation cannot have another request behind it.
	for _, e := range s.States[txsubmission.StIdle].Edges {
		want := e.To == txsubmission.StTxIdsNonBlocking || e.To == txsubmission.StTxs
		if s.Pipelines(txsubmission.StIdle, e.To) != want {
			t.Errorf("pipelining %s, want %v", e.Msg.Label(), want)
		}
	}
}
