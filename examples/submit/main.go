// Submit offers a transaction, in hex or raw, to a node and prints whether the
// node asked for it. What it then did with it, a node does not say.
//
//	go run ./examples/submit -network preview TX-FILE HOST:PORT
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "submit:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("submit", flag.ExitOnError)
	name := flags.String("network", "mainnet", "mainnet, preprod or preview")
	wait := flags.Duration("wait", 2*time.Minute, "time for the node to ask; cardano-node takes one minute")
	era := flags.Uint("era", uint(ledger.Conway), "the transaction's: 6 is Conway, 7 is Dijkstra")
	flags.Parse(args)
	network, ok := ledger.NetworkByName(*name)
	if !ok || flags.NArg() != 2 {
		return errors.New("give a known -network, a file and HOST:PORT")
	}
	raw, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	if b, err := hex.DecodeString(strings.TrimSpace(string(raw))); err == nil {
		raw = b
	}
	ctx, cancel := context.WithTimeoutCause(ctx, *wait, errors.New("no answer: allow more with -wait"))
	defer cancel()
	conn, err := node.Dial(ctx, flags.Arg(1), node.Config{Network: network})
	if err != nil {
		return err
	}
	defer conn.Close()
	asked, err := conn.Submit(ctx, ledger.RawTx{Era: ledger.Era(*era), Bytes: raw})
	if err == nil || asked {
		fmt.Fprintln(out, "the node asked for the transaction:", asked)
		return nil
	}
	return err
}
