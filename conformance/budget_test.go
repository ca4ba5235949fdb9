package conformance_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// What we ask for fits; one more does not, where the limit is made for it.
func TestBudgets(t *testing.T) {
	exact := map[string]bool{"HighMark updates": true, "Window, in ranges": true, "ids for a full window and Policy.Bytes of transactions": true}
	covered := make(map[string]bool)
	for _, b := range conformance.Budgets(conformance.Protocols()) {
		covered[b.Protocol+b.Role.String()] = true
		if err := b.Check(); err != nil {
			t.Error(err)
		}
		if !exact[b.Why] {
			continue
		}
		delete(exact, b.Why)
		if b.Count++; b.Check() == nil {
			t.Errorf("%s: %d of %d bytes still pass", b.Protocol, b.Count, b.Each)
		}
	}
	if len(exact) > 0 {
		t.Errorf("no budgets for %v", exact)
	}
	if len(covered) != 2*len(specs) {
		t.Errorf("%d sides have a budget, want both of %d mini-protocols", len(covered), len(specs))
	}
}

// A smaller ingress limit than the specification's is noticed.
func TestBudgetOfSmallerLimits(t *testing.T) {
	for n := range conformance.Protocols() {
		list := conformance.Protocols()
		list[n].Ingress /= 600
		err := error(nil)
		for _, b := range conformance.Budgets(list) {
			err = errors.Join(err, b.Check())
		}
		if err == nil && list[n].Name != "block-fetch" { // whose window follows the limit
			t.Errorf("%s with %d bytes is not noticed", list[n].Name, list[n].Ingress)
		}
	}
}

// asked is a transport whose other end keeps what it gets and answers with one
// message and nothing more.
type asked struct {
	*pipe.End
	peer   *pipe.End
	spec   *protocol.Spec
	answer protocol.Message
	list   []protocol.Message
}

func ask(spec *protocol.Spec, answer protocol.Message) *asked {
	ours, peer := pipe.New()
	return &asked{End: ours, peer: peer, spec: spec, answer: answer}
}

func (a *asked) Send(ctx context.Context, head, body []byte) error {
	raw := append(slices.Clone(head), body...)
	for _, s := range a.spec.States {
		for _, e := range s.Edges {
			if m, err := e.Msg.Decode(raw); err == nil && e.Msg.Tag() == m.Tag() {
				a.list = append(a.list, m)
				if a.answer != nil && len(a.list) == 1 {
					return a.peer.Send(ctx, a.answer.AppendCBOR(nil), nil)
				}
				return nil
			}
		}
	}
	return errors.New("not a message")
}

// The numbers of the budgets are those of the drivers: from a peer that does
// not answer they ask for just so much, until they have waited long enough.
func TestDriversKeepBudgets(t *testing.T) {
	blocks := chaintest.NewGenerator(chaintest.Config{BlockSize: 60_000}).Blocks(300)
	synctest.Test(t, func(t *testing.T) {
		tip := blocks[len(blocks)-1].Header.Tip()
		tip.BlockNo += 10_000
		a := ask(chainsync.Spec(), chainsync.RollForward{Header: blocks[0].Header.Raw, Tip: tip})
		for _, err := range chainsync.NewInitiator(a.spec, a).Updates(t.Context()) {
			if err != nil && !errors.Is(err, protocol.ErrTimeout) {
				t.Error(err)
			}
		}
		if got := len(a.list) - 1; got != chainsync.HighMark {
			t.Errorf("chain-sync: %d outstanding, want %d", got, chainsync.HighMark)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a := ask(blockfetch.Spec(), nil)
		i := blockfetch.NewInitiator(a.spec, a, chaintest.Network())
		var wants []blockfetch.Want
		for _, b := range blocks {
			wants = append(wants, blockfetch.WantOf(&b.Header))
		}
		for _, err := range i.Fetch(t.Context(), wants) {
			if !errors.Is(err, protocol.ErrTimeout) {
				t.Error(err)
			}
		}
		last := a.list[len(a.list)-1].(blockfetch.RequestRange).To
		size := 0
		for _, w := range wants[:1+slices.IndexFunc(wants, func(w blockfetch.Want) bool { return w.Point == last })] {
			size += w.Size
		}
		if size > i.Window() || size < i.Window()-60_000 || len(a.list) > blockfetch.MaxRequests {
			t.Errorf("block-fetch: %d bytes in %d ranges, the window is %d", size, len(a.list), i.Window())
		}
	})
}

// wantAll asks for whatever is announced.
type wantAll struct{}

func (wantAll) Want(_ context.Context, ids []txsubmission.Announced) (want []ledger.TxID, err error) {
	for _, a := range ids {
		want = append(want, a.ID)
	}
	return want, nil
}

func (wantAll) Deliver(context.Context, []ledger.TxID, []ledger.Tx) error { return nil }

// From a peer that announces as much as it is asked for, and withholds the
// transactions, no more is asked for than Policy.Bytes.
func TestTxWindowKeepsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, peer := pipe.New()
		ended := make(chan error, 1)
		go func() {
			r := txsubmission.NewResponder(txsubmission.Spec(), ours)
			r.Policy = txsubmission.Policy{IDs: 10, Txs: 10}
			ended <- r.Run(t.Context(), wantAll{})
		}()
		s := protocol.NewSession[txsubmission.Message](txsubmission.Spec(), protocol.Initiator, peer)
		s.Send(t.Context(), txsubmission.Init{})
		req, _ := s.Recv(t.Context())
		announced := txsubmission.ReplyTxIDs{}
		for n := range req.(txsubmission.RequestTxIDs).Req {
			id := ledger.TxID{Era: ledger.Conway, Hash: ledger.Hash{byte(n)}}
			announced.IDs = append(announced.IDs, txsubmission.Announced{ID: id, Size: txsubmission.MaxTxSize})
		}
		s.Send(t.Context(), announced)
		bytes := 0
		req, _ = s.Recv(t.Context())
		for range req.(txsubmission.RequestTxs).IDs {
			bytes += txsubmission.MaxTxSize
		}
		synctest.Wait()
		if unread, _ := peer.Peek(0); len(unread) > 0 {
			t.Errorf("asked for more: %x", unread)
		}
		if want := txsubmission.MaxTxSize; bytes != want || bytes > txsubmission.ReplyIngress {
			t.Errorf("%d bytes asked for, want %d", bytes, want)
		}
		if err := <-ended; !errors.Is(err, protocol.ErrTimeout) {
			t.Error(err)
		}
	})
}
