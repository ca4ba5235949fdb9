package txsubmission_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

// Providers that break the rules. Run asks by itself: blocking for 3 ids, then
// for 2 transactions, then non-blocking for 3 ids.
func TestIllegalProviders(t *testing.T) {
	txs := newTxs(t, 40)
	announce := func(from, to int) txsubmission.ReplyTxIDs {
		var m txsubmission.ReplyTxIDs
		for _, tx := range txs[from:to] {
			m.IDs = append(m.IDs, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
		}
		return m
	}
	wrongSize := announce(0, 1)
	wrongSize.IDs[0].Size += 33
	reply := func(txs ...ledger.Tx) (m txsubmission.ReplyTxs) {
		for _, tx := range txs {
			m.Txs = append(m.Txs, tx.Raw)
		}
		return m
	}
	noTx := txs[0]
	noTx.Raw.Bytes = []byte{0x80}
	otherEra := txs[0]
	otherEra.Raw.Era = ledger.Babbage
	const (
		blocking    = "StTxIdsBlocking"
		nonBlocking = "StTxIdsNonBlocking"
	)
	tests := []struct {
		name    string
		msgs    []txsubmission.Message
		raw     string // sent after msgs
		want    error
		state   string
		message string
	}{
		{"no init", []txsubmission.Message{txsubmission.Done{}}, "", protocol.ErrOutOfTurn, "StInit", "MsgDone"},
		{"init twice", nil, "81068106", protocol.ErrOutOfTurn, "StIdle", ""},
		{"four ids for three", []txsubmission.Message{announce(0, 4)}, "", txsubmission.ErrTxIDsNotRequested, blocking, "MsgReplyTxIds"},
		{"forty ids", []txsubmission.Message{announce(0, 40)}, "", protocol.ErrTooLarge, blocking, ""},
		{"half an id", nil, "82019f82", protocol.ErrTimeout, blocking, ""},
		{"N16: no ids", nil, "82019fff", protocol.ErrMalformed, blocking, "MsgReplyTxIds"},
		{"N15: definite list", nil, "82018182" + x0 + "13", protocol.ErrMalformed, blocking, "MsgReplyTxIds"},
		{"transactions for ids", []txsubmission.Message{reply(txs[0])}, "", protocol.ErrOutOfTurn, blocking, "MsgReplyTxs"},
		{"asks", []txsubmission.Message{txsubmission.RequestTxIDs{Req: 1}}, "", protocol.ErrOutOfTurn, blocking, "MsgRequestTxIdsBlocking"},
		{"transaction not asked for", []txsubmission.Message{announce(0, 3), reply(txs[2])}, "", txsubmission.ErrTxNotRequested, "StTxs", "MsgReplyTxs"},
		{"the same twice", []txsubmission.Message{announce(0, 3), reply(txs[0], txs[0])}, "", txsubmission.ErrTxNotRequested, "StTxs", "MsgReplyTxs"},
		{"more than asked for", []txsubmission.Message{announce(0, 3), reply(txs[:12]...)}, "", txsubmission.ErrTxNotRequested, "StTxs", "MsgReplyTxs"},
		{"another era", []txsubmission.Message{announce(0, 3), reply(otherEra)}, "", txsubmission.ErrTxNotRequested, "StTxs", "MsgReplyTxs"},
		{"no transaction", []txsubmission.Message{announce(0, 3), reply(noTx)}, "", protocol.ErrMalformed, "StTxs", "MsgReplyTxs"},
		{"wrong size", []txsubmission.Message{wrongSize, reply(txs[0])}, "", txsubmission.ErrTxSize, "StTxs", "MsgReplyTxs"},
		{"done for transactions", []txsubmission.Message{announce(0, 3), txsubmission.Done{}}, "", protocol.ErrOutOfTurn, "StTxs", "MsgDone"},
		{"done without blocking", []txsubmission.Message{announce(0, 3), reply(txs[0]), txsubmission.Done{}}, "", protocol.ErrOutOfTurn, nonBlocking, "MsgDone"},
		{"four more ids", []txsubmission.Message{announce(0, 3), reply(txs[0]), announce(3, 7)}, "", txsubmission.ErrTxIDsNotRequested, nonBlocking, "MsgReplyTxIds"},
		{"too large", []txsubmission.Message{announce(0, 3)}, "82039f8206d8185a002625a0", protocol.ErrTooLarge, "StTxs", ""},
		{"silence for transactions", []txsubmission.Message{announce(0, 3)}, "", protocol.ErrTimeout, "StTxs", ""},
		{"silence for ids", []txsubmission.Message{announce(0, 3), reply(txs[0])}, "", protocol.ErrTimeout, nonBlocking, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				us, them := pipe.New()
				msgs := test.msgs
				if test.state != "StInit" && test.state != "StIdle" {
					msgs = slices.Insert(slices.Clone(msgs), 0, txsubmission.Message(txsubmission.Init{}))
				}
				go func() {
					for _, m := range msgs {
						if err := them.Send(context.Background(), m.AppendCBOR(nil), nil); err != nil {
							t.Error(err)
						}
						synctest.Wait() // a reply before its request is another breach
					}
					if err := them.Send(context.Background(), golden.Bytes(t, test.raw), nil); err != nil {
						t.Error(err)
					}
				}()
				start := time.Now()
				err := txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), &basket{})
				var v *protocol.ViolationError
				if !errors.As(err, &v) || !errors.Is(err, test.want) {
					t.Fatalf("got %v, want a violation that is %v", err, test.want)
				}
				if v.Protocol != "tx-submission2" || v.State != test.state || v.Message != test.message {
					t.Errorf("blamed %q in %q with %q, want %q with %q", v.Protocol, v.State, v.Message, test.state, test.message)
				}
				took, want := time.Since(start), time.Duration(0)
				if test.want == protocol.ErrTimeout {
					want = 10 * time.Second
					if test.state == blocking {
						want = protocol.MessageTime // the state has none
					}
				}
				if took != want {
					t.Errorf("took %v, want %v", took, want)
				}
			})
		})
	}
}

// What is of an era that is not known ends the session, and nobody is to blame.
func TestUnknownEra(t *testing.T) {
	id := ledger.TxID{Era: ledger.Era(ledger.NumEras)}
	announce := txsubmission.ReplyTxIDs{IDs: []txsubmission.Announced{{ID: newTx(t, 1, 5).ID, Size: newTx(t, 1, 5).Raw.WireSize()}}}
	for _, last := range []txsubmission.Message{
		txsubmission.ReplyTxIDs{IDs: []txsubmission.Announced{{ID: id, Size: 100}}},
		txsubmission.ReplyTxs{Txs: []ledger.RawTx{{Era: id.Era, Bytes: []byte{0x80}}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			us, them := pipe.New()
			msgs := []txsubmission.Message{txsubmission.Init{}}
			if last.Label() == "MsgReplyTxs" {
				msgs = append(msgs, announce)
			}
			go func() {
				for _, m := range append(msgs, last) {
					if err := them.Send(context.Background(), m.AppendCBOR(nil), nil); err != nil {
						t.Error(err)
					}
					synctest.Wait()
				}
			}()
			err := txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), &basket{})
			var unsupported *protocol.UnsupportedError
			var unknown *ledger.UnknownEraError
			if !errors.As(err, &unsupported) || !errors.As(err, &unknown) || unknown.Era != id.Era || protocol.IsPeerFault(err) || unsupported.Message != last.Label() {
				t.Errorf("%s: %v", last.Label(), err)
			}
		})
	}
}

// Askers that break the rules.
// A reply that never ends is cut off by what was asked for, long before the
// state's limit of 2.5 MB, however small the pieces it comes in.
func TestEndlessReplies(t *testing.T) {
	tx := newTx(t, 0, 300)
	announce := txsubmission.ReplyTxIDs{IDs: []txsubmission.Announced{{ID: tx.ID, Size: tx.Raw.WireSize()}}}
	for _, tt := range []struct {
		name  string
		msgs  []txsubmission.Message
		raw   string
		most  int // bytes
		state string
	}{
		{"init", nil, "9f00", 100, "StInit"},
		{"ids", []txsubmission.Message{txsubmission.Init{}}, "82019f", 1000, "StTxIdsBlocking"},
		{"one id", []txsubmission.Message{txsubmission.Init{}}, "82019f82825f", 1000, "StTxIdsBlocking"},
		{"transactions", []txsubmission.Message{txsubmission.Init{}, announce}, "82039f", 1000, "StTxs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				us, them := pipe.New()
				ended := make(chan error, 1)
				go func() { ended <- txsubmission.NewResponder(txsubmission.Spec(), us).Run(t.Context(), &basket{}) }()
				for _, m := range tt.msgs {
					them.Send(t.Context(), m.AppendCBOR(nil), nil)
					synctest.Wait()
				}
				them.Send(t.Context(), golden.Bytes(t, tt.raw), nil)
				for sent := 0; ; sent++ {
					synctest.Wait()
					select {
					case err := <-ended:
						var v *protocol.ViolationError
						if !errors.As(err, &v) || !errors.Is(err, protocol.ErrTooLarge) || v.State != tt.state {
							t.Errorf("got %v", err)
						}
						return
					default:
					}
					if sent > tt.most {
						t.Fatalf("%d bytes were taken", sent)
					}
					them.Send(t.Context(), []byte{0x40}, nil)
				}
			})
		})
	}
}

func TestIllegalAskers(t *testing.T) {
	txs := newTxs(t, 20)
	request := func(blocking bool, ack, req uint16) txsubmission.RequestTxIDs {
		return txsubmission.RequestTxIDs{Blocking: blocking, Ack: ack, Req: req}
	}
	const blocking, nonBlocking = "MsgRequestTxIdsBlocking", "MsgRequestTxIdsNonBlocking"
	first := request(true, 0, 3)
	tests := []struct {
		name    string
		msgs    []txsubmission.Message
		raw     string // sent after msgs
		want    error
		message string
	}{
		{"acknowledges before", []txsubmission.Message{request(true, 1, 3)}, "", txsubmission.ErrAckedTooMany, blocking},
		{"acknowledges too many", []txsubmission.Message{first, request(false, 4, 3)}, "", txsubmission.ErrAckedTooMany, nonBlocking},
		{"asks for eleven", []txsubmission.Message{request(true, 0, 11)}, "", txsubmission.ErrRequestedTooMany, blocking},
		{"asks for more than there is room", []txsubmission.Message{first, request(false, 1, 9)}, "", txsubmission.ErrRequestedTooMany, nonBlocking},
		{"blocks for nothing", []txsubmission.Message{request(true, 0, 0)}, "", txsubmission.ErrRequestedNothing, blocking},
		{"blocks with ids left", []txsubmission.Message{first, request(true, 2, 3)}, "", txsubmission.ErrRequestBlocking, blocking},
		{"asks for nothing", []txsubmission.Message{first, request(false, 0, 0)}, "", txsubmission.ErrRequestedNothing, nonBlocking},
		{"does not block with none left", []txsubmission.Message{first, request(false, 3, 3)}, "", txsubmission.ErrRequestNonBlocking, nonBlocking},
		{"does not block at first", []txsubmission.Message{request(false, 0, 3)}, "", txsubmission.ErrRequestNonBlocking, nonBlocking},
		{"asks for what is not announced", []txsubmission.Message{first, txsubmission.RequestTxs{IDs: ids(txs[3:4])}}, "", txsubmission.ErrRequestedUnavailable, "MsgRequestTxs"},
		{"asks for what it acknowledged", []txsubmission.Message{first, request(false, 1, 1), txsubmission.RequestTxs{IDs: ids(txs[:1])}}, "", txsubmission.ErrRequestedUnavailable, "MsgRequestTxs"},
		{"answers", []txsubmission.Message{txsubmission.ReplyTxIDs{}}, "", protocol.ErrOutOfTurn, "MsgReplyTxIds"},
		{"ends", []txsubmission.Message{txsubmission.Done{}}, "", protocol.ErrOutOfTurn, "MsgDone"},
		{"N17", nil, "82028182065820" + h3, protocol.ErrMalformed, "MsgRequestTxs"},
		{"N18", nil, "8400f41a0001000001", protocol.ErrMalformed, "MsgRequestTxIdsBlocking"},
		{"tag 5", nil, "8105", protocol.ErrMalformed, ""},
		{"too large", nil, "82029f5a00010000", protocol.ErrTooLarge, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			us, them := pipe.New()
			for _, m := range test.msgs {
				if err := us.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := us.Send(t.Context(), golden.Bytes(t, test.raw), nil); err != nil {
				t.Fatal(err)
			}
			err := txsubmission.Provide(t.Context(), txsubmission.Spec(), them, &offer{txs: txs})
			var v *protocol.ViolationError
			if !errors.As(err, &v) || !errors.Is(err, test.want) {
				t.Fatalf("got %v, want a violation that is %v", err, test.want)
			}
			if v.Protocol != "tx-submission2" || v.State != "StIdle" || v.Message != test.message {
				t.Errorf("blamed %q in %q with %q, want StIdle with %q", v.Protocol, v.State, v.Message, test.message)
			}
		})
	}
}

// The Haskell provider takes these.
func TestOddButLegalAskers(t *testing.T) {
	txs := newTxs(t, 3)
	us, them := pipe.New()
	twice := txsubmission.RequestTxs{IDs: append(ids(txs[:1]), txs[0].ID)}
	for _, m := range []txsubmission.Message{
		txsubmission.RequestTxIDs{Blocking: true, Req: 3},
		txsubmission.RequestTxs{},
		twice, twice,
		txsubmission.RequestTxIDs{Ack: 2}, // acknowledges only
		txsubmission.RequestTxIDs{Blocking: true, Ack: 1, Req: 10},
	} {
		if err := us.Send(t.Context(), m.AppendCBOR(nil), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := txsubmission.Provide(t.Context(), txsubmission.Spec(), them, &offer{txs: txs}); err != nil {
		t.Fatal(err)
	}
	want := txsubmission.Init{}.AppendCBOR(nil)
	var all txsubmission.ReplyTxIDs
	for _, tx := range txs {
		all.IDs = append(all.IDs, txsubmission.Announced{ID: tx.ID, Size: tx.Raw.WireSize()})
	}
	one := txsubmission.ReplyTxs{Txs: []ledger.RawTx{txs[0].Raw}}
	for _, m := range []txsubmission.Message{all, txsubmission.ReplyTxs{}, one, one, txsubmission.ReplyTxIDs{}, txsubmission.Done{}} {
		want = m.AppendCBOR(want)
	}
	if got, _ := us.Peek(0); !slices.Equal(got, want) {
		t.Errorf("answered %x, want %x", got, want)
	}
}

// deaf sends to nobody.
type deaf struct{ protocol.Transport }

func (deaf) Send(context.Context, []byte, []byte) error { return nil }

// Whatever a peer sends, in either role, nothing panics and nothing hangs.
func FuzzPeers(f *testing.F) {
	for _, g := range cases(f).Examples {
		f.Add(slices.Concat(golden.Bytes(f, "8106"), golden.Bytes(f, g.Hex)))
	}
	f.Add(golden.Bytes(f, "8106"+"82019f82"+x0+"13ff"+"82039f"+x00+"ff"+"8104"))
	f.Add(golden.Bytes(f, "8400f50003"+"82029f"+x0+"ff"+"8400f50103"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		us, them := pipe.New()
		if err := them.Send(t.Context(), raw, nil); err != nil {
			t.Fatal(err)
		}
		them.Close()
		_ = txsubmission.NewResponder(txsubmission.Spec(), deaf{us}).Run(t.Context(), &basket{})
		us, them = pipe.New()
		if err := us.Send(t.Context(), raw, nil); err != nil {
			t.Fatal(err)
		}
		us.Close()
		id := ledger.TxID{Era: ledger.Conway, Hash: hash(t, x0[8:])}
		tx := ledger.RawTx{Era: ledger.Conway, Bytes: golden.Bytes(t, x00[10:])}
		_ = txsubmission.Provide(t.Context(), txsubmission.Spec(), deaf{them}, &offer{txs: []ledger.Tx{{ID: id, Raw: tx}}})
	})
}
