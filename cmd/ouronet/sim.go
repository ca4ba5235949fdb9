package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/ouronet/ouronet/sim"
)

// simCommand plays networks from seeds.
var simCommand = command{
	name:     "sim",
	summary:  "Plays a network of nodes, peers and faults from a seed, and checks what the nodes do.",
	examples: []string{"sim -seed 7 -scenario liars", "sim -list", "sim -replay trace/testdata/decisions.trace"},
	setup: func(flags *flag.FlagSet) func(context.Context, []string, io.Writer) error {
		seed := flags.Uint64("seed", 1, "seed of all that is random")
		name := flags.String("scenario", "all", "what to play; -list tells")
		seeds := flags.Int("seeds", 1, "how many to play, from -seed on")
		list := flags.Bool("list", false, "list scenarios and oracles")
		nodes := flags.Int("nodes", -1, "nodes with decision cores; -1: as the scenario has it")
		peers := flags.Int("peers", -1, "scripted peers; -1: as the scenario has it")
		blocks := flags.Int("blocks", -1, "blocks of the best chain; -1: as the scenario has it")
		reorgs := flags.Int("reorgs", -1, "`percent` of blocks that change the branch; -1: as the scenario has it")
		txs := flags.Int("txs", -1, "transactions that are submitted; -1: as the scenario has it")
		faults := flags.Int("faults", -1, "faults, such as lost connections; -1: as the scenario has it")
		recording := flags.String("replay", "", "a recording `file` of a relay, whose decisions to take again in place of a scenario")
		return func(ctx context.Context, args []string, out io.Writer) error {
			switch {
			case len(args) > 0:
				return fmt.Errorf("no argument %q, only flags: see ouronet help sim", args[0])
			case *seeds < 1:
				return errors.New("-seeds must be 1 at least")
			case *list:
				listSim(out)
				return nil
			case *recording != "":
				return replay(*recording, out)
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
