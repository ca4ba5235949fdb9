package txsubmission_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/conformance/messagetest"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/txsubmission"
)

func hash(t testing.TB, s string) ledger.Hash {
	t.Helper()
	h, err := ledger.ParseHash(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Elements of (examples, 7).
const (
	x0  = "820658203da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b"
	x0b = "8200820058204ba839c420b3d2bd439530f891cae9a5d4c4d812044630dac72e8e0962feeecc"
	x00 = "8206d8184e84a300d901028001800200a0f5f6"
	h3  = "3333333333333333333333333333333333333333333333333333333333333333"
)

// cases has the messages of (examples, 7), Byron ones of the same form, and others.
func cases(t testing.TB) messagetest.Cases {
	id := ledger.TxID{Era: ledger.Conway, Hash: hash(t, x0[8:])}
	byron := ledger.TxID{Era: ledger.Byron, Hash: hash(t, x0b[12:])}
	tx := ledger.RawTx{Era: ledger.Conway, Bytes: golden.Bytes(t, x00[10:])}
	vote := ledger.RawTx{Era: ledger.Byron, Kind: ledger.ByronUpdateVote, Bytes: golden.Bytes(t, "8101")}
	return messagetest.Cases{Spec: txsubmission.Spec(), Examples: []messagetest.Example{
		{"X1", "8106", txsubmission.Init{}},
		{"X2", "8400f50003", txsubmission.RequestTxIDs{Blocking: true, Req: 3}},
		{"X3", "8400f4010a", txsubmission.RequestTxIDs{Ack: 1, Req: 10}},
		{"X4", "82019f82" + x0 + "13ff", txsubmission.ReplyTxIDs{IDs: []txsubmission.Announced{{ID: id, Size: 19}}}},
		{"X4b", "82019f82" + x0 + "13" + "828206" + "5820" + h3 + "1904d2ff", txsubmission.ReplyTxIDs{IDs: []txsubmission.Announced{
			{ID: id, Size: 19}, {ID: ledger.TxID{Era: ledger.Conway, Hash: hash(t, h3)}, Size: 1234}}}},
		{"X4e", "82019fff", txsubmission.ReplyTxIDs{}},
		{"X5", "82029f" + x0 + "ff", txsubmission.RequestTxs{IDs: []ledger.TxID{id}}},
		{"X6", "82039f" + x00 + "ff", txsubmission.ReplyTxs{Txs: []ledger.RawTx{tx}}},
		{"X6e", "82039fff", txsubmission.ReplyTxs{}},
		{"X7", "8104", txsubmission.Done{}},
		{"X0b", "82029f" + x0b + x0 + "ff", txsubmission.RequestTxs{IDs: []ledger.TxID{byron, id}}},
		{"Byron vote", "82039f" + "820082038101" + x00 + "ff", txsubmission.ReplyTxs{Txs: []ledger.RawTx{vote, tx}}},
		{"no ids", "82029fff", txsubmission.RequestTxs{}},
	}, Readings: []messagetest.Example{
		{"wide integers", "8400f4190001" + "1a00000002", txsubmission.RequestTxIDs{Ack: 1, Req: 2}},
	}, Refused: []messagetest.Refused{
		{"N15: a definite list of ids", "82018182820658203333333333333333333333333333333333333333333333333333333333333333" + "1864", txsubmission.ReplyTxIDs{}},
		{"an empty definite list of ids", "820180", txsubmission.ReplyTxIDs{}},
		{"N17: ids as a definite list", "820281" + "82065820" + h3, txsubmission.RequestTxs{}},
		{"transactions as a definite list", "820381" + x00, txsubmission.ReplyTxs{}},
		{"N18: ack 65536", "8400f41a0001000001", txsubmission.RequestTxIDs{}},
		{"req 65536", "8400f4011a00010000", txsubmission.RequestTxIDs{}},
		{"a number for the bool", "8400010101", txsubmission.RequestTxIDs{}},
		{"no req", "8300f401", txsubmission.RequestTxIDs{}},
		{"size of 33 bits", "82019f82" + x0 + "1b0000000100000000" + "ff", txsubmission.ReplyTxIDs{}},
		{"id without size", "82019f81" + x0 + "ff", txsubmission.ReplyTxIDs{}},
		{"id and size as an indefinite array", "82019f9f" + x0 + "13ffff", txsubmission.ReplyTxIDs{}},
		{"hash of 31 bytes", "82029f8206581f" + h3[2:] + "ff", txsubmission.RequestTxs{}},
		{"era 8", "82029f82085820" + h3 + "ff", txsubmission.RequestTxs{}},
		{"no era", "82029f5820" + h3 + "ff", txsubmission.RequestTxs{}},
		{"transaction without tag 24", "82039f82064100ff", txsubmission.ReplyTxs{}},
		{"missing break", "82029f" + x0, txsubmission.RequestTxs{}},
		{"more than the message", "82029fff00", txsubmission.RequestTxs{}},
		{"init of two", "820600", txsubmission.Init{}},
		{"done of two", "820400", txsubmission.Done{}},
		{"another tag", "8105", txsubmission.Done{}},
	}}
}

func TestMessages(t *testing.T) {
	if err := cases(t).Check(); err != nil {
		t.Error(err)
	}
}

// What is kept of a message does not grow with what a peer puts into it, and
// does not keep the peer's buffer.
func TestDecodeKeepsLittle(t *testing.T) {
	ids := golden.Bytes(t, "82019f"+strings.Repeat("82"+x0+"13", 1000)+"ff")
	msg, err := txsubmission.ReplyTxIDs{}.Decode(ids)
	if err != nil || len(msg.(txsubmission.ReplyTxIDs).IDs) != 11 {
		t.Errorf("kept %d ids, %v", len(msg.(txsubmission.ReplyTxIDs).IDs), err)
	}
	raw := golden.Bytes(t, "82039f"+strings.Repeat(x00, 1000)+"ff")
	msg, err = txsubmission.ReplyTxs{}.Decode(raw)
	if err != nil || len(msg.(txsubmission.ReplyTxs).Txs) != 11 {
		t.Errorf("kept %d transactions, %v", len(msg.(txsubmission.ReplyTxs).Txs), err)
	}
	clear(raw)
	if tx := msg.(txsubmission.ReplyTxs).Txs[0]; hex.EncodeToString(tx.Bytes) != x00[10:] {
		t.Error("the transaction is part of the buffer it came in")
	}
}

// Each transaction is copied once; besides, there is the list and the message.
func TestDecodeAllocations(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector allocates")
	}
	raw := golden.Bytes(t, "82039f"+x00+x00+"ff")
	n := testing.AllocsPerRun(100, func() {
		if _, err := (txsubmission.ReplyTxs{}).Decode(raw); err != nil {
			t.Fatal(err)
		}
	})
	if n > 5 {
		t.Errorf("%v allocations for two transactions, want at most 5", n)
	}
}

func FuzzDecode(f *testing.F) { cases(f).Fuzz(f, nil) }
