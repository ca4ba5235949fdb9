package txsubmission

import (
	"errors"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// The two windows, without a session between them, carry what is announced.
func TestWindowSteps(t *testing.T) {
	var asking AskingWindow
	var offering AnsweringWindow
	all, next := testIDs(0, 25), 0
	var got []ledger.TxID
	for steps := 0; len(got) < len(all); steps++ {
		if steps > 2*len(all) { // each id and each transaction asked for alone
			t.Fatalf("%d of %d transactions after %d requests", len(got), len(all), steps)
		}
		req, ok := asking.Next()
		if !ok {
			t.Fatal("nothing to ask, and nothing owed")
		}
		switch m := req.(type) {
		case RequestTxIDs:
			if err := offering.RequestTxIDs(m); err != nil {
				t.Fatal(err)
			}
			n := min(int(m.Req), len(all)-next)
			ids := announced(all[next : next+n]...)
			next += n
			offering.Announce(ids)
			open, err := asking.ReplyTxIDs(ReplyTxIDs{ids})
			if err != nil || len(open) != n {
				t.Fatal(open, err)
			}
			asking.Decide(all[next-n : next])
		case RequestTxs:
			ids, err := offering.RequestTxs(m)
			if err != nil {
				t.Fatal(err)
			}
			var txs []ledger.Tx
			for _, id := range ids {
				txs = append(txs, sized(id, 7))
			}
			asked, err := asking.ReplyTxs(txs)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, asked...)
		}
		if a, b := asking.Unacknowledged(), len(offering.Unacknowledged()); a != b {
			t.Fatalf("%d ids in the window, at the other side %d", a, b)
		}
	}
	if err := offering.RequestTxIDs(RequestTxIDs{Ack: 11, Req: 1}); !errors.Is(err, ErrAckedTooMany) {
		t.Errorf("error %v, want %v", err, ErrAckedTooMany)
	}
}
