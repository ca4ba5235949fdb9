package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/testing/sim"
	"github.com/ouronet/ouronet/trace"
)

var (
	errReplay  = errors.New("a core does not do what was recorded, or an oracle found a fault: the code has changed since, or the core had a Config.Prefer of its own")
	errNoCores = errors.New("no decisions in the recording: record a relay, not a connection alone")
)

// replay gives the decisions in a recording to cores in the simulator and tells
// of each core what came of it.
func replay(file string, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("-replay: %w", err)
	}
	defer f.Close()
	all, err := trace.Load(f)
	if err != nil {
		return fmt.Errorf("-replay %s: %s", file, cli.Plain(err))
	}
	if len(all.Cores) == 0 {
		return errNoCores
	}
	for _, core := range all.Cores {
		steps := make([]sim.Step, len(core.Steps))
		for i, s := range core.Steps {
			steps[i] = sim.Step{Input: s.Input, Effects: s.Effects}
		}
		told, fault := sim.Replay(steps, nil)
		verdict := "ok"
		if fault != nil {
			verdict, err = "FAILED: "+fault.Error(), errReplay
		}
		if core.Truncated {
			verdict += ", truncated"
		}
		fmt.Fprintf(out, "core %s: %s: %v\n", core.Name, verdict, told)
	}
	return err
}
