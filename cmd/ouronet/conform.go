package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/conform"
	"github.com/ouronet/ouronet/ledger"
)

// errDeparts is the result of a run that found departures.
var errDeparts = errors.New("the node departs from the specification")

// conformCommand runs the conformance suite against a node.
var conformCommand = cli.Program{
	Name: "ouronet conform", Path: "go run ./cmd/ouronet conform",
	About: "Runs the conformance suite against a node and prints a report. Use it on nodes of your own.",
	Examples: []string{
		"-self",
		"-peer 127.0.0.1:3001 -network preview",
		"-listen 127.0.0.1:3001 -magic 42",
	},
	Setup: func(c *cli.Command) cli.Run {
		cfg := conform.Config{}
		var peer, listen cli.Address
		c.Var(&peer, "peer", "the node, as `HOST:PORT`")
		c.Func("listen", "`HOST:PORT` to accept nodes on, to test their initiators; each breach needs a connection of its own", func(s string) error {
			listen = cli.Address(s)
			return cli.CheckAddress(s, false)
		})
		network := c.Network()
		txs := c.Bool("txs", false, "offer transactions, which are well-formed and not valid")
		least := time.Millisecond
		patience := c.Duration("patience", 10*time.Second, least, cli.UnlimitedDuration, "`TIME` that the node may take to end a connection after a breach")
		wait := c.Duration("wait", 30*time.Second, least, cli.UnlimitedDuration, "`TIME` to wait for the node's next block, and to converse with one that connects")
		silence := c.Duration("silence", 15*time.Second, least, cli.UnlimitedDuration, "`TIME`, the longest time limit to test; 31s includes that of segments, 100s keep-alive's, 1h chain-sync's")
		c.Uint64Var(&cfg.Seed, "seed", 0, "`SEED` of the random parts of messages")
		self := c.Bool("self", false, "test a node of this module, which runs in memory, and offer it transactions")
		quiet := c.Bool("quiet", false, "do not print progress")
		c.Check(func() error {
			switch given := count([]bool{*self, peer != "", listen != ""}); {
			case given == 0:
				return cli.Usagef("say which node with -peer HOST:PORT, or wait for it with -listen HOST:PORT, or give -self")
			case given > 1:
				return cli.Usagef("give one of -self, -peer and -listen")
			}
			return nil
		})
		c.Exclude("self", "network", "it makes its own")
		c.Exclude("self", "magic", "it makes its own network")
		c.Exclude("self", "genesis", "it makes its own network")
		c.Exclude("listen", "txs", "the side that connects offers transactions")
		return func(ctx context.Context, out io.Writer) error {
			cfg.Address, cfg.Network = string(peer), *network
			cfg.Patience, cfg.Wait, cfg.Silence = *patience, *wait, *silence
			if *self {
				// Cancelled, the node ends with the run.
				serving, stop := context.WithCancel(ctx)
				defer stop()
				cfg.Address, cfg.Dial = selfAddress, serveSelf(serving)
				cfg.Network, *txs = chaintest.Network(), true
			}
			known := cli.Known(cfg.Network)
			if !known { // its slots are taken to be Preview's, all from Conway on
				cfg.Network = chaintest.Network()
				cfg.Network.Name, cfg.Network.Magic = network.Name, network.Magic
			}
			if *txs {
				cfg.Txs = offered(cfg.Seed)
			}
			if !*quiet {
				cfg.Progress = func(what string) { fmt.Fprintln(c.Stderr, "looking at", what) }
			}
			if listen != "" {
				return listenOn(ctx, string(listen), cfg, !known, out)
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

// look tests the node at cfg.Address, and prints the report.
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

// listenOn tests nodes that connect. It offers a generated chain on a network that is
// known by its magic alone. On others its chain is empty: their nodes would refuse
// blocks that they do not know.
func listenOn(ctx context.Context, address string, cfg conform.Config, generated bool, out io.Writer) error {
	l, err := cli.Listen(ctx, "-listen", address)
	if err != nil {
		return err
	}
	own := conform.ListenConfig{
		Network: cfg.Network, Patience: cfg.Patience, Wait: cfg.Wait, Silence: cfg.Silence, Seed: cfg.Seed, Progress: cfg.Progress,
	}
	if generated {
		own.Blocks = chaintest.NewGenerator(chaintest.Config{Network: cfg.Network, Seed: cfg.Seed, BlockSize: 2000}).Blocks(100)
	}
	report, err := conform.Listen(ctx, l, own)
	return tell(report, err, out)
}

// offered makes transactions.
func offered(seed uint64) (all []ledger.Tx) {
	gen := chaintest.NewGenerator(chaintest.Config{Seed: seed, BlockSize: 10_000})
	for len(all) < 1000 {
		txs, err := gen.Next().Txs()
		if err != nil {
			return all
		}
		all = append(all, txs...)
	}
	return all
}
