package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/testing/sim"
)

// simCommand plays networks from seeds.
var simCommand = cli.Program{
	Name: "ouronet sim", Path: "go run ./cmd/ouronet sim",
	About:    "Plays a network of nodes, peers and faults from a seed, and checks what the nodes do.",
	Examples: []string{"-seed 7 -scenario liars", "-list", "-replay trace/testdata/decisions.trace"},
	Setup: func(c *cli.Command) cli.Run {
		number := func(name string, most int, what string) *int {
			return c.Number(name, -1, -1, most, what+"; -1: as the scenario has it")
		}
		seed := c.Uint64("seed", 1, "`SEED` of all that is random")
		name := c.Choice("scenario", "all", scenarios(), "`NAME` of what to play; -list lists them")
		seeds := c.Number("seeds", 1, 1, cli.UnlimitedNumber, "`NUMBER` of seeds to play, from -seed on")
		list := c.Bool("list", false, "list scenarios and oracles")
		nodes := number("nodes", maxSim, "`NUMBER` of nodes with decision cores")
		peers := number("peers", maxSim, "`NUMBER` of scripted peers")
		blocks := number("blocks", cli.UnlimitedNumber, "`NUMBER` of blocks of the best chain")
		reorgs := number("reorgs", 100, "`PERCENT` of blocks that change the branch")
		txs := number("txs", cli.UnlimitedNumber, "`NUMBER` of transactions that are submitted")
		faults := number("faults", cli.UnlimitedNumber, "`NUMBER` of faults, such as lost connections")
		var recording cli.Text
		c.Var(&recording, "replay", "`FILE`, a recording of a relay: take its decisions again, in place of a scenario")
		c.Alone("list", "replay")
		return func(ctx context.Context, out io.Writer) error {
			switch {
			case *list:
				listSim(out)
				return nil
			case recording != "":
				return replay(string(recording), out)
			}
			sc, err := sim.ByName(*name)
			if err != nil {
				return err
			}
			for _, f := range []struct{ to, from *int }{
				{&sc.Nodes, nodes}, {&sc.Peers, peers}, {&sc.Blocks, blocks},
				{&sc.Reorgs, reorgs}, {&sc.Txs, txs}, {&sc.Faults, faults},
			} {
				if *f.from >= 0 {
					*f.to = *f.from
				}
			}
			return play(ctx, sc, *seed, *seeds, out)
		}
	},
}

var errSim = errors.New("an oracle found a fault")

// maxSim bounds nodes and peers, each of which may be connected to each.
const maxSim = 10_000

func scenarios() (names []string) {
	for _, sc := range sim.Scenarios() {
		names = append(names, sc.Name)
	}
	return names
}

// play plays a scenario with so many seeds and stops at the first failure,
// which it makes smaller.
func play(ctx context.Context, sc sim.Scenario, seed uint64, n int, out io.Writer) error {
	for i := range n {
		r := sim.Run(sc, seed+uint64(i))
		fmt.Fprintln(out, r)
		if r.Failure != nil {
			if small := sim.Shrink(r); small != r {
				fmt.Fprintf(out, "made smaller:\n%v\n", small)
			}
			return errSim
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func listSim(out io.Writer) {
	fmt.Fprintln(out, "scenarios")
	for _, sc := range sim.Scenarios() {
		fmt.Fprintf(out, "\t%-10s %s\n", sc.Name, sc.About)
	}
	fmt.Fprintln(out, "oracles")
	for _, o := range sim.Oracles() {
		fmt.Fprintf(out, "\t%-10s %s\n", o.Name, o.About)
	}
}
