package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/clitest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/txsubmission"
)

// sink is a txsubmission.Sink that wants all or nothing.
type sink struct {
	want bool
	got  chan ledger.Tx
}

func (s sink) Want(_ context.Context, announced []txsubmission.Announced) (ids []ledger.TxID, err error) {
	for _, a := range announced {
		if s.want {
			ids = append(ids, a.ID)
		}
	}
	return ids, nil
}

func (s sink) Deliver(_ context.Context, _ []ledger.TxID, txs []ledger.Tx) error {
	for _, tx := range txs {
		s.got <- tx
	}
	return nil
}

// aTx returns a transaction of a generated chain.
func aTx(t *testing.T) ledger.Tx {
	chain := chaintest.NewGenerator(chaintest.Config{Seed: 1, BlockSize: 20000})
	for {
		txs, err := chain.Next().Txs()
		if err != nil {
			t.Fatal(err)
		}
		if len(txs) > 0 {
			return txs[0]
		}
	}
}

func TestSubmit(t *testing.T) {
	testenv.CheckLeaks(t)
	tx := aTx(t)
	for _, test := range []struct {
		name string
		file []byte
		want bool
	}{
		{"raw", tx.Raw.Bytes, true},
		{"hex", fmt.Appendf(nil, "%x\n", tx.Raw.Bytes), true},
		{"of cardano-cli", fmt.Appendf(nil, `{"type": "Tx ConwayEra", "description": "", "cborHex": "%x"}`, tx.Raw.Bytes), true},
		{"unwanted", tx.Raw.Bytes, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := sink{test.want, make(chan ledger.Tx, 1)}
			address := nodetest.Loopback(t, node.Config{Network: ledger.Preview, Sources: &node.Sources{
				TxSubmission: func(context.Context, *node.Conn) txsubmission.Sink { return s },
			}})
			file := filepath.Join(t.TempDir(), "tx")
			if err := os.WriteFile(file, test.file, 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			if exit := program.Run(t.Context(), []string{"-network", "preview", file, address}, &out, &errs); exit != 0 {
				t.Fatalf("exit status %d, %s", exit, errs.String())
			}
			if want := fmt.Sprintf("the node asked for the transaction: %t\n", test.want); out.String() != want {
				t.Errorf("got %q, want %q", out.String(), want)
			}
			if !test.want {
				return
			}
			if got := <-s.got; got.ID != tx.ID || !bytes.Equal(got.Raw.Bytes, tx.Raw.Bytes) {
				t.Errorf("the node got %v, want %v", got.ID, tx.ID)
			}
		})
	}
}

func TestCalls(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Calls(t, program.Run, clitest.Names(t))
}

func TestInterrupted(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Interrupt(t, program.Run, 1, "submit: interrupted\n", clitest.Names(t)["dir"]+"/tx", "{mute}")
}

// What keeps the program waiting is said.
func TestSaysWhyItWaits(t *testing.T) {
	testenv.CheckLeaks(t)
	clitest.Waits(t, program, "submit: waiting for {mute}: a node may take a minute to ask\n", clitest.Names(t)["dir"]+"/tx", "{mute}")
}
