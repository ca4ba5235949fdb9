// Relay is a Cardano relay: it follows nodes, checks and keeps the blocks, and
// serves them to other nodes. Without a network, see it at work with
//
//	go run ./examples/relay -demo
//
// It is package node/relay with flags and a status line. The exit status is 0
// after an orderly end, 1 if something did not work, 2 for wrong flags.
package main

import (
	"context"

	"github.com/ouronet/ouronet/internal/cli"
)

func main() { cli.Main(command) }

// run is the program after its flags are read; it ends when ctx does.
func (o *options) run(ctx context.Context, out output) error {
	endReloading, err := o.log.start(ctx, out)
	if err != nil {
		return err
	}
	defer endReloading()
	if o.demo {
		err = runDemo(ctx, o, defaultScript, out)
	} else {
		err = runRelay(ctx, o, out)
	}
	if err != nil {
		out.close()
		out.event(event{Event: "error", Error: err.Error()})
	}
	return err
}
