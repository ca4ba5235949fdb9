package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/ledger"
)

// errDeparts is the result of a run that found departures.
var errDeparts = errors.New("the node departs from the specification")

// conformCommand runs the conformance suite against a node.
var conformCommand = command{
	name:    "conform",
	summary: "Runs the conformance suite against a node and prints a report. Use it on nodes of your own.",
	examples: []string{
		"conform -self",
		"conform -peer 127.0.0.1:3001 -network preview",
		"conform -listen 127.0.0.1:3001 -magic 42",
	},
	setup: func(flags *flag.FlagSet) func(context.Context, []string, io.Writer) error {
		cfg := conform.Config{}
		flags.StringVar(&cfg.Address, "peer", "", "the node, as `HOST:PORT`")
		listen := flags.String("listen", "", "look at the initiators of nodes that connect to `HOST:PORT`; each breach takes a connection of its own")
		network := flags.String("network", "mainnet", "mainnet, preprod or preview")
		magic := flags.Uint("magic", 0, "network magic of another network; its slots are taken to be Preview's, all from Conway on")
		txs := flags.Bool("txs", false, "offer transactions, which are well-formed and not valid")
		flags.DurationVar(&cfg.Patience, "patience", 10*time.Second, "how long the node may take to end a connection after a breach")
		flags.DurationVar(&cfg.Wait, "wait", 30*time.Second, "how long to wait for the node's next block, and to converse with one that connects")
		flags.DurationVar(&cfg.Silence, "silence", 15*time.Second, "the longest time limit to try; 31s tries that of segments, 100s keep-alive's, 1h chain-sync's")
		flags.Uint64Var(&cfg.Seed, "seed", 0, "seed of what is random in messages")
		self := flags.Bool("self", false, "look at a node of this module, started for that in memory, and offer it transactions")
		quiet := flags.Bool("quiet", false, "do not tell progress")
		return func(ctx context.Context, args []string, out io.Writer) error {
			var err error
			if *self && *magic != 0 {
				return errors.New("-magic does not go with -self, which makes its own network")
			}
			if given := []bool{*self, cfg.Address != "", *listen != ""}; count(given) > 1 {
				return errors.New("give one of -self, -peer and -listen")
			}
			if *self {
				// Cancelled, the node ends with the run.
				serving, stop := context.WithCancel(ctx)
				defer stop()
				cfg.Address, cfg.Dial = selfAddress, serveSelf(serving)
				*magic, *txs = uint(chaingen.Network().Magic), true
			}
			if (cfg.Address == "") == (*listen == "") || len(args) > 0 {
				return errors.New("say which node with -peer HOST:PORT, or wait for it with -listen HOST:PORT")
			}
			if cfg.Network, err = networkOf(*network, uint32(*magic)); err != nil {
				return err
			}
			if *txs {
				cfg.Txs = offered(cfg.Seed)
			}
			if !*quiet {
				cfg.Progress = func(what string) { fmt.Fprintln(os.Stderr, "looking at", what) }
			}
			if *listen != "" {
				return listenOn(ctx, *listen, cfg, *magic != 0, out)
			}
			return look(ctx, cfg, out)
		}
	},
}

// count returns how many are true.
func count(given []bool) (n int) {
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
}

// look prints what there is to say of a node.
func look(ctx context.Context, cfg conform.Config, out io.Writer) error {
	report, err := conform.Run(ctx, cfg)
	return tell(report, err, out)
}

// tell prints a report, if there is one.
func tell(report *conform.Report, err error, out io.Writer) error {
	if report == nil {
		return err
	}
	report.Print(out)
	if err == nil && report.Totals().Departures > 0 {
		return errDeparts
	}
	return err
}

// listenOn looks at nodes that connect. A chain is generated where nobody knows
// better; on a public network ours is empty, as its nodes would refuse any that
// they do not know.
func listenOn(ctx context.Context, address string, cfg conform.Config, generated bool, out io.Writer) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	own := conform.ListenConfig{
		Network: cfg.Network, Patience: cfg.Patience, Wait: cfg.Wait, Silence: cfg.Silence, Seed: cfg.Seed, Progress: cfg.Progress,
	}
	if generated {
		own.Blocks = chaingen.New(chaingen.Config{Network: cfg.Network, Seed: cfg.Seed, BlockSize: 2000}).Blocks(100)
	}
	report, err := conform.Listen(ctx, l, own)
	return tell(report, err, out)
}

// networkOf returns a network by its name or, if magic is not 0, one of that
// magic.
func networkOf(name string, magic uint32) (ledger.Network, error) {
	if magic != 0 {
		n := chaingen.Network()
		n.Name, n.Magic = fmt.Sprintf("magic %d", magic), magic
		return n, nil
	}
	if n, ok := ledger.NetworkByName(name); ok {
		return n, nil
	}
	return ledger.Network{}, fmt.Errorf("no network %q: take mainnet, preprod or preview, or say its -magic", name)
}

// offered makes transactions.
func offered(seed uint64) (all []ledger.Tx) {
	gen := chaingen.New(chaingen.Config{Seed: seed, BlockSize: 10_000})
	for len(all) < 1000 {
		txs, err := gen.Next().Txs()
		if err != nil {
			return all
		}
		all = append(all, txs...)
	}
	return all
}
